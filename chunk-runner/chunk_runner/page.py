"""A page as it was read, and its fate. Pure: knows no PDF library and no file."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from enum import StrEnum

from chunk_runner.contract import Reason


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
    """

    state: PageState
    lines: list[str] = field(default_factory=list)
    boxes: array[float] = field(default_factory=lambda: array("f"))
    height: float = 0
    reason: Reason | None = None
