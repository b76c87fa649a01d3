"""Rows at the ends of a page, and the space that sets them apart from its text. Pure; knows no band.

A **row** here is everything that stands at one height: a running title on the left and a page number on the right are
two segments and one row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from chunk_runner.text.layout.line import PARAGRAPH_SPACING, Segment


SAME_HEIGHT = 2.5
"""Rows of different pages stand at one height if they differ by at most this many points."""

OUTERMOST_ROWS = 2
"""The rows at either end of a page that may be running headers or footers."""

_BLOCK_ROWS = 5
"""The same in the narrow margin: the rows of a letterhead, or of the head of a form."""

FAR_APART = 1.5
"""Where less confirms them, the space that sets rows apart from the text is larger by this factor."""

NARROW_MARGIN = 0.1
"""Text seldom stands that near to either end of a page, as a share of its height."""


class PageSegments(NamedTuple):
    """A page: its 1-based number in the source, its height in points, and its segments."""

    number: int
    height: float
    segments: Sequence[Segment]


Style = tuple[float, float]
"""The number of a font, and its size in points."""


def style_of(segment: Segment) -> Style:
    """Return the style of a segment."""
    return segment.box.font, round(segment.box.size, 1)


class BandRow(NamedTuple):
    """A row: the indexes of its segments, its lower edge, and the size of its largest text, both in points."""

    at: tuple[int, ...]
    bottom: float
    size: float


def outer_rows(
    page: PageSegments, rows: Sequence[BandRow], leading: float, *, top: bool
) -> Iterator[tuple[BandRow, float, bool]]:
    """Yield the rows at one end that may be running, with their margins, and whether space sets them apart.

    Args:
        page: The page.
        rows: Its rows from that end inwards.
        leading: The distance from line to line, in points.
        top: True for the upper end.
    """
    apart = [at for at, (row, inner) in enumerate(pairwise(rows[: _BLOCK_ROWS + 1])) if are_apart(row, inner, leading)]
    for at, row in enumerate(rows[:_BLOCK_ROWS]):
        margin = (page.height - row.bottom if top else row.bottom) / page.height
        if margin < NARROW_MARGIN and top:  # rows of one block are set apart together
            yield row, margin, bool(apart) and apart[-1] >= at
        elif at < OUTERMOST_ROWS:  # at the foot of the page, rows of one block may be notes
            yield row, margin, at in apart


def are_apart(row: BandRow, inner: BandRow, leading: float) -> bool:
    """Return True if space sets a row apart from the next one inwards."""
    return abs(row.bottom - inner.bottom) > PARAGRAPH_SPACING * leading


def rows_inwards(segments: Sequence[Segment], *, top: bool) -> list[BandRow]:
    """Return the outermost rows at one end of the page, and a further one, inwards."""
    bottoms = [segment.box.bottom for segment in segments]
    rows: list[BandRow] = []
    for at in sorted(range(len(segments)), key=bottoms.__getitem__, reverse=top):
        if rows and abs(rows[-1].bottom - bottoms[at]) <= SAME_HEIGHT:
            rows[-1] = BandRow((*rows[-1].at, at), rows[-1].bottom, max(rows[-1].size, segments[at].box.size))
        elif len(rows) > _BLOCK_ROWS:
            break
        else:
            rows.append(BandRow((at,), bottoms[at], segments[at].box.size))
    return rows


def row_text(segments: Sequence[Segment], row: BandRow) -> str:
    """Return the text of a row, from left to right."""
    return " ".join(segment.text for segment in sorted((segments[at] for at in row.at), key=lambda one: one.box.left))
