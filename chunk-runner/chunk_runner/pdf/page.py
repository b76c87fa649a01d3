"""A page as it was read, and its fate. Pure: knows no PDF library and no file."""

from __future__ import annotations

import unicodedata
from array import array
from dataclasses import dataclass, field
from enum import StrEnum

from chunk_runner.contract.reasons import Reason


SOFT_HYPHEN = "\N{SOFT HYPHEN}"
"""In a line: here a word was broken, perhaps at a hyphen of its own."""


class PageState(StrEnum):
    """Every page's fate: the columns of the ledger."""

    OK = "ok"
    EMPTY = "empty"
    """Nothing is drawn on it."""
    NO_TEXT = "noText"
    """Something is drawn, but no text: a scan, a picture."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not selected."""


@dataclass(frozen=True)
class Page:
    """A page as it was read.

    Attributes:
        state: Its state.
        lines: Its lines, if that is `ok`: cleaned, none of them empty, in the order in which the file draws them.
        boxes: For each line left, bottom and top of its first character, in points, as the page is looked at (turned
            pages are turned back); empty when that is not known.
        height: Of the page, in points; 0 when that is not known.
        reason: Why it failed, if it did.
        has_picture: True if a picture takes up a large part of a page with little text: the lines lack what it shows.
    """

    state: PageState
    lines: list[str] = field(default_factory=list)
    boxes: array[float] = field(default_factory=lambda: array("f"))
    height: float = 0
    reason: Reason | None = None
    has_picture: bool = False


HYPHEN_MARKS = ("\ufffe", "\x02")
"""What PDFium makes of a hyphen at a line's end; whatever it finds next it puts right behind, be it a page number."""

_HYPHENS = str.maketrans(dict.fromkeys(HYPHEN_MARKS, SOFT_HYPHEN))


def clean(raw: str) -> str:
    """A line without what is not text: control characters, odd spaces. Soft hyphens are left for who joins lines."""
    if raw.isprintable():  # most lines, and looking at each character is slow; of all spaces, only the usual one is
        return " ".join(raw.split()) if "  " in raw or raw[:1] == " " or raw[-1:] == " " else raw
    line = raw.translate(_HYPHENS)
    if not line.isprintable():
        line = "".join(
            " " if char != SOFT_HYPHEN and unicodedata.category(char) in ("Cc", "Cf", "Cn", "Co", "Cs") else char
            for char in line
        )
    return " ".join(line.split())
