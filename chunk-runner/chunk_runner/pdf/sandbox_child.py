"""The child side of the sandbox: applying resource limits, and serving requests until the parent is gone.

Knows processes and limits, nothing of PDF.
"""

from __future__ import annotations

import ctypes
import logging
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Never

from chunk_runner import pod_environment
from chunk_runner.errors import StageError


if TYPE_CHECKING:
    from multiprocessing.connection import Connection

log = logging.getLogger(__name__)

_PARENT_MEMORY = 160 * 2**20
"""Bytes of a pod's memory that are reserved for the parent."""

_DEFAULT_MEMORY = 2**30
_MINIMUM_MEMORY = 128 * 2**20

_PR_SET_PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None)


@dataclass(frozen=True)
class ResourceLimits:
    """The resources that a child may use.

    Attributes:
        memory_bytes: Writable memory besides the stack (RLIMIT_DATA, which Linux enforces and macOS does not).
        cpu_seconds: Processor time for each step.
        file_bytes: The size of a file that the child writes.
    """

    memory_bytes: int
    cpu_seconds: float
    file_bytes: int

    @classmethod
    def for_child(cls, *, cpu_seconds: float, file_bytes: int = 0) -> ResourceLimits:
        """Return limits that leave room for the parent in its pod; 1 GiB of memory where no pod sets a limit.

        Raises:
            UsageError: The environment holds an invalid memory limit.
        """
        pod = pod_environment.memory_limit()
        memory = _DEFAULT_MEMORY if pod is None else max(pod - _PARENT_MEMORY, _MINIMUM_MEMORY)
        return cls(memory, cpu_seconds, file_bytes)


class MessageKind(StrEnum):
    """The kind of a message from the child; every message is a pair of a kind and a value."""

    ITEM = "item"
    """The value is an item that the generator yielded."""
    END = "end"
    """The generator has ended."""
    OUT_OF_MEMORY = "out of memory"
    """An allocation was refused."""
    ERROR = "error"
    """The value is the exception to raise in the parent."""


def serve_forever(
    serve: Callable[[Any], Iterator[Any]], limits: ResourceLimits, pipe: Connection, parent: int
) -> Never:
    """Serve requests from a pipe, then exit the process without running the parent's exit handlers.

    Args:
        serve: Makes the generator that answers a request.
        limits: The resources that this process may use.
        pipe: Connects to the parent.
        parent: The parent's process ID.
    """
    code = 1
    try:
        for name in (signal.SIGTERM, signal.SIGALRM):
            signal.signal(name, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends this process
        die_with_parent(parent)
        _set_soft_limit(resource.RLIMIT_CORE, 0)
        _set_soft_limit(resource.RLIMIT_DATA, limits.memory_bytes)
        _set_soft_limit(resource.RLIMIT_FSIZE, limits.file_bytes)
        while True:
            pipe.send(_answer(serve, pipe.recv(), limits, pipe))
    except (EOFError, BrokenPipeError, ConnectionResetError):  # the parent has closed its end
        code = 0
    finally:
        os._exit(code)


def _answer(
    serve: Callable[[Any], Iterator[Any]], request: Any, limits: ResourceLimits, pipe: Connection
) -> tuple[MessageKind, Any]:
    """Send the items that answer a request, and return the message that ends them."""
    try:
        iterator = serve(request)
        while True:
            _set_soft_limit(resource.RLIMIT_CPU, math.ceil(time.process_time() + limits.cpu_seconds))
            try:
                item = next(iterator)
            except StopIteration:
                return MessageKind.END, None
            pipe.send((MessageKind.ITEM, item))
    except MemoryError:
        return MessageKind.OUT_OF_MEMORY, None
    except StageError as error:
        return MessageKind.ERROR, error
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        log.debug("error in the sandbox", exc_info=True)
        # The exception itself may not be picklable, or may be of a module that the parent does not load.
        return MessageKind.ERROR, RuntimeError(f"{type(error).__name__}: {error}")


def die_with_parent(parent: int) -> None:
    """Have this process killed when its parent ends (Linux; elsewhere it exits when it finds the pipe closed).

    Args:
        parent: The parent's process ID.
    """
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent ended before the call
            os._exit(1)


def _set_soft_limit(kind: int, value: int) -> None:
    """Set a soft limit and keep the hard one, so that the limit can be raised again for the next step."""
    _, hard = resource.getrlimit(kind)
    with suppress(ValueError, OSError):  # macOS refuses some
        resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
