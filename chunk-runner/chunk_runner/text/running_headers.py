"""Running headers and footers, page numbers and the like, which stand at one height on page after page. Pure.

A **row** is everything that stands at one height: a running title on the left and a page number on the right are two
lines and one row. A **band** is a height at which such rows stand from page to page; bands are learnt from the sample.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from chunk_runner.pdf.page import Page


@dataclass(frozen=True)
class Band:
    """A height at which running rows stand.

    Attributes:
        top: True for headers at the top of the page, false for footers.
        bottom: The lower edge of the rows, in points.
        texts: The texts seen there more than once, with digits masked.
    """

    top: bool
    bottom: float
    texts: frozenset[str]


_SAME_HEIGHT = 2.5
"""Rows of different pages stand at one height if they differ by at most this many points."""

_OUTERMOST_ROWS = 2
"""The rows at either end of a page that may be running headers or footers."""

MINIMUM_PAGES = 3
"""The pages of the sample on which something must be seen before it counts; fewer may be chance."""

PARAGRAPH_SPACING = 1.3
"""Lines belong to different paragraphs if they are this many times the usual distance apart."""

_ROMAN = re.compile(r"[ivxlcdm]{1,7}")
_DIGITS = re.compile(r"[0-9]{1,9}")

_HEADING_SIZE = 1.1
"""A line larger than the text by this factor is a heading and not a running header."""

_BAND_SHARE = 0.25
"""A band has rows on at least this share of the sample's pages; openings of chapters are rarer."""

_REPEATED_SHARE = 0.75
"""At least this share of a band's rows have the same text as another one, except for numbers."""


class _SeenRow(NamedTuple):
    bottom: float
    page: int
    text: str


class _Row(NamedTuple):
    lines: tuple[int, ...]
    bottom: float
    top: float


def mask_numbers(text: str) -> str:
    """Return a line with its numbers masked, for comparing running headers."""
    return " ".join("#" if _ROMAN.fullmatch(word) else _DIGITS.sub("#", word) for word in text.lower().split())


def learn_bands(sample: Sequence[Page], size: float, pitch: float) -> Iterator[Band]:
    """Yield the bands of a sample.

    Args:
        sample: The pages.
        size: The height of a line of the text, in points.
        pitch: The distance from line to line, in points.
    """
    for top in (True, False):
        seen: list[_SeenRow] = []
        for page in sample:
            rows = _rows(page) if top else _rows(page)[::-1]
            # On a page of few rows, all of them may be its text.
            seen += [
                _SeenRow(row.bottom, page.number, _row_text(page, row))
                for row, inner in pairwise(rows[: _OUTERMOST_ROWS + 1])
                if len(rows) > _OUTERMOST_ROWS + 1
                and abs(row.bottom - inner.bottom) > pitch / 2
                and row.top - row.bottom <= _HEADING_SIZE * size
            ]
        seen.sort()
        while seen:
            at_height = [row for row in seen if row.bottom - seen[0].bottom <= _SAME_HEIGHT]
            seen = seen[len(at_height) :]
            repeated = _repeated_texts(at_height)
            pages = len({row.page for row in at_height})
            is_frequent = pages >= max(MINIMUM_PAGES, _BAND_SHARE * len(sample))
            if is_frequent and sum(repeated.values()) >= _REPEATED_SHARE * len(at_height):
                yield Band(top, round(median(row.bottom for row in at_height), 1), frozenset(repeated))


def running_lines(page: Page, bands: Sequence[Band], size: float, pitch: float) -> set[int]:
    """Return the indexes of a page's running lines: in a band, and either known from it or set apart from the text.

    Args:
        page: The page.
        bands: The bands of the document.
        size: The height of a line of the text, in points.
        pitch: The distance from line to line, in points.
    """
    if not bands:
        return set()
    found: set[int] = set()
    rows = _rows(page)
    for top in (True, False):
        inwards = rows if top else rows[::-1]
        for row, inner in zip(inwards[:_OUTERMOST_ROWS], [*inwards[1:], None], strict=False):
            text = mask_numbers(_row_text(page, row))
            at_height = [band for band in bands if band.top is top and abs(band.bottom - row.bottom) <= _SAME_HEIGHT]
            is_apart = inner is None or abs(row.bottom - inner.bottom) > PARAGRAPH_SPACING * pitch
            if row.top - row.bottom > _HEADING_SIZE * size or not any(
                text in band.texts or text == "#" or is_apart for band in at_height
            ):
                break
            found.update(row.lines)
    return found


def _rows(page: Page) -> list[_Row]:
    """Return the page's rows from top to bottom."""
    bottoms, tops = page.boxes[1::3], page.boxes[2::3]
    rows: list[_Row] = []
    for at in sorted(range(len(page.lines)), key=bottoms.__getitem__, reverse=True):
        if rows and abs(rows[-1].bottom - bottoms[at]) <= _SAME_HEIGHT:
            rows[-1] = _Row((*rows[-1].lines, at), rows[-1].bottom, max(rows[-1].top, tops[at]))
        else:
            rows.append(_Row((at,), bottoms[at], tops[at]))
    return rows


def _row_text(page: Page, row: _Row) -> str:
    return " ".join(page.lines[at] for at in sorted(row.lines, key=lambda at: page.boxes[3 * at]))


def _repeated_texts(rows: Sequence[_SeenRow]) -> dict[str, int]:
    """Return the masked texts that several rows at one height have in common, with the number of these rows.

    Their numbers must stay the same or count the pages: “3 Ibid., p. 12” and “4 Ibid., p. 7” are two notes.
    """
    by_text: dict[str, list[_SeenRow]] = {}
    for row in rows:
        by_text.setdefault(mask_numbers(row.text), []).append(row)
    repeated: dict[str, int] = {}
    for text, similar in by_text.items():
        count = sum(any(_numbers_match(one, other) for other in similar if other is not one) for one in similar)
        if count:
            repeated[text] = count
    return repeated


def _numbers_match(one: _SeenRow, other: _SeenRow) -> bool:
    numbers = zip(_DIGITS.findall(one.text), _DIGITS.findall(other.text), strict=False)
    return all(int(a) - int(b) in (0, one.page - other.page) for a, b in numbers)
