"""Virtual time: an event loop that jumps to its next timer as soon as nothing else is left to do.

Sockets are real, as long as both their ends are in the loop: a connection through the kernel's loopback delivers within
the write itself, and a moment of real time is allowed for it anyway. Threads are refused, because nothing tells when
one of them is idle. Knows nothing of Kubernetes.
"""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar


T = TypeVar("T")

BEGINNING = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
"""What the clock shows when a loop starts."""

GRACE_SECONDS = 0.0002
"""Real time in which nothing happens, before the clock jumps."""

DEADLOCK_SECONDS = 5.0
"""Real time in which nothing happens and no timer runs, before this is called a deadlock."""

LIVELOCK_SECONDS = 30.0
"""Processor time in which so much happens that the clock stands still, before this is called a livelock."""


class _Jumping(selectors.EpollSelector):
    """A selector that waits in virtual time.

    Attributes:
        now: Seconds of the loop's clock. Not from 0: a program must not mistake the start for "never".
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self._jumped = time.process_time()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            if time.process_time() - self._jumped > LIVELOCK_SECONDS:
                raise RuntimeError("a livelock: there is always something to do, so that the clock stands still")
            return ready
        if timeout is None:
            if not (ready := super().select(DEADLOCK_SECONDS)):
                raise RuntimeError("a deadlock: no timer runs, and nothing comes from outside the loop")
            return ready
        time.sleep(GRACE_SECONDS)  # a selector's own timeout is no shorter than a millisecond
        if not (ready := super().select(0)):
            self.now += timeout
            self._jumped = time.process_time()
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock is not the machine's."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def add_signal_handler(self, sig: int, callback: Callable[..., Any], *_args: Any) -> None:  # type: ignore[override]
        """Refuse as loops do that cannot: signals are for the test runner."""
        raise NotImplementedError(f"no handler for signal {sig}: {callback!r}")

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *_args: Any) -> Any:  # type: ignore[override]
        """Refuse (that is why it returns nothing that a loop would)."""
        raise RuntimeError(f"virtual time cannot wait for a thread: {func!r} on {executor!r}")


def in_new_loop(program: Coroutine[Any, Any, T]) -> T:
    """Run a program from the beginning of time, so that it has the same times however often it is run."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(program)


def now() -> datetime:
    """The wall clock of the running loop."""
    return BEGINNING + timedelta(seconds=asyncio.get_running_loop().time() - 1000)
