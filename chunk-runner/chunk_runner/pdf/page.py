"""A page: where it is, what was read on it, and its outcome. Knows no PDF library and no file."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from chunk_runner.contract.reasons import RETRYABLE, Reason


if TYPE_CHECKING:
    Floats = array[float]
else:
    Floats = array  # it takes no subscript before Python 3.12, and messages are decoded by the annotations below

SOFT_HYPHEN = "\N{SOFT HYPHEN}"
"""In a line: a word was broken here, possibly at a hyphen of its own."""

BREAK = "\N{ZERO WIDTH SPACE}"
"""At the end of a line: a word or path was broken here, where its author had allowed it."""


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


class Box(NamedTuple):
    """The position of a segment of text as displayed, in points from the lower left corner of the page.

    Attributes:
        left: The left edge.
        bottom: The lower edge of its line.
        right: The right edge.
        top: The upper edge of its line.
        size: The size of its font; 0 if nothing is known of the position.
        angle: The direction in which it runs, in degrees counterclockwise; 0 for upright text.
        font: The number of its font, see `font_number`.
        row: The number of the line that the library makes of all text at one height; segments of it share the number.
    """

    left: float = 0
    bottom: float = 0
    right: float = 0
    top: float = 0
    size: float = 0
    angle: float = 0
    font: float = 0
    row: float = 0

    @property
    def height(self) -> float:
        """The height of its line."""
        return self.top - self.bottom

    @property
    def is_bold(self) -> bool:
        """True if its font is bold."""
        return bool(int(self.font) & _BOLD)

    @property
    def is_fixed_pitch(self) -> bool:
        """True if all characters of its font have the same width."""
        return bool(int(self.font) & _FIXED_PITCH)


_BOLD, _FIXED_PITCH = 1, 2


def font_number(name_hash: int, *, is_bold: bool, is_fixed_pitch: bool) -> int:
    """Return a number for a font: the same one for the same name, of 20 bits, which a 32-bit float holds exactly."""
    return (name_hash & 0x3FFFF) << 2 | (_BOLD if is_bold else 0) | (_FIXED_PITCH if is_fixed_pitch else 0)


@dataclass(frozen=True)
class Page:
    """A page as it was read.

    Attributes:
        ref: The page, and where it was read.
        state: The page's state.
        lines: The lines of an `ok` page, cleaned and not empty, in the order in which the file draws them; parts of a
            line with a wide gap between them are lines of their own.
        positions: The fields of each line's `Box`, one after the other, which a pipe carries faster than objects; empty
            if unknown.
        width: The width of the page in points, as displayed; 0 if unknown.
        height: The height of the page in points, as displayed; 0 if unknown.
        reason: Why the page has failed; `None` if it has not.
        has_picture: True if a picture takes up a large part of a page with little text: the lines lack what it shows.
        annotations: The lines of each form field, note, stamp and text box that a viewer shows on the page, in drawing
            order; none of them is among `lines`.
        unmapped_characters: The number of characters in `lines` and `annotations` without a usable Unicode mapping.
    """

    ref: PageRef
    state: PageState
    lines: list[str] = field(default_factory=list)
    positions: Floats = field(default_factory=lambda: array("f"))
    width: float = 0
    height: float = 0
    reason: Reason | None = None
    has_picture: bool = False
    unmapped_characters: int = 0
    annotations: list[list[str]] = field(default_factory=list)

    @classmethod
    def failed(cls, ref: PageRef, reason: Reason) -> Page:
        """Return a page that has failed."""
        return cls(ref, PageState.FAILED, reason=reason)

    @property
    def number(self) -> int:
        """The 1-based page of the source."""
        return self.ref.number

    @cached_property
    def boxes(self) -> list[Box]:
        """The position of each line; empty if unknown."""
        return [Box(*fields) for fields in zip(*[iter(self.positions)] * len(Box._fields), strict=True)]

    @property
    def outcome(self) -> PageOutcome:
        """The outcome, if nothing but its text is wanted of the page."""
        return PageOutcome(self.state, self.reason)
