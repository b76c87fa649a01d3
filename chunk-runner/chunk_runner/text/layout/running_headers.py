"""The running headers and footers of a page: what stands in a band of the document. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chunk_runner.text.layout.bands import (
    HEADING_SIZE,
    OUTERMOST_ROWS,
    SAME_HEIGHT,
    Band,
    PageSegments,
    are_apart,
    is_known,
    mask_numbers,
    row_text,
    rows_inwards,
    style_of,
)


class Running(NamedTuple):
    """The running segments of a page by index: those that are certain, and those that may be more than that."""

    certain: set[int]
    possible: set[int]


def running_segments(page: PageSegments, bands: Sequence[Band], size: float, leading: float) -> Running:
    """Return the running segments of a page.

    Those that repeat or count the pages are certain, and those set like them but not like the text. What only stands at
    the height of a band, set apart from the text, may be more: guide words, the first line of a letter, a label beside
    the page number.

    Args:
        page: The page.
        bands: The bands of the document.
        size: The size of the text, in points.
        leading: The distance from line to line, in points.
    """
    found = Running(set(), set())
    if not bands:
        return found
    for top in (True, False):
        inwards = rows_inwards(page.segments, top=top)
        for row, inner in zip(inwards[:OUTERMOST_ROWS], [*inwards[1:], None], strict=False):
            at_height = [band for band in bands if band.top is top and abs(band.bottom - row.bottom) <= SAME_HEIGHT]
            if row.size > HEADING_SIZE * size or not at_height:
                break
            is_apart = inner is None or are_apart(row, inner, leading)
            texts = frozenset().union(*(band.texts for band in at_height))
            if mask_numbers(row_text(page.segments, row)) in texts:
                found.certain.update(row.at)
                continue
            certain = {at for at in row.at if _is_certain(page, at, at_height, is_apart=is_apart)}
            if not certain and not is_apart:
                break
            found.certain.update(certain)
            found.possible.update(set(row.at) - certain)
    return found


def _is_certain(page: PageSegments, at: int, bands: Sequence[Band], *, is_apart: bool) -> bool:
    segment = page.segments[at]
    return any(
        # A number that is a part of a row and does not count may be a label of an axis.
        is_known(segment.text, page.number, band.texts - {"#"}, band.counts)
        or (is_apart and style_of(segment) in band.styles)
        for band in bands
    )
