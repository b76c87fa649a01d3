"""The messages of a child to its parent: a kind, and data that is decoded as the declared type and nothing else.

Not pickled, because untrusted input may have taken over the child, and a pickle can make its reader run anything.
"""

from __future__ import annotations

from array import array
from enum import Enum
from typing import Any, NamedTuple

import msgspec

from chunk_runner import errors
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import StageError


LONGEST = 256 * 2**20
"""Bytes of a message; one that is longer is invalid."""


class Kind(Enum):
    """The kind of a message: its first byte."""

    ITEM = b"i"
    """An item that the generator yielded."""
    END = b"."
    """The generator has ended."""
    OUT_OF_MEMORY = b"m"
    """An allocation was refused."""
    ERROR = b"e"
    """The generator raised an error, which the parent raises, too."""


class _Error(NamedTuple):
    name: str
    reason: str
    message: str


class InvalidMessageError(Exception):
    """The child sent something that no child sends."""


def item(value: object) -> bytes:
    """Return the message with an item.

    Raises:
        ValueError, TypeError: The item has no representation.
    """
    return Kind.ITEM.value + _encoder.encode(value)


def end(kind: Kind) -> bytes:
    """Return a message without data."""
    return kind.value


def error(raised: Exception) -> bytes:
    """Return the message with an error: a `StageError` as it is, any other by its name and text."""
    if isinstance(raised, StageError):
        described = _Error(type(raised).__name__, raised.reason, _writable(raised.message))
    else:
        described = _Error("", "", _writable(f"{type(raised).__name__}: {raised}"))
    return Kind.ERROR.value + _encoder.encode(described)


class Reader:
    """Reads messages whose items are of one type.

    Args:
        returns: The type of the items, as an annotation.
    """

    def __init__(self, returns: Any) -> None:
        self._decoder = msgspec.msgpack.Decoder(returns, dec_hook=_floats)

    def read(self, message: bytes) -> tuple[Kind, Any]:
        """Return the kind of a message, and its item or error.

        Raises:
            InvalidMessageError: It is not a message of a child.
        """
        try:
            kind, data = Kind(message[:1]), memoryview(message)[1:]
            match kind:
                case Kind.ITEM:
                    return kind, self._decoder.decode(data)
                case Kind.ERROR:
                    return kind, _raised(_error_decoder.decode(data))
                case _:
                    return kind, None
        except (ValueError, TypeError, RecursionError, OverflowError, MemoryError) as error:
            raise InvalidMessageError from error


def _raised(described: _Error) -> Exception:
    if not described.name:
        return RuntimeError(described.message)
    found = getattr(errors, described.name, None)
    if not isinstance(found, type) or not issubclass(found, StageError):
        raise TypeError("not an error of a stage")
    return found(Reason(described.reason), described.message)


def _floats(_type: type, data: object) -> object:
    """Decode an array of floats, the only type in messages that msgspec does not know."""
    if not isinstance(data, bytes):
        raise TypeError("not an array")
    floats = array("f")
    floats.frombytes(data)
    return floats


def _writable(text: str) -> str:
    """Return a text without the halves of surrogate pairs that stand for bytes of file names."""
    return text.encode(errors="replace").decode()


def _bytes(value: object) -> bytes:
    """Encode an array of floats."""
    if not isinstance(value, array):
        raise TypeError(f"{type(value).__name__} cannot be sent")
    return value.tobytes()


_encoder = msgspec.msgpack.Encoder(enc_hook=_bytes)
_error_decoder = msgspec.msgpack.Decoder(_Error)
