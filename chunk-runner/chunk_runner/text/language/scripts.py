"""Scripts: which of them put no space between words. Pure."""

from __future__ import annotations

import re


_SOUTHEAST_ASIAN = (
    r"\u0e00-\u109f"  # Thai, Lao, Tibetan, Burmese
    r"\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf"  # Khmer, Tai
    r"\u1b00-\u1b7f\ua980-\ua9df\uaa60-\uaadf"  # Balinese, Javanese, more Burmese and Tai
)

_EAST_ASIAN = (
    r"\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\ufe30-\ufe4f"  # Chinese, Japanese, Yi; Korean has spaces
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff9f"  # full-width marks, half-width kana; not full-width Latin
    r"\U0001b000-\U0001b2ff\U00020000-\U0003ffff"
)

_SPACELESS = re.compile(f"[{_SOUTHEAST_ASIAN}{_EAST_ASIAN}]")
_IS_EAST_ASIAN = re.compile(f"[{_EAST_ASIAN}]")

_EAST_ASIAN_LETTER = re.compile("[\u3041-\u30ff\u3400-\u9fff]")
_FULL_WIDTH = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
"""Full-width letters and digits: in Japanese they are written as its own ones are; English in them has spaces."""

_LATIN = "A-Za-z0-9"
_APART = re.compile(rf"[{_SOUTHEAST_ASIAN}{_EAST_ASIAN}] [{_LATIN}]|[{_LATIN}] [{_SOUTHEAST_ASIAN}{_EAST_ASIAN}]")
_TOGETHER = re.compile(rf"[{_SOUTHEAST_ASIAN}{_EAST_ASIAN}][{_LATIN}]|[{_LATIN}][{_SOUTHEAST_ASIAN}{_EAST_ASIAN}]")

FIRST_SPACELESS = "\u0e00"
"""The first character of these scripts, in Unicode order; dashes and quotation marks come after it."""

_CONTEXT_LIMIT = 200
"""Characters of a line that are examined."""


def is_spaceless(char: str) -> bool:
    """Return True if a character belongs to a script that puts no space between words."""
    return char >= FIRST_SPACELESS and _SPACELESS.match(char) is not None


def space_between(line: str, following: str) -> str:
    """Return the space between two lines of running text: one space, or nothing.

    Where a script without spaces meets another one, these two lines show whether the text has spaces there.
    """
    last, first = line[-1], following[0]
    pair = f"{line[-_CONTEXT_LIMIT:]}\n{following[:_CONTEXT_LIMIT]}"
    if _FULL_WIDTH.match(last) or _FULL_WIDTH.match(first):
        return "" if _EAST_ASIAN_LETTER.search(pair) else " "
    if is_spaceless(last) is is_spaceless(first):
        return "" if is_spaceless(last) else " "
    spaceless, other = (last, first) if is_spaceless(last) else (first, last)
    is_east_asian = _IS_EAST_ASIAN.match(spaceless) is not None
    if is_east_asian and not spaceless.isalnum():
        return ""  # a full-width mark holds its space
    if not (other.isascii() and other.isalnum()):
        return " " if other.isalnum() or other in ",.;:!?" or not is_east_asian else ""
    apart, together = len(_APART.findall(pair)), len(_TOGETHER.findall(pair))
    return " " if apart > together or (apart == together and not is_east_asian) else ""
