"""Bands: the heights at which running headers and footers, page numbers and the like stand on page after page. Pure.

A **row** here is everything that stands at one height: a running title on the left and a page number on the right are
two segments and one row. A **band** is a height at which such rows stand from page to page. Bands are learnt from the
sample, from rows that are set apart from the text, in the margin, and repeat or count the pages. Without all three of
these a row may be text, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from chunk_runner.text.layout.line import Segment


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


@dataclass(frozen=True)
class Band:
    """A height at which running rows stand.

    Attributes:
        top: True for headers at the top of the page, false for footers.
        bottom: The lower edge of the rows, in points.
        texts: The texts seen there more than once, with numbers masked.
        counts: How numbers there count the pages: the step from page to page, and the number of a page 0.
        styles: The font and size of these rows, unless that is the style of the text.
    """

    top: bool
    bottom: float
    texts: frozenset[str] = frozenset()
    counts: frozenset[tuple[int, int]] = frozenset()
    styles: frozenset[Style] = frozenset()


SAME_HEIGHT = 2.5
"""Rows of different pages stand at one height if they differ by at most this many points."""

OUTERMOST_ROWS = 2
"""The rows at either end of a page that may be running headers or footers."""

MINIMUM_PAGES = 3
"""The pages of the sample on which something must be seen before it counts; fewer may be chance."""

PARAGRAPH_SPACING = 1.3
"""Lines belong to different paragraphs if they are this many times the usual distance apart."""

_MARGIN = 0.22
"""Headers and footers stand in the upper or lower part of a page, up to this share of its height."""

_NARROW_MARGIN = 0.1
"""The same where less confirms them: in a document of two pages, and for rows that neither repeat nor count."""

_ROMAN = re.compile(r"[ivxlcdm]{1,7}")
_DIGITS = re.compile(r"[0-9]{1,9}")
_TIME = re.compile(r"\b[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?\b")
_PAGE_NUMBER = re.compile(r"^\W*([0-9]{1,5})\b|\b([0-9]{1,5})\W*$")
"""A number at either end of a row."""

HEADING_SIZE = 1.1
"""A row larger than the text by this factor is a heading and not a running header."""

_BAND_SHARE = 0.25
"""A band has rows on at least this share of the sample's pages; openings of chapters are rarer."""

_CONFIRMED_SHARE = 0.75
"""At least this share of the rows of a band repeat or count the pages, unless it stands on nearly all pages."""

_UNCONFIRMED_SHARE = 0.7
"""A band whose rows do neither has them on at least this share of the sample's pages: guide words, changing titles."""


class _SeenRow(NamedTuple):
    """A row of the sample, made of `parts`; `margin` is its distance from the page's end, as a share of its height."""

    bottom: float
    page: int
    text: str
    margin: float
    style: Style
    parts: tuple[str, ...]


class BandRow(NamedTuple):
    """A row: the indexes of its segments, its lower edge, and the size of its largest text, both in points."""

    at: tuple[int, ...]
    bottom: float
    size: float


def mask_numbers(text: str) -> str:
    """Return a line with its numbers and times masked, for comparing running headers."""
    text = _TIME.sub("@", text.lower())
    return " ".join("#" if _ROMAN.fullmatch(word) else _DIGITS.sub("#", word) for word in text.split())


def learn_bands(sample: Sequence[PageSegments], style: Style, leading: float) -> Iterator[Band]:
    """Yield the bands of a sample.

    Args:
        sample: The pages.
        style: The style of the text.
        leading: The distance from line to line, in points.
    """
    if len(sample) <= 1:
        return
    least = min(MINIMUM_PAGES, len(sample))
    for top in (True, False):
        seen = sorted(row for page in sample for row in _outer_rows(page, style[1], leading, top=top))
        while seen:
            at_height = [row for row in seen if row.bottom - seen[0].bottom <= SAME_HEIGHT]
            seen = seen[len(at_height) :]
            pages = len({row.page for row in at_height})
            if pages < max(least, _BAND_SHARE * len(sample)):
                continue
            texts, counts = _repeated_texts(at_height), _counts(at_height, least)
            known = [row for row in at_height if is_known(row.text, row.page, texts, counts)]
            is_outside = max(row.margin for row in at_height) < _NARROW_MARGIN
            is_confirmed = len(known) >= _CONFIRMED_SHARE * len(at_height) and (is_outside or pages >= MINIMUM_PAGES)
            # Not at the bottom of the page, where the last line of the notes may stand at one height.
            is_usual = top and is_outside and pages >= max(MINIMUM_PAGES + 1, _UNCONFIRMED_SHARE * len(sample))
            if is_confirmed or is_usual:
                styles = frozenset(row.style for row in known) - {style} if is_confirmed else frozenset()
                yield Band(top, round(median(row.bottom for row in at_height), 1), texts, counts, styles)


