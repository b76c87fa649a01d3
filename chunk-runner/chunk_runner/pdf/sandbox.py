"""The sandbox: a child process that may use so much memory, time and disk, and no more.

Knows processes and limits, nothing of PDF. PDF libraries run here and nowhere else, because they crash, hang and swell
on hostile files, in native code that no timeout inside the process can stop. What runs is a generator: each item that
it yields is a step, and each step has its own deadline; what was yielded before a step went wrong is kept.

This guards against accidents. A child has the rights of its parent: against whoever takes a library over stands the
pod.
"""

from __future__ import annotations

import ctypes
import math
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Never, TypeVar

from chunk_runner.contract.environment import MEMORY_ENV
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import StageError


if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Q = TypeVar("Q")
T = TypeVar("T")

_RESERVE = 160 * 2**20
"""What the parent needs of a pod's memory, in bytes."""

_DEFAULT_MEMORY = 2**30
_LEAST_MEMORY = 128 * 2**20

_PATIENCE = 4

_PR_SET_PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None)


@dataclass(frozen=True)
class Limits:
    """What a child may use.

    Attributes:
        memory: Bytes that it may write to, besides its stack (RLIMIT_DATA; Linux enforces it, macOS does not).
        seconds: Of the processor, for each step; `_PATIENCE` times as long by the clock, so that a busy machine fails
            nothing and a step that waits for ever ends too.
        file_bytes: Size of a file that it writes.
    """

    memory: int
    seconds: float
    file_bytes: int

    @classmethod
    def of_this_process(cls, *, seconds: float, file_bytes: int = 0) -> Limits:
        """The limits that leave room for the parent in its pod; 1 GiB of memory where no pod sets a limit."""
        pod = os.environ.get(MEMORY_ENV, "")
        memory = max(int(pod) - _RESERVE, _LEAST_MEMORY) if pod.isdecimal() else _DEFAULT_MEMORY
        return cls(memory, seconds, file_bytes)


class SandboxError(Exception):
    """The child was stopped at a limit, or died.

    Attributes:
        reason: `TimeLimitExceeded`, `MemoryLimitExceeded` or `Crashed`.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(reason, message)
        self.reason = reason
        self.message = message


class Sandbox(Generic[Q, T]):
    """A child that answers requests, each with any number of items; it is started by the first one.

    Args:
        serve: Makes a generator for a request; called in the child.
        limits: What the child may use.
    """

    def __init__(self, serve: Callable[[Q], Iterator[T]], limits: Limits) -> None:
        self._serve = serve
        self._limits = limits
        self._child = 0
        self._pipe: Connection | None = None

    def ask(self, request: Q) -> Iterator[T]:
        """Yield what the generator yields for this request.

        A child whose answer was not taken to its end, or that went wrong, is ended; the next request starts another.

        Raises:
            SandboxError: A step was stopped, or the child died.
            StageError: As the generator raised it.
            RuntimeError: The generator raised anything else; the message says what.
        """
        pipe = self._pipe or self._start()
        whole = False
        try:
            pipe.send(request)
            while True:
                if not pipe.poll(_PATIENCE * self._limits.seconds):
                    raise _too_slow(self._limits)
                kind, value = pipe.recv()
                match kind:
                    case "item":
                        yield value
                    case "memory":
                        raise _too_big(self._limits)
                    case "error":
                        raise value
                    case _:
                        whole = True
                        return
        except (EOFError, ConnectionResetError, BrokenPipeError):
            raise _post_mortem(*self._end(), self._limits) from None
        finally:
            if not whole:
                self.close()

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child:
            with suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)
            self._end()

    def _start(self) -> Connection:
        self._pipe, theirs = multiprocessing.Pipe()
        parent = os.getpid()
        self._child = os.fork()
        if self._child == 0:
            self._pipe.close()
            _be_the_child(self._serve, self._limits, theirs, parent)
        theirs.close()
        return self._pipe

    def _end(self) -> tuple[int, resource.struct_rusage]:
        """Wait for the child's end: its status, and what it used."""
        _, status, usage = os.wait4(self._child, 0)
        _remember(usage)
        self._child = 0
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        return status, usage


