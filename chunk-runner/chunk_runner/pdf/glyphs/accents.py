"""Accents drawn over a letter, joined to it: old TeX fonts have no accented letters (“Wilczy´nski”). Pure."""

from __future__ import annotations

import re
import unicodedata

from chunk_runner.pdf.glyphs.characters import FILLER
from chunk_runner.pdf.glyphs.columns import BoxOf


_COMBINING = {
    "`": "\u0300",
    "´": "\u0301",
    "ˆ": "\u0302",
    "˜": "\u0303",
    "¯": "\u0304",
    "˘": "\u0306",
    "˙": "\u0307",
    "¨": "\u0308",
    "˚": "\u030a",
    "˝": "\u030b",
    "ˇ": "\u030c",
    "¸": "\u0327",
    "˛": "\u0328",
}
"""Unicode's combining character for each accent."""

_ACCENT = re.compile(f"[{''.join(_COMBINING)}]")

_SPACE = 0.1
"""The narrowest space, in line heights."""

_DOTLESS = {"ı": "i", "ȷ": "j"}
"""The usual letter for each that has no dot, because an accent replaces it."""


def combine(line: str, start: int, box_of: BoxOf) -> str:
    """Return a line, of the same length, in which an accent and the letter below it are one character.

    Args:
        line: The line as the library returns it.
        start: The index of its first character in the page's text.
        box_of: See `BoxOf`.
    """
    if (line.isascii() and "`" not in line) or not _ACCENT.search(line):  # true of most lines
        return line
    chars = list(line)
    for match in _ACCENT.finditer(line):
        at = match.start()
        # The letter follows, or precedes, or another one stands between; a move back may have become a space.
        for letter in (at + 1, at - 1, at - 2, at + 2):
            whole = _combined(chars[letter], match[0]) if 0 <= letter < len(line) else None
            if whole and _is_over(start + at, start + letter, box_of):
                chars[letter], chars[at] = whole, FILLER
                if line[at + 1 : at + 2] == " " and (letter > at or _is_close(start + at, box_of)):
                    chars[at + 1] = FILLER
                break
    return "".join(chars)


def _combined(letter: str, accent: str) -> str | None:
    """Return a letter with an accent; `None` if there is none."""
    base = _DOTLESS.get(letter, letter)
    whole = unicodedata.normalize("NFC", base + _COMBINING[accent])
    return whole if base.isalpha() and len(whole) == 1 else None


def _is_over(accent: int, letter: int, box_of: BoxOf) -> bool:
    """Return True if the middle of an accent is over a letter, as no apostrophe's is, given the indexes of both."""
    above, below = box_of(accent), box_of(letter)
    return above is not None and below is not None and below.left <= (above.left + above.right) / 2 <= below.right


def _is_close(accent: int, box_of: BoxOf) -> bool:
    """Return True if the space behind an accent only stands for the move back to its letter.

    Args:
        accent: The index of the accent.
        box_of: See `BoxOf`.
    """
    before, after = box_of(accent - 1), box_of(accent + 2)
    if before is None or after is None:
        return False
    return after.left - before.right < _SPACE * (before.top - before.bottom)