def _outer_rows(page: PageSegments, size: float, leading: float, *, top: bool) -> Iterator[_SeenRow]:
    """Yield the outermost rows of a page, as far as they are set apart from the text and in the margin."""
    rows = rows_inwards(page.segments, top=top)
    if len(rows) <= OUTERMOST_ROWS + 1:  # all of them may be its text
        return
    for row, inner in pairwise(rows[: OUTERMOST_ROWS + 1]):
        margin = (page.height - row.bottom if top else row.bottom) / page.height
        if margin < _MARGIN and row.size <= HEADING_SIZE * size and are_apart(row, inner, leading):
            yield _SeenRow(
                row.bottom,
                page.number,
                row_text(page.segments, row),
                margin,
                style_of(page.segments[row.at[0]]),
                tuple(page.segments[at].text for at in row.at),
            )


def are_apart(row: BandRow, inner: BandRow, leading: float) -> bool:
    """Return True if space sets a row apart from the next one inwards."""
    return abs(row.bottom - inner.bottom) > PARAGRAPH_SPACING * leading


def rows_inwards(segments: Sequence[Segment], *, top: bool) -> list[BandRow]:
    """Return the outermost rows at one end of the page, and one or two further ones, inwards."""
    bottoms = [segment.box.bottom for segment in segments]
    rows: list[BandRow] = []
    for at in sorted(range(len(segments)), key=bottoms.__getitem__, reverse=top):
        if rows and abs(rows[-1].bottom - bottoms[at]) <= SAME_HEIGHT:
            rows[-1] = BandRow((*rows[-1].at, at), rows[-1].bottom, max(rows[-1].size, segments[at].box.size))
        elif len(rows) > OUTERMOST_ROWS + 1:
            break
        else:
            rows.append(BandRow((at,), bottoms[at], segments[at].box.size))
    return rows


def row_text(segments: Sequence[Segment], row: BandRow) -> str:
    """Return the text of a row, from left to right."""
    return " ".join(segment.text for segment in sorted((segments[at] for at in row.at), key=lambda one: one.box.left))


def _repeated_texts(rows: Sequence[_SeenRow]) -> frozenset[str]:
    """Return the masked texts that several rows at one height have in common.

    Their numbers must stay the same or count the pages: “3 Ibid., p. 12” and “4 Ibid., p. 7” are two notes.
    """
    by_text: dict[str, list[_SeenRow]] = {}
    for row in rows:
        by_text.setdefault(mask_numbers(row.text), []).append(row)
    return frozenset(
        text
        for text, similar in by_text.items()
        if any(_numbers_match(one, other) for one, other in pairwise(sorted(similar, key=lambda row: row.page)))
    )


def _numbers_match(one: _SeenRow, other: _SeenRow) -> bool:
    numbers = zip(_DIGITS.findall(_TIME.sub("", one.text)), _DIGITS.findall(_TIME.sub("", other.text)), strict=False)
    pages = one.page - other.page
    return one.page != other.page and all(int(a) - int(b) in (0, pages, 2 * pages) for a, b in numbers)


def _counts(rows: Sequence[_SeenRow], least: int) -> frozenset[tuple[int, int]]:
    """Return how numbers at either end of the rows count the pages, by ones or, in spreads, by twos.

    Somewhere the number must stand alone, or beside words that it stands beside on another page, too: the numbers of
    footnotes and of headings may count with the pages of a short document.
    """
    fitting: dict[tuple[int, int], dict[int, str]] = {}
    for row in rows:
        for part in row.parts:
            for count in _possible_counts(part, row.page):
                fitting.setdefault(count, {})[row.page] = mask_numbers(_PAGE_NUMBER.sub(" ", part))
    return frozenset(
        count for count, words in fitting.items() if len(words) >= least and _have_common_words(words.values())
    )


def _have_common_words(texts: Collection[str]) -> bool:
    return len(set(texts)) < len(texts) or not all(any(map(str.isalpha, text)) for text in texts)


def _possible_counts(text: str, page: int) -> set[tuple[int, int]]:
    numbers = {int(number) for match in _PAGE_NUMBER.finditer(text) for number in match.groups() if number}
    return {(step, number - step * page) for number in numbers for step in (1, 2)}


def is_known(text: str, page: int, texts: frozenset[str], counts: frozenset[tuple[int, int]]) -> bool:
    """Return True if a row repeats or counts the pages; Roman numbers do by their form."""
    masked = mask_numbers(text)
    return (
        masked in texts
        or not counts.isdisjoint(_possible_counts(text, page))
        or (masked == "#" and _DIGITS.search(text) is None)
    )
