"""A parser to fuzz, the texts with which to begin, and what it may raise."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Target:
    """A parser.

    Attributes:
        parse: Parses bytes; raises nothing but `documented`, and `AssertionError` if the result breaks a promise.
        documented: The exceptions that it documents.
        seeds: Texts that it accepts, or nearly.
    """

    parse: Callable[[bytes], object]
    documented: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]

    def try_(self, data: bytes) -> None:
        """Parse bytes, and let every exception through that is not documented."""
        with suppress(*self.documented):
            self.parse(data)


def text_of(data: bytes) -> str:
    """Return any bytes as text that an environment variable or a Kubernetes object may hold."""
    return data.decode(errors="replace").replace("\0", "")


def json_seeds(*values: Any) -> tuple[bytes, ...]:
    """Return each value as JSON."""
    return tuple(json.dumps(value).encode() for value in values)
