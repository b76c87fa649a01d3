"""Running lines: titles, page numbers and the like, which stand at one place on page after page. Pure.

A **row** is what stands at one height: a running title on the left and a page number on the right are two lines and one
row. A **band** is a height at which rows run along from page to page; bands are learnt from the sample.
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
    """Where rows run along.

    Attributes:
        top: At the top of the page; else at its bottom.
        bottom: Lower edge of the rows, in points.
        texts: What was seen there more than once, digits masked.
    """

    top: bool
    bottom: float
    texts: frozenset[str]


_SAME = 2.5
"""Points within which two rows of different pages are at one height."""

_OUTERMOST = 2
"""How many rows at either end of a page may run along."""

LEAST_PAGES = 3
"""On so many pages of the sample a thing must be seen before it counts; fewer may be chance."""

APART = 1.3
"""Lines that are so many times the usual distance apart do not belong together."""

_ROMAN = re.compile(r"[ivxlcdm]{1,7}")
_DIGITS = re.compile(r"[0-9]{1,9}")

_LARGE = 1.1
"""What is set larger than this part of the text's size is a heading, and does not run along."""

_SHARE = 0.25
"""On this part of the sample's pages at least a row runs along: the openings of chapters are fewer."""

_REPEATED = 0.75
"""This part of the rows of a band says what another one says, but for its numbers."""


class _Seen(NamedTuple):
    bottom: float
    page: int
    text: str


class _Row(NamedTuple):
    lines: tuple[int, ...]
    bottom: float
    top: float


def masked(text: str) -> str:
    """A line with its numbers masked, as running lines are compared."""
    return " ".join("#" if _ROMAN.fullmatch(word) else _DIGITS.sub("#", word) for word in text.lower().split())


def _rows(page: Page) -> list[_Row]:
    """The page's rows from top to bottom."""
    bottoms, tops = page.boxes[1::3], page.boxes[2::3]
    rows: list[_Row] = []
    for at in sorted(range(len(page.lines)), key=bottoms.__getitem__, reverse=True):
        if rows and abs(rows[-1].bottom - bottoms[at]) <= _SAME:
            rows[-1] = _Row((*rows[-1].lines, at), rows[-1].bottom, max(rows[-1].top, tops[at]))
        else:
            rows.append(_Row((at,), bottoms[at], tops[at]))
    return rows


def _row_text(page: Page, row: _Row) -> str:
    return " ".join(page.lines[at] for at in sorted(row.lines, key=lambda at: page.boxes[3 * at]))


def learn(sample: Sequence[tuple[int, Page]], size: float, pitch: float) -> Iterator[Band]:
    """The bands of a sample of pages with their numbers, whose lines are so high and so far apart, in points."""
    for top in (True, False):
        seen: list[_Seen] = []
        for number, page in sample:
            rows = _rows(page) if top else _rows(page)[::-1]
            # A page of a few rows has none to spare: all of them may be its text.
            seen += [
                _Seen(row.bottom, number, _row_text(page, row))
                for row, inner in pairwise(rows[: _OUTERMOST + 1])
                if len(rows) > _OUTERMOST + 1
                and abs(row.bottom - inner.bottom) > pitch / 2
                and row.top - row.bottom <= _LARGE * size
            ]
        seen.sort()
        while seen:
            together = [it for it in seen if it.bottom - seen[0].bottom <= _SAME]
            seen = seen[len(together) :]
            again = _repeated(together)
            many = len({it.page for it in together}) >= max(LEAST_PAGES, _SHARE * len(sample))
            if many and sum(again.values()) >= _REPEATED * len(together):
                yield Band(top, round(median(it.bottom for it in together), 1), frozenset(again))


def _repeated(together: Sequence[_Seen]) -> dict[str, int]:
    """The texts that rows at one height have in common, and how many rows each has.

    Their numbers must stay the same or count the pages: “3 Ibid., p. 12” and “4 Ibid., p. 7” are two notes.
    """
    by_text: dict[str, list[_Seen]] = {}
    for it in together:
        by_text.setdefault(masked(it.text), []).append(it)
    again: dict[str, int] = {}
    for text, rows in by_text.items():
        count = sum(any(_follows(one, other) for other in rows if other is not one) for one in rows)
        if count:
            again[text] = count
    return again


def _follows(one: _Seen, other: _Seen) -> bool:
    numbers = zip(_DIGITS.findall(one.text), _DIGITS.findall(other.text), strict=False)
    return all(int(a) - int(b) in (0, one.page - other.page) for a, b in numbers)


def running(page: Page, bands: Sequence[Band], size: float, pitch: float) -> set[int]:
    """The lines of a page that run along: in a band, and either known from there or set apart from the text."""
    if not bands:
        return set()
    found: set[int] = set()
    rows = _rows(page)
    for top in (True, False):
        inwards = rows if top else rows[::-1]
        for row, inner in zip(inwards[:_OUTERMOST], [*inwards[1:], None], strict=False):
            text = masked(_row_text(page, row))
            here = [it for it in bands if it.top is top and abs(it.bottom - row.bottom) <= _SAME]
            apart = inner is None or abs(row.bottom - inner.bottom) > APART * pitch
            if row.top - row.bottom > _LARGE * size or not any(
                text in band.texts or text == "#" or apart for band in here
            ):
                break
            found.update(row.lines)
    return found
