"""The stream between a process and its child: messages of any size, whole or not at all, in time or not at all."""

import os
import socket
import threading
from collections import deque
from collections.abc import Iterator

import pytest

from chunk_runner.sandbox.channel import Channel


Ends = tuple[Channel, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    channel = Channel(ours.detach(), longest=10_000_000)
    with theirs:
        yield channel, theirs
    channel.close()


@pytest.mark.parametrize("size", [0, 1, 65_536, 9_999_999])
def test_a_message_arrives_as_it_was(ends: Ends, size: int) -> None:
    one, socket_ = ends
    other = Channel(os.dup(socket_.fileno()), longest=10_000_000)
    message = os.urandom(size)
    received: list[bytes] = []
    reading = threading.Thread(target=lambda: received.append(other.receive()))
    reading.start()

    one.send(message)

    reading.join()
    other.close()
    assert received == [message]


@pytest.mark.parametrize("part", [b"", b"\1", b"\5\0\0\0", b"\5\0\0\0four"])
def test_a_message_that_does_not_arrive_whole_is_late_or_cut_off(ends: Ends, part: bytes) -> None:
    channel, other = ends
    other.sendall(part)

    with pytest.raises(TimeoutError):
        channel.receive(0.01)

    other.sendall(part)
    other.close()
    with pytest.raises(EOFError):
        deque(iter(channel.receive, None))


def test_a_message_that_is_too_long_is_the_end(ends: Ends) -> None:
    channel, other = ends
    other.sendall((10_000_001).to_bytes(4, "little"))

    with pytest.raises(EOFError):
        channel.receive()


def test_a_message_that_nobody_reads_is_late(ends: Ends) -> None:
    channel, _ = ends

    with pytest.raises(TimeoutError):
        channel.send(bytes(9_999_999), 0.01)


def test_a_message_to_nobody_is_the_end(ends: Ends) -> None:
    channel, other = ends
    other.close()

    with pytest.raises(EOFError):
        channel.send(b"anyone?")
