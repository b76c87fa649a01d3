"""The child's side of the sandbox: takes a task, confines itself, and serves requests until the parent is gone.

Knows processes and limits, nothing of what the task does.
"""

from __future__ import annotations

import ctypes
import logging
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Never

from chunk_runner.sandbox import messages
from chunk_runner.sandbox.confinement import Access, confine
from chunk_runner.sandbox.limits import ResourceLimits
from chunk_runner.sandbox.messages import Kind


if TYPE_CHECKING:
    from chunk_runner.sandbox.channel import Channel

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None)


@dataclass(frozen=True)
class Task:
    """What a child is for: its first message.

    Attributes:
        serve: Makes the generator that answers a request.
        limits: The resources that the child may use.
        access: The files that it may use.
    """

    serve: Callable[[Any], Iterator[Any]]
    limits: ResourceLimits
    access: Access


def serve_forever(channel: Channel, parent: int) -> Never:
    """Serve requests, then exit the process without running exit handlers.

    Args:
        channel: Connects to the process that started the child; it is trusted, so that its messages are pickles.
        parent: The ID of the process that forked this one.
    """
    code = 1
    try:
        for name in (signal.SIGTERM, signal.SIGALRM, signal.SIGHUP):
            signal.signal(name, signal.SIG_DFL)
        die_with_parent(parent)
        task: Task = pickle.loads(channel.receive())  # noqa: S301 (from the parent)
        task.limits.apply()
        confine(task.access)
        while True:
            channel.send(_answer(task, channel))
    except EOFError:  # the parent has closed its end
        code = 0
    finally:
        os._exit(code)


def _answer(task: Task, channel: Channel) -> bytes:
    """Receive a request, send the items that answer it, and return the message that ends them.

    Raises:
        EOFError: The parent has closed its end.
        MemoryError: The request is too large. Its rest is still in the channel, so that no other can be received.
    """
    request = channel.receive()
    try:
        iterator = task.serve(pickle.loads(request))  # noqa: S301 (from the parent)
        while True:
            task.limits.begin_step()
            try:
                item = next(iterator)
            except StopIteration:
                return messages.end(Kind.END)
            channel.send(messages.item(item))
    except MemoryError:
        return messages.end(Kind.OUT_OF_MEMORY)
    except EOFError:
        raise
    except Exception as error:
        log.debug("error in the sandbox", exc_info=True)
        return messages.error(error)


def die_with_parent(parent: int) -> None:
    """Have this process killed when its parent ends (Linux; elsewhere it exits when it finds the channel closed).

    Args:
        parent: The parent's process ID.
    """
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent ended before the call
            os._exit(1)
