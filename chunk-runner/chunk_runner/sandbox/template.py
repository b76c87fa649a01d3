"""The template: a process that forks the children, itself a copy of this process from before it read any secret.

A child forked from this process would have everything in its memory that this process has read, such as the API key.
So the template is forked first (`start`), gives up its environment and all files, and sees nothing of what follows. The
libraries that are loaded by then are loaded in every child.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import socket
import struct
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Never

from chunk_runner.sandbox.channel import Channel
from chunk_runner.sandbox.child import die_with_parent, serve_forever
from chunk_runner.sandbox.confinement import forget_environment
from chunk_runner.sandbox.limits import max_rss_bytes


_COMMAND = struct.Struct("=qci")
"""A serial number, and `_FORK` with a descriptor of the child's channel, or `_END` with a process ID."""

_FORK, _END = b"f", b"e"

_REPLY = struct.Struct("=qiq")
"""The serial number of a command; the child's process ID, or its wait status; its highest resident memory in bytes."""

_LONGEST_REQUEST = 2**31 - 1


class Template:
    """The parent's connection to the template.

    Attributes:
        owner: The process ID of the parent.
        pid: The process ID of the template.
    """

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self.owner = os.getpid()
        # Ctrl-C reaches the template, too, which would do what this process does then, until it ignores the signal.
        unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self.pid = os.fork()
        if self.pid == 0:
            _serve_forever(theirs, self.owner)
        signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)
        theirs.close()
        self._control = ours
        self._serial = 0
        self._forks: set[int] = set()  # the serial numbers of those that a signal such as SIGTERM interrupted
        self._lost: list[int] = []  # the children that they made
        self._lock = Lock()

    def fork(self) -> tuple[int, int]:
        """Fork a child; return its process ID, and the descriptor of a socket that is connected to it.

        Raises:
            RuntimeError: The template is gone.
        """
        while self._lost:
            self.end(self._lost.pop())
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._forks.add(self._serial + 1)
            pid, _ = self._ask(_FORK, 0, [theirs.fileno()])
            self._forks.discard(self._serial)
            return pid, ours.detach()

    def end(self, pid: int) -> tuple[int, int]:
        """Kill a child, unless it has died; return its wait status, and its highest resident memory in bytes.

        Raises:
            RuntimeError: The template is gone.
        """
        return self._ask(_END, pid, [])

    def close(self) -> None:
        """End the template, and with it all children."""
        self._control.close()
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def _ask(self, command: bytes, pid: int, descriptors: list[int]) -> tuple[int, int]:
        with self._lock:
            self._serial += 1
            try:
                socket.send_fds(self._control, [_COMMAND.pack(self._serial, command, pid)], descriptors)
                while True:
                    reply = self._control.recv(_REPLY.size, socket.MSG_WAITALL)
                    serial, result, memory = _REPLY.unpack(reply)
                    if serial == self._serial:
                        return result, memory
                    if serial in self._forks:
                        self._lost.append(result)
            except (OSError, struct.error) as error:
                raise RuntimeError("the process from which sandboxes are forked was killed") from error


_templates: list[Template] = []
"""The template of this process: one item, once it is started."""


def start() -> Template:
    """Start the template of this process, unless it runs; return it."""
    if _templates and _templates[0].owner != os.getpid():  # this process was forked, and the template is its parent's
        _templates.clear()
    if not _templates:
        _templates.append(Template())
    return _templates[0]


def stop() -> None:
    """End the template: the next child has a new one, with everything that this process has in memory by then."""
    while _templates:
        _templates.pop().close()


def _serve_forever(control: socket.socket, parent: int) -> Never:
    """In the template: fork and end children until the parent is gone."""
    code = 1
    try:
        die_with_parent(parent)
        gc.freeze()  # what is collected might close a file of the parent's, whose number another file has by then
        faulthandler.disable()
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):  # the parent ends the template
            signal.signal(name, signal.SIG_IGN)
        _keep_only(control.fileno())
        forget_environment()
        this = os.getpid()
        while True:
            command, descriptors, _, _ = socket.recv_fds(control, _COMMAND.size, 1)
            if not command:
                break
            serial, kind, pid = _COMMAND.unpack(command)
            if kind == _END:
                control.sendall(_REPLY.pack(serial, *_end(pid)))
                continue
            (descriptor,) = descriptors
            pid = os.fork()
            if pid == 0:
                control.close()
                serve_forever(Channel(descriptor, _LONGEST_REQUEST), this)
            os.close(descriptor)
            control.sendall(_REPLY.pack(serial, pid, 0))
        code = 0
    finally:
        os._exit(code)


def _end(pid: int) -> tuple[int, int]:
    """Kill a child that may be dead already, which does not change how it died."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    return status, max_rss_bytes(usage)


def _keep_only(descriptor: int) -> None:
    """Close all files but one, and have standard input and output lead nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    inherited = {int(entry.name) for entry in Path("/dev/fd").iterdir()} - {0, 1, 2, descriptor}
    for number in inherited:
        with suppress(OSError):  # the folder itself
            os.close(number)
