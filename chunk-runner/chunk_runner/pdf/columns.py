"""Columns that are drawn row by row: the gutters between them, which the order of the text does not show.

Pure. Most files draw one column after the other, and need nothing of this. Where a file draws across both, a line of
its text is a line of each column; what gives it away is a gap at one place in row after row, as narrow as the space
between columns is, with much text on either side. A table's cells rarely reach so near to the next ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, pairwise
from statistics import median
from typing import NamedTuple


class Rect(NamedTuple):
    """Text drawn in one go, in points from the page's lower left corner."""

    left: float
    bottom: float
    right: float
    top: float


class Span(NamedTuple):
    """From here to there across the page, in points."""

    left: float
    right: float


_LEAST_ROWS = 4
"""Fewer rows with a gap at one place are chance."""

_SHARE = 0.6
"""Of the rows with text on both sides, so many have the gap; titles and figures may cross it."""

_NARROWEST_GAP = 1
"""Lines high. Between words there is less."""

_WIDEST_GAP = 4
"""Lines high. Columns of prose are filled, so the gap is the gutter; cells of a table end anywhere."""

_LEAST_WIDTH = 10
"""Lines high: how wide a column is at least."""


def gutters(rects: Sequence[Rect]) -> list[Span]:
    """The gutters (their inner halves) of a page that is drawn row by row across its columns, from left to right.

    Args:
        rects: The page's, in the order in which they are drawn.
    """
    found = _gutter(rects)
    if found is None:
        return []
    return [
        *gutters([rect for rect in rects if rect.right <= found.left]),
        found,
        *gutters([rect for rect in rects if rect.left >= found.right]),
    ]


def columns(spans: Sequence[Span | None], between: Sequence[Span]) -> list[tuple[int, int]]:
    """Where in a line its runs in one column begin, and in which column, from 0; nothing, if it crosses a gutter.

    A column may come more than once: a reader takes what stands nearly as high for one line.

    Args:
        spans: Of each character; `None` for a space.
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
            found.append((at, column))
    return found


def _gutter(rects: Sequence[Rect]) -> Span | None:
    """The one that most rows have."""
    gaps = [
        Span(one.right, other.left)
        for one, other in pairwise(rects)
        if other.left - one.right > _NARROWEST_GAP * (one.top - one.bottom) and _side_by_side(one, other)
    ]
    # Where most gaps overlap: each counts from its left to its right end.
    ends = sorted([(gap.left, 1) for gap in gaps] + [(gap.right, -1) for gap in gaps])
    depths = list(accumulate(step for _, step in ends))
    if max(depths, default=0) < _LEAST_ROWS:  # nearly always
        return None
    deepest = max(range(len(ends)), key=depths.__getitem__)
    left, right = ends[deepest][0], ends[deepest + 1][0]
    # The inner half of it: a few letters always reach farther than most.
    found = Span(left + (right - left) / 4, right - (right - left) / 4)
    split: list[tuple[list[Rect], list[Rect]]] = []
    across = 0
    for row in _rows(rects):
        before = [rect for rect in row if rect.right <= found.left]
        behind = [rect for rect in row if rect.left >= found.right]
        if len(before) + len(behind) < len(row):
            across += 1
        elif before and behind:
            split.append((before, behind))
    if len(split) < max(_LEAST_ROWS, _SHARE * (len(split) + across)):
        return None
    height = median(rect.top - rect.bottom for row in split for rect in chain(*row))
    gap = median(min(it.left for it in behind) - max(it.right for it in before) for before, behind in split)
    narrowest = min(median(_width(before) for before, _ in split), median(_width(behind) for _, behind in split))
    if right - left < _NARROWEST_GAP * height or gap > _WIDEST_GAP * height:
        return None
    return found if narrowest >= _LEAST_WIDTH * height else None


def _rows(rects: Sequence[Rect]) -> Iterator[list[Rect]]:
    """Neighbours that stand beside one another."""
    row: list[Rect] = []
    for rect in rects:
        if row and not _side_by_side(row[-1], rect):
            yield row
            row = []
        row.append(rect)
    if row:
        yield row


def _side_by_side(one: Rect, other: Rect) -> bool:
    """Whether at least half of the lower one's height is level with the other."""
    common = min(one.top, other.top) - max(one.bottom, other.bottom)
    return common >= min(one.top - one.bottom, other.top - other.bottom) / 2


def _width(rects: Sequence[Rect]) -> float:
    return max(rect.right for rect in rects) - min(rect.left for rect in rects)
