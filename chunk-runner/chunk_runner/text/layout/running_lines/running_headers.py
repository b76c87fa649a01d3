"""The running headers and footers of a page: what stands in a band of the document. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from chunk_runner.text.caption_labels import is_caption
from chunk_runner.text.layout.line import is_smaller
from chunk_runner.text.layout.running_lines.bands import HEADING_SIZE, Band, is_known, mask_numbers, possible_counts
from chunk_runner.text.layout.running_lines.outer_rows import (
    FAR_APART,
    NARROW_MARGIN,
    SAME_HEIGHT,
    BandRow,
    PageSegments,
    are_apart,
    outer_rows,
    row_text,
    rows_inwards,
    style_of,
)


_TEXT_ENDS = frozenset(".,:;…。，،；؛।")
_CLOSING = "'\"”’»)"

_SMALL_WORDS = 2
"""Words with a small first letter in text; a running header may end with a full stop, too: “Miller & Sons Ltd.”"""

_LONE_NUMBER = re.compile(r"\W{0,3}\d{1,4}(?: ?/ ?\d{1,4})?\W{0,3}")
"""“7”, “– 7 –”, “7/9”."""

_SAME_EDGE = 2.0
"""The edges of cells in one column of a table differ by at most this many points."""

_FOOTNOTE = re.compile(r"[\d*†‡§¹²³⁰⁴-⁹\[(]")


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
    for top in (True, False):
        rows = rows_inwards(page.segments, top=top)
        for (row, margin, is_apart), inner in zip(
            outer_rows(page, rows, leading, top=top), [*rows[1:], None], strict=False
        ):
            at_height = [band for band in bands if band.top is top and abs(band.bottom - row.bottom) <= SAME_HEIGHT]
            if row.size > HEADING_SIZE * size or not at_height:
                is_far = inner is not None and are_apart(row, inner, FAR_APART * leading) and margin < NARROW_MARGIN
                if is_far and row.size <= HEADING_SIZE * size and _has_page_number(page, row):
                    found.possible.update(row.at)
                break
            text = row_text(page.segments, row)
            is_repeated = mask_numbers(text) in frozenset().union(*(band.texts for band in at_height))
            if is_caption(text) or (is_repeated and inner is not None and _is_table_row(page, row, inner)):
                break
            certain = {at for at in row.at if is_repeated or _is_certain(page, at, at_height, is_apart=is_apart)}
            if not certain and not is_apart:
                break
            is_number = _LONE_NUMBER.fullmatch(text) is not None
            if _reads_as_text(text) or (not is_number and any(band.is_doubtful for band in at_height)):
                certain = set()
            found.certain.update(certain)
            found.possible.update(set(row.at) - certain)
        found.possible.update(_small_rows(page, rows, size, leading, top=top) - found.certain)
    return found


def _small_rows(page: PageSegments, rows: Sequence[BandRow], size: float, leading: float, *, top: bool) -> set[int]:
    """Return the segments of small rows in the narrow margin, far apart from the text, on any page."""
    small: set[int] = set()
    for row, inner in pairwise(rows):
        margin = (page.height - row.bottom if top else row.bottom) / page.height
        if margin >= NARROW_MARGIN or not is_smaller(row.size, size):
            return set()
        small.update(row.at)
        if are_apart(row, inner, FAR_APART * leading):
            # Footnotes are notes already.
            return set() if not top and _FOOTNOTE.match(row_text(page.segments, row)) else small
    return set()


def _reads_as_text(text: str) -> bool:
    """Return True for what is punctuated like a sentence or part of one: a letter's last line, a note on a form.

    A question may be the title of a chapter.
    """
    if text.rstrip(_CLOSING)[-1:] not in _TEXT_ENDS:
        return False
    words = [word for word in text.split() if word[0].isalpha()]
    has_case = any(char.islower() or char.isupper() for char in text)
    return not has_case or sum(word[0].islower() for word in words) >= _SMALL_WORDS


def _has_page_number(page: PageSegments, row: BandRow) -> bool:
    """Return True if a row begins or ends with the number of its page, and is no sentence."""
    text = row_text(page.segments, row)
    return (1, 0) in possible_counts(text, page.number) and not _reads_as_text(text)


def _is_table_row(page: PageSegments, row: BandRow, inner: BandRow) -> bool:
    """Return True if the cells of a row are those of the next one: the head of a table, or its last row."""
    cells, others = ([page.segments[at].box for at in one.at] for one in (row, inner))
    return len(cells) > 1 < len(others) and all(
        any(min(abs(cell.left - one.left), abs(cell.right - one.right)) <= _SAME_EDGE for one in others)
        for cell in cells
    )


def _is_certain(page: PageSegments, at: int, bands: Sequence[Band], *, is_apart: bool) -> bool:
    segment = page.segments[at]
    return any(
        # A number that is a part of a row and does not count may be a label of an axis.
        is_known(segment.text, page.number, band.texts - {"#"}, band.counts)
        or (is_apart and style_of(segment) in band.styles)
        for band in bands
    )
