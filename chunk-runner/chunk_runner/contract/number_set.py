"""Sets of numbers as short text, for environment variables: a compressed bitmap.

Ranges are easier to read, but every second one of 100,000 chunks would make 300 kB of them, and the kernel allows
128 KiB for a variable. A bitmap of `LIMIT` numbers takes 88 kB at worst.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable


LIMIT = 2**19
"""All numbers are below."""


class NumberSet:
    """A set of numbers, which grows only."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self._bits = bytearray(LIMIT // 8)
        for number in numbers:
            self.add(number)

    def add(self, number: int) -> None:
        """Add a number from 0 to `LIMIT` - 1."""
        self._bits[number >> 3] |= 1 << (number & 7)

    def __contains__(self, number: object) -> bool:
        """Return whether a number is in the set."""
        return isinstance(number, int) and 0 <= number < LIMIT and bool(self._bits[number >> 3] & 1 << (number & 7))

    def dumps(self) -> str:
        """Return the set as text."""
        return base64.b64encode(zlib.compress(self._bits.rstrip(b"\0"), level=9)).decode()

    @classmethod
    def loads(cls, text: str) -> NumberSet:
        """Parse the output of `dumps`.

        Raises:
            ValueError: The text is not a set of numbers.
        """
        inflater = zlib.decompressobj()
        try:
            bits = inflater.decompress(base64.b64decode(text, validate=True), LIMIT // 8 + 1)
        except (ValueError, zlib.error) as error:
            raise ValueError(f"not a set of numbers ({error})") from error
        if not inflater.eof or inflater.unused_data or len(bits) > LIMIT // 8:
            raise ValueError("not a set of numbers: it is cut short, or too long")
        numbers = cls()
        numbers._bits[: len(bits)] = bits
        return numbers