def run(steps: Callable[[], Iterator[T]], limits: Limits) -> Iterator[T]:
    """Yield what the generator yields, from a child process of its own; raises as `Sandbox.ask` does.

    Args:
        steps: Makes the generator; called in the child.
        limits: What the child may use.
    """
    sandbox: Sandbox[None, T] = Sandbox(lambda _: steps(), limits)
    try:
        yield from sandbox.ask(None)
    finally:
        sandbox.close()


_peak = 0


def peak_memory() -> int:
    """The most memory that any child had resident since `forget_peak_memory`, in bytes."""
    return _peak


def forget_peak_memory() -> None:
    """Start measuring anew."""
    global _peak  # noqa: PLW0603 (as much a property of the process as its own peak)
    _peak = 0


def _remember(usage: resource.struct_rusage) -> None:
    global _peak  # noqa: PLW0603 (see above)
    _peak = max(_peak, _resident(usage))


def _resident(usage: resource.struct_rusage) -> int:
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)  # bytes there, KiB everywhere else


def _be_the_child(serve: Callable[[Any], Iterator[Any]], limits: Limits, pipe: Connection, parent: int) -> Never:
    """Never returns: what the parent set up to be done at its end is the parent's to do."""
    code = 1
    try:
        for name in (signal.SIGTERM, signal.SIGALRM):
            signal.signal(name, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the parent ends this process itself
        die_with(parent)
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_DATA, limits.memory)
        _limit(resource.RLIMIT_FSIZE, limits.file_bytes)
        while True:
            pipe.send(_answer(serve, pipe.recv(), limits, pipe))
    except (EOFError, BrokenPipeError, ConnectionResetError):  # the parent has heard enough
        code = 0
    finally:
        os._exit(code)


def _answer(serve: Callable[[Any], Iterator[Any]], request: Any, limits: Limits, pipe: Connection) -> tuple[str, Any]:
    """In the child: send the items of one answer, and return what ends it."""
    try:
        iterator = serve(request)
        while True:
            _limit(resource.RLIMIT_CPU, math.ceil(time.process_time() + limits.seconds))
            try:
                item = next(iterator)
            except StopIteration:
                return "end", None
            pipe.send(("item", item))
    except MemoryError:
        return "memory", None
    except StageError as error:
        return "error", error
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:  # noqa: BLE001 (whatever it is, the parent is told)
        return "error", RuntimeError(f"{type(error).__name__}: {error}")


def _limit(kind: int, value: int) -> None:
    """Lower a soft limit; the hard one stays, so that it can be moved from step to step."""
    _, hard = resource.getrlimit(kind)
    with suppress(ValueError, OSError):  # macOS refuses some
        resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def die_with(parent: int) -> None:
    """Be killed when the parent is, however it ends (Linux; elsewhere the next step finds the pipe broken)."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before that was set
            os._exit(1)


def _post_mortem(status: int, usage: resource.struct_rusage, limits: Limits) -> SandboxError:
    """Why the child died without a word."""
    code = os.waitstatus_to_exitcode(status)
    if -code == signal.SIGXCPU:
        return _too_slow(limits)
    # A library that is refused memory traps or aborts; so it is told from other crashes by how much it had.
    if _resident(usage) > limits.memory // 2 or -code == signal.SIGKILL:
        return _too_big(limits)
    how = signal.strsignal(-code) if code < 0 else f"exit code {code}"
    return SandboxError(Reason.CRASHED, f"the PDF library crashed ({how})")


def _too_slow(limits: Limits) -> SandboxError:
    return SandboxError(Reason.TIME_LIMIT_EXCEEDED, f"it takes more than {limits.seconds:g} seconds of work")


def _too_big(limits: Limits) -> SandboxError:
    return SandboxError(Reason.MEMORY_LIMIT_EXCEEDED, f"it needs more than {limits.memory // 2**20} MiB of memory")
