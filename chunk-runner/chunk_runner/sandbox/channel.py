"""A two-way stream of messages between two processes, over a socket, with deadlines. Knows bytes only.

`multiprocessing.Connection` has no deadline for a message of which only a part arrives, and a child that untrusted
input has taken over could stop anywhere.
"""

from __future__ import annotations

import os
import select
import struct
import time


_LENGTH = struct.Struct("=I")
_BLOCK = 2**20


class Channel:
    """One end of the stream.

    Args:
        descriptor: The file descriptor of a connected stream socket, which the channel closes.
        longest: Bytes of a message that is received; one that is longer is the end.
    """

    def __init__(self, descriptor: int, longest: int) -> None:
        self._descriptor = descriptor
        self._longest = longest
        os.set_blocking(descriptor, False)

    def send(self, message: bytes, seconds: float | None = None) -> None:
        """Send a message within this time.

        Raises:
            EOFError: The other end is closed.
            TimeoutError: It is not read.
        """
        deadline = _deadline(seconds)
        rest = memoryview(_LENGTH.pack(len(message)) + message)
        while rest:
            self._wait(select.POLLOUT, deadline)
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                continue
            except ConnectionError as error:
                raise EOFError from error

    def receive(self, seconds: float | None = None) -> bytes:
        """Return the next message, whole within this time.

        Raises:
            EOFError: The other end is closed, or sends something else.
            TimeoutError: The message does not arrive.
        """
        deadline = _deadline(seconds)
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size, deadline))
        if length > self._longest:
            raise EOFError
        return self._read(length, deadline)

    def close(self) -> None:
        """Close this end."""
        os.close(self._descriptor)

    def _read(self, size: int, deadline: float | None) -> bytes:
        blocks: list[bytes] = []
        while size:
            self._wait(select.POLLIN, deadline)
            try:
                block = os.read(self._descriptor, min(size, _BLOCK))
            except BlockingIOError:
                continue
            except ConnectionError as error:
                raise EOFError from error
            if not block:
                raise EOFError
            blocks.append(block)
            size -= len(block)
        return b"".join(blocks)

    def _wait(self, event: int, deadline: float | None) -> None:
        poll = select.poll()
        poll.register(self._descriptor, event)
        if not poll.poll(None if deadline is None else max(deadline - time.monotonic(), 0) * 1000):
            raise TimeoutError


def _deadline(seconds: float | None) -> float | None:
    return None if seconds is None else time.monotonic() + seconds
