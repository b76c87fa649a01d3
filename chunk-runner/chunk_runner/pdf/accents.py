"""Accents drawn over a letter: old fonts of TeX have none with accents, and say “Wilczy´nski”. Pure."""

from __future__ import annotations

import re
import unicodedata

from chunk_runner.pdf.characters import FILLER
from chunk_runner.pdf.columns import BoxOf


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

_DOTLESS = {"ı": "i", "ȷ": "j"}


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
        # The letter follows, precedes, or follows after a space that the library saw in the move back.
        for letter in (at + 1, at - 1, *([at + 2] if line[at + 1 : at + 2] == " " else ())):
            if 0 <= letter < len(line) and _is_over(start + at, start + letter, box_of):
                base = _DOTLESS.get(chars[letter], chars[letter])
                whole = unicodedata.normalize("NFC", base + _COMBINING[match[0]])
                if base.isalpha() and len(whole) == 1:
                    chars[min(at, letter) : max(at, letter) + 1] = [FILLER] * abs(letter - at) + [whole]
                    break
    return "".join(chars)


def _is_over(accent: int, letter: int, box_of: BoxOf) -> bool:
    """Return True if the middle of an accent is over a letter, as no apostrophe's is, given the indexes of both."""
    above, below = box_of(accent), box_of(letter)
    return above is not None and below is not None and below.left <= (above.left + above.right) / 2 <= below.right
