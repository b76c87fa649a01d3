"""A page: where it is, what was read on it, and its outcome. Knows no PDF library and no file."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from enum import StrEnum

from chunk_runner.contract.reasons import RETRYABLE, Reason


SOFT_HYPHEN = "\N{SOFT HYPHEN}"
"""In a line: a word was broken here, possibly at a hyphen of its own."""


class PageState(StrEnum):
    """The states of a page: the columns of the ledger."""

    OK = "ok"
    EMPTY = "empty"
    """Nothing is drawn on it."""
    NO_TEXT = "noText"
    """Something is drawn on it, such as a scan, but no text."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """It is not selected."""


@dataclass(frozen=True)
class PageRef:
    """A page of the source, and where to read it.

    Attributes:
        number: The 1-based page of the source.
        position: The 1-based page of the PDF that is read, which is the chunk's or the source itself.
        is_lost: True if the file no longer holds the page's content, and a blank page may stand in its place.
    """

    number: int
    position: int
    is_lost: bool = False


@dataclass(frozen=True)
class PageOutcome:
    """The outcome of a page.

    Attributes:
        state: The page's state.
        reason: Why the page has failed, or why its text is not what was asked for; `None` otherwise.
    """

    state: PageState
    reason: str | None = None

    @property
    def is_retryable(self) -> bool:
        """True if the page has failed, and another attempt may succeed."""
        return self.state is PageState.FAILED and self.reason in RETRYABLE


@dataclass(frozen=True)
class Page:
    """A page as it was read.

    Attributes:
        ref: The page, and where it was read.
        state: The page's state.
        lines: The lines of an `ok` page, cleaned and not empty, in the order in which the file draws them.
        boxes: For each line the left, bottom and top of its first character in points, as displayed (rotated pages are
            rotated back); empty if unknown.
        height: The height of the page in points; 0 if unknown.
        reason: Why the page has failed; `None` if it has not.
        has_picture: True if a picture takes up a large part of a page with little text: the lines lack what it shows.
        unnamed_characters: Characters in `lines` that stand for glyphs whose meaning the file does not say.
    """

    ref: PageRef
    state: PageState
    lines: list[str] = field(default_factory=list)
    boxes: array[float] = field(default_factory=lambda: array("f"))
    height: float = 0
    reason: Reason | None = None
    has_picture: bool = False
    unnamed_characters: int = 0

    @classmethod
    def failed(cls, ref: PageRef, reason: Reason) -> Page:
        """Return a page that has failed."""
        return cls(ref, PageState.FAILED, reason=reason)

    @property
    def number(self) -> int:
        """The 1-based page of the source."""
        return self.ref.number

    @property
    def outcome(self) -> PageOutcome:
        """The outcome, if nothing but its text is wanted of the page."""
        return PageOutcome(self.state, self.reason)
