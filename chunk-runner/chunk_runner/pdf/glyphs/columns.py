"""Columns that are drawn row by row: finding the gutters between them, which the order of the text does not show. Pure.

Most files draw one column after the other and need none of this. Where a file draws across columns, a line of its text
holds a line of each column. The evidence is a gap at one position in row after row, as narrow as the space between
columns, with much text on either side. Cells of a table rarely come that close to each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain, pairwise
from statistics import median
from typing import NamedTuple


class Rect(NamedTuple):
    """The bounds of text drawn in one go, in points from the lower left corner of the page."""

    left: float
    bottom: float
    right: float
    top: float


BoxOf = Callable[[int], Rect | None]
"""The box of the character at an index of the page's text, as wide as its font says; `None` if unknown."""


class Span(NamedTuple):
    """A horizontal range of the page, in points."""

    left: float
    right: float


_GAP_SHARE = 0.6
"""Gaps that are wider than this share of the usual height of text are wide."""

EVERYWHERE = (-math.inf, math.inf)
"""The height from the bottom to the top of any page."""

_MINIMUM_ROWS = 4
"""The rows that must have a gap at one position; fewer may be chance."""

_ROWS_SHARE = 0.6
"""The share of the rows with text on both sides that must have the gap; titles and figures may cross it."""

_NARROWEST_GAP = 1
"""Line heights. The space between words is narrower."""

_WIDEST_GAP = 4
"""Line heights. Columns of prose are filled, so the gap is the gutter; cells of a table end anywhere."""

_MINIMUM_WIDTH = 10
"""The width of a column, in line heights."""


def gutters(rects: Sequence[Rect]) -> list[Span]:
    """Return the inner halves of the gutters of a page that is drawn across its columns, from left to right.

    Args:
        rects: The text of the page, in drawing order.
    """
    found = _gutter(rects)
    if found is None:
        return []
    return [
        *gutters([rect for rect in rects if rect.right <= found.left]),
        found,
        *gutters([rect for rect in rects if rect.left >= found.right]),
    ]


def heights_of_gaps(rects: Sequence[Rect]) -> list[tuple[float, float]]:
    """Return from which to which height of a page there are wide gaps within a line.

    Args:
        rects: The text of the page, in drawing order.
    """
    least = _GAP_SHARE * median(rect.top - rect.bottom for rect in rects) if rects else 0
    return [
        (min(one.bottom, other.bottom), max(one.top, other.top))
        for one, other in pairwise(rects)
        if max(other.left - one.right, one.left - other.right) > least
        and one.bottom < other.top
        and other.bottom < one.top
    ]


def columns(spans: Sequence[Span | None], between: Sequence[Span]) -> list[tuple[int, int]]:
    """Return where in a line its runs within one column begin, and the 0-based column of each.

    The result is empty if a character or a word crosses a gutter. A column may occur more than once, because PDFium
    joins text at nearly the same height into one line.

    Args:
        spans: The span of each character; `None` for a space.
        between: The gutters.
    """
    found: list[tuple[int, int]] = []
    for at, span in enumerate(spans):
        if span is None:
            continue
        column = sum(gutter.right <= span.left for gutter in between)
        if column < len(between) and span.right > between[column].left:
            return []
        if not found or found[-1][1] != column:
            if found and spans[at - 1] is not None:
                return []
            found.append((at, column))
    return found


def _gutter(rects: Sequence[Rect]) -> Span | None:
    """Return the inner half of the gutter that most rows have; `None` if there is none."""
    gaps = [
        Span(one.right, other.left)
        for one, other in pairwise(rects)
        if other.left - one.right > _NARROWEST_GAP * (one.top - one.bottom) and _are_side_by_side(one, other)
    ]
    # Find where most gaps overlap: each counts from its left end to its right end.
    ends = sorted([(gap.left, 1) for gap in gaps] + [(gap.right, -1) for gap in gaps])
    depths = list(accumulate(step for _, step in ends))
    if max(depths, default=0) < _MINIMUM_ROWS:  # true of nearly all pages
        return None
    deepest = max(range(len(ends)), key=depths.__getitem__)
    left, right = ends[deepest][0], ends[deepest + 1][0]
    # The inner half only, because some letters always extend beyond the edge of their column.
    gutter = Span(left + (right - left) / 4, right - (right - left) / 4)
    return gutter if _separates_columns(gutter, right - left, rects) else None


def _separates_columns(gutter: Span, width: float, rects: Sequence[Rect]) -> bool:
    """Return True if a gap is the gutter between two columns of text.

    Args:
        gutter: The inner half of the gap.
        width: The width of the whole gap, in points.
        rects: The text of the page, in drawing order.
    """
    split: list[tuple[list[Rect], list[Rect]]] = []
    crossing = 0
    for row in _rows(rects):
        before = [rect for rect in row if rect.right <= gutter.left]
        behind = [rect for rect in row if rect.left >= gutter.right]
        if len(before) + len(behind) < len(row):
            crossing += 1
        elif before and behind:
            split.append((before, behind))
    if len(split) < max(_MINIMUM_ROWS, _ROWS_SHARE * (len(split) + crossing)):
        return False
    height = median(rect.top - rect.bottom for row in split for rect in chain(*row))
    gap = median(min(rect.left for rect in behind) - max(rect.right for rect in before) for before, behind in split)
    if width < _NARROWEST_GAP * height or gap > _WIDEST_GAP * height:
        return False
    narrowest = min(median(_width(before) for before, _ in split), median(_width(behind) for _, behind in split))
    return narrowest >= _MINIMUM_WIDTH * height


def _rows(rects: Sequence[Rect]) -> Iterator[list[Rect]]:
    """Yield runs of rectangles that stand side by side."""
    row: list[Rect] = []
    for rect in rects:
        if row and not _are_side_by_side(row[-1], rect):
            yield row
            row = []
        row.append(rect)
    if row:
        yield row


def _are_side_by_side(one: Rect, other: Rect) -> bool:
    """Return True if at least half the height of the lower rectangle is level with the other."""
    common = min(one.top, other.top) - max(one.bottom, other.bottom)
    return common >= min(one.top - one.bottom, other.top - other.bottom) / 2


def _width(rects: Sequence[Rect]) -> float:
    return max(rect.right for rect in rects) - min(rect.left for rect in rects)
