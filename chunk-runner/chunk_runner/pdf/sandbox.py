"""The parent side of the sandbox: child processes whose memory, processor time and file size are limited.

Knows processes and limits, nothing of PDF. PDF libraries run in a child and nowhere else, because hostile files make
them crash, hang or use up memory in native code, which no timeout within the process can stop. A child runs a
generator: each item that it yields is a step with a deadline of its own, and the items yielded before a failing step
are kept.

This guards against accidents. A child has the rights of its parent; an attacker who takes over a library is contained
by the pod.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from chunk_runner.contract.reasons import Reason
from chunk_runner.pdf.sandbox_child import MessageKind, ResourceLimits, serve_forever


if TYPE_CHECKING:
    from multiprocessing.connection import Connection

RequestT = TypeVar("RequestT")
ItemT = TypeVar("ItemT")

_WALL_CLOCK_FACTOR = 4
"""A step may take this many times its processor time by the clock: enough on a busy machine, and a step that waits
without using the processor is still stopped."""


class SandboxError(Exception):
    """The child was stopped at a limit, or died.

    Attributes:
        reason: `TimeLimitExceeded`, `MemoryLimitExceeded` or `Crashed`.
        message: The cause as a clause, for use within a sentence.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(reason, message)
        self.reason = reason
        self.message = message


class Sandbox(Generic[RequestT, ItemT]):
    """A child process that answers requests with any number of items each; the first request starts it.

    Args:
        serve: Makes the generator that answers a request; called in the child.
        limits: The resources that the child may use.
    """

    def __init__(self, serve: Callable[[RequestT], Iterator[ItemT]], limits: ResourceLimits) -> None:
        self._serve = serve
        self._limits = limits
        self._child = 0
        self._pipe: Connection | None = None

    def request(self, request: RequestT) -> Iterator[ItemT]:
        """Yield the items that the generator yields for a request.

        The child is ended if it fails, or if the caller stops before the last item; the next request starts another.

        Raises:
            SandboxError: The child was stopped at a limit, or died.
            StageError: The generator raised it.
            RuntimeError: The generator raised anything else; the message names it.
        """
        pipe = self._pipe or self._start()
        is_complete = False
        try:
            pipe.send(request)
            while True:
                if not pipe.poll(_WALL_CLOCK_FACTOR * self._limits.cpu_seconds):
                    raise _time_limit_error(self._limits)
                kind, value = pipe.recv()
                match kind:
                    case MessageKind.ITEM:
                        yield value
                    case MessageKind.OUT_OF_MEMORY:
                        raise _memory_limit_error(self._limits)
                    case MessageKind.ERROR:
                        raise value
                    case _:
                        is_complete = True
                        return
        except (EOFError, ConnectionResetError, BrokenPipeError):
            raise _post_mortem(*self._wait(), self._limits) from None
        finally:
            if not is_complete:
                self.close()

    def close(self) -> None:
        """End the child, if it runs."""
        if self._child:
            with suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)
            self._wait()

    def _start(self) -> Connection:
        self._pipe, child_pipe = multiprocessing.Pipe()
        parent = os.getpid()
        # Ctrl-C reaches the child, too, which would do what its parent does then, until it ignores the signal.
        unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self._child = os.fork()
        if self._child == 0:
            self._pipe.close()
            serve_forever(self._serve, self._limits, child_pipe, parent)
        signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)
        child_pipe.close()
        return self._pipe

    def _wait(self) -> tuple[int, resource.struct_rusage]:
        """Wait for the child to end and return its status and the resources it used."""
        _, status, usage = os.wait4(self._child, 0)
        _children.record(usage)
        self._child = 0
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        return status, usage


def run(steps: Callable[[], Iterator[ItemT]], limits: ResourceLimits) -> Iterator[ItemT]:
    """Yield the items of a generator that runs in a child of its own; raises like `Sandbox.request`.

    Args:
        steps: Makes the generator; called in the child.
        limits: The resources that the child may use.
    """
    sandbox: Sandbox[None, ItemT] = Sandbox(lambda _: steps(), limits)
    try:
        yield from sandbox.request(None)
    finally:
        sandbox.close()


class _PeakMemory:
    """The highest resident memory of any child, in bytes."""

    value = 0

    def record(self, usage: resource.struct_rusage) -> None:
        self.value = max(self.value, max_rss_bytes(usage))


_children = _PeakMemory()


def peak_memory() -> int:
    """Return the highest resident memory of any child since `reset_peak_memory`, in bytes."""
    return _children.value


def reset_peak_memory() -> None:
    """Start a new measurement of peak memory."""
    _children.value = 0


def max_rss_bytes(usage: resource.struct_rusage) -> int:
    """Return the highest resident memory in bytes: the kernel counts KiB on Linux, bytes on macOS."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _post_mortem(status: int, usage: resource.struct_rusage, limits: ResourceLimits) -> SandboxError:
    """Return the error for a child that died without a message."""
    code = os.waitstatus_to_exitcode(status)
    if -code == signal.SIGXCPU:
        return _time_limit_error(limits)
    # A library that is refused memory traps or aborts; its memory use tells this from other crashes.
    if max_rss_bytes(usage) > limits.memory_bytes // 2 or -code == signal.SIGKILL:
        return _memory_limit_error(limits)
    cause = signal.strsignal(-code) if code < 0 else f"exit code {code}"
    return SandboxError(Reason.CRASHED, f"the PDF library crashed ({cause})")


def _time_limit_error(limits: ResourceLimits) -> SandboxError:
    return SandboxError(Reason.TIME_LIMIT_EXCEEDED, f"it takes more than {limits.cpu_seconds:g} s of processor time")


def _memory_limit_error(limits: ResourceLimits) -> SandboxError:
    return SandboxError(
        Reason.MEMORY_LIMIT_EXCEEDED, f"it needs more than {limits.memory_bytes // 2**20} MiB of memory"
    )
