"""The parent's side of the sandbox: a child process that answers requests, and how it died if it did.

Code that handles untrusted input runs in a child and nowhere else, because hostile input makes native libraries crash,
hang, use up memory, or run code of an attacker, which no timeout within the process can stop. A child runs a generator:
each item that it yields is a step with a deadline of its own, and the items yielded before a failing step are kept.
"""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Generic, TypeVar

from chunk_runner.contract.reasons import Reason
from chunk_runner.sandbox import messages, template
from chunk_runner.sandbox.channel import Channel
from chunk_runner.sandbox.child import Task
from chunk_runner.sandbox.confinement import Access
from chunk_runner.sandbox.limits import ResourceLimits
from chunk_runner.sandbox.messages import InvalidMessageError, Kind
from chunk_runner.sandbox.template import Template


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
        serve: Makes the generator that answers a request; called in the child, to which it travels as a pickle.
        limits: The resources that the child may use.
        access: The files that the child may use.
        returns: The type of the items, as an annotation that msgspec knows.
    """

    def __init__(
        self, serve: Callable[[RequestT], Iterator[ItemT]], limits: ResourceLimits, access: Access, returns: Any
    ) -> None:
        self._task = Task(serve, limits, access)
        self._limits = limits
        self._reader = messages.Reader(returns)
        self._template: Template
        self._child = 0
        self._channel: Channel | None = None

    def request(self, request: RequestT) -> Iterator[ItemT]:
        """Yield the items that the generator yields for a request.

        The child is ended if it fails, or if the caller stops before the last item; the next request starts another.

        Raises:
            SandboxError: The child was stopped at a limit, or died.
            StageError: The generator raised it.
            RuntimeError: The generator raised anything else; the message names it.
        """
        seconds = _WALL_CLOCK_FACTOR * self._limits.cpu_seconds
        is_complete = False
        try:
            channel = self._channel or self._start(seconds)
            channel.send(pickle.dumps(request), seconds)
            while True:
                kind, value = self._reader.read(channel.receive(seconds))
                match kind:
                    case Kind.ITEM:
                        yield value
                    case Kind.OUT_OF_MEMORY:
                        raise _memory_limit_error(self._limits)
                    case Kind.ERROR:
                        raise value
                    case Kind.END:
                        is_complete = True
                        return
        except TimeoutError:
            raise _time_limit_error(self._limits) from None
        except InvalidMessageError as error:
            raise _crash("invalid message") from error
        except EOFError:
            raise _post_mortem(*self._end(), self._limits) from None
        finally:
            if not is_complete:
                self.close()

    def close(self) -> None:
        """End the child, if it runs."""
        if self._child:
            self._end()

    def _start(self, seconds: float) -> Channel:
        self._template = template.start()
        self._child, descriptor = self._template.fork()
        self._channel = Channel(descriptor, messages.LONGEST)
        self._channel.send(pickle.dumps(self._task), seconds)
        return self._channel

    def _end(self) -> tuple[int, int]:
        """End the child; return its wait status and its highest resident memory in bytes."""
        status, memory = self._template.end(self._child)
        _children.record(memory)
        self._child = 0
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        return status, memory


def run(steps: Callable[[], Iterator[ItemT]], limits: ResourceLimits, access: Access, returns: Any) -> Iterator[ItemT]:
    """Yield the items of a generator that runs in a child of its own; raises like `Sandbox.request`.

    Args:
        steps: Makes the generator; called in the child.
        limits: The resources that the child may use.
        access: The files that the child may use.
        returns: The type of the items.
    """
    sandbox: Sandbox[None, ItemT] = Sandbox(partial(_serve_once, steps), limits, access, returns)
    try:
        yield from sandbox.request(None)
    finally:
        sandbox.close()


def _serve_once(steps: Callable[[], Iterator[ItemT]], _: None) -> Iterator[ItemT]:
    return steps()


class _PeakMemory:
    """The highest resident memory of any child, in bytes."""

    value = 0

    def record(self, memory: int) -> None:
        self.value = max(self.value, memory)


_children = _PeakMemory()


def peak_memory() -> int:
    """Return the highest resident memory of any child since `reset_peak_memory`, in bytes."""
    return _children.value


def reset_peak_memory() -> None:
    """Start a new measurement of peak memory."""
    _children.value = 0


def _post_mortem(status: int, memory: int, limits: ResourceLimits) -> SandboxError:
    """Return the error for a child that died without a message."""
    code = os.waitstatus_to_exitcode(status)
    if -code == signal.SIGXCPU:
        return _time_limit_error(limits)
    # A library that is refused memory traps or aborts; its memory use tells this from other crashes.
    if memory > limits.memory_bytes // 2 or -code == signal.SIGKILL:
        return _memory_limit_error(limits)
    cause = signal.strsignal(-code) if code < 0 else f"exit code {code}"
    return _crash(cause)


def _crash(cause: str | None) -> SandboxError:
    return SandboxError(Reason.CRASHED, f"the PDF library crashed ({cause})")


def _time_limit_error(limits: ResourceLimits) -> SandboxError:
    return SandboxError(Reason.TIME_LIMIT_EXCEEDED, f"it takes more than {limits.cpu_seconds:g} s of processor time")


def _memory_limit_error(limits: ResourceLimits) -> SandboxError:
    return SandboxError(
        Reason.MEMORY_LIMIT_EXCEEDED, f"it needs more than {limits.memory_bytes // 2**20} MiB of memory"
    )
