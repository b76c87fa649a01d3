"""Children that were taken over and talk to their parent by themselves."""

import os
import pickle
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from chunk_runner.contract.reasons import Reason
from chunk_runner.sandbox import sandbox
from chunk_runner.sandbox.confinement import Access
from chunk_runner.sandbox.sandbox import Sandbox, SandboxError
from sizes import cases
from unit.chunk_runner.sandbox.children import LIMITS, MEBIBYTE, SHORT, block_in_native_code


def say(message: bytes, then: Callable[[], object]) -> Iterator[int]:
    """Steps of a child that was taken over: it writes into its channel by itself."""
    descriptors = [number for number in range(3, 64) if is_open(number)]
    os.write(descriptors[0], message)
    then()
    yield 1


def is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(4, sys.byteorder) + message


class Planted:
    """An object that runs something where it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch planted",)


HOSTILE = {
    "pickle": (framed(pickle.dumps(Planted())), Reason.CRASHED),
    "nothing": (framed(b""), Reason.CRASHED),
    "unknown kind": (framed(b"?"), Reason.CRASHED),
    "wrong type": (framed(b"i" + msgspec.msgpack.encode("text")), Reason.CRASHED),
    "list": (framed(b"i" + msgspec.msgpack.encode([1, 2])), Reason.CRASHED),
    "deep": (framed(b"i" + b"\x91" * 100_000), Reason.CRASHED),
    "huge list": (framed(b"i" + b"\xdd\xff\xff\xff\xff"), Reason.CRASHED),
    "foreign error": (framed(b"e" + msgspec.msgpack.encode(["Exception", "", ""])), Reason.CRASHED),
    "not an error": (framed(b"e" + msgspec.msgpack.encode(["shorten", "Crashed", ""])), Reason.CRASHED),
    "unknown reason": (framed(b"e" + msgspec.msgpack.encode(["ChunkError", "NoSuchReason", ""])), Reason.CRASHED),
    "too long": (b"\xff\xff\xff\xff", Reason.MEMORY_LIMIT_EXCEEDED),
    "half": (framed(b"i" * 100)[:50], Reason.TIME_LIMIT_EXCEEDED),
    "quarter": (b"\0", Reason.TIME_LIMIT_EXCEEDED),
}


@pytest.mark.parametrize("name", cases([*HOSTILE], quick=["pickle", "wrong type", "foreign error", "too long"]))
def test_a_child_that_was_taken_over_can_only_fail(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message, reason = HOSTILE[name]
    monkeypatch.chdir(tmp_path)
    limits = SHORT if reason is Reason.TIME_LIMIT_EXCEEDED else LIMITS

    with pytest.raises(SandboxError) as raised:
        list(sandbox.run(partial(say, message, block_in_native_code), limits, Access(), int))

    assert raised.value.reason is reason
    assert list(tmp_path.iterdir()) == []


def test_a_child_that_does_not_read_its_request_is_stopped() -> None:
    served: Sandbox[bytes, int] = Sandbox(partial(say_and_stop_reading, framed(b".")), SHORT, Access(), int)

    assert list(served.request(b"")) == []
    with pytest.raises(SandboxError) as raised:
        list(served.request(bytes(10 * MEBIBYTE)))

    assert raised.value.reason is Reason.TIME_LIMIT_EXCEEDED


def say_and_stop_reading(message: bytes, _: bytes) -> Iterator[int]:
    return say(message, block_in_native_code)
