"""Bands: the heights at which running headers and footers, page numbers and the like stand on page after page. Pure.

A **band** is a height at which such rows stand from page to page. Bands are learnt from the sample, from rows that are
set apart from the text, in the margin, and repeat or count the pages. Without all three of these a row may be text, and
stays. Where no sentence crosses from page to page, as in letters, invoices and forms, even a row with all three may be.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from chunk_runner.text.layout.line import ends_sentence
from chunk_runner.text.layout.running_lines.outer_rows import (
    FAR_APART,
    NARROW_MARGIN,
    OUTERMOST_ROWS,
    SAME_HEIGHT,
    PageSegments,
    Style,
    outer_rows,
    row_text,
    rows_inwards,
    style_of,
)


@dataclass(frozen=True)
class Band:
    """A height at which running rows stand.

    Attributes:
        top: True for headers at the top of the page, false for footers.
        bottom: The lower edge of the rows, in points.
        texts: The texts seen there more than once, with numbers masked.
        counts: How numbers there count the pages: the step from page to page, and the number of a page 0.
        styles: The font and size of these rows, unless that is the style of the text.
        is_doubtful: True if the rows may be text: they do not stand in the narrow margin, and no sentence crosses from
            page to page.
    """

    top: bool
    bottom: float
    texts: frozenset[str] = frozenset()
    counts: frozenset[tuple[int, int]] = frozenset()
    styles: frozenset[Style] = frozenset()
    is_doubtful: bool = False


MINIMUM_PAGES = 3
"""The pages of the sample on which something must be seen before it counts; fewer may be chance."""

_MARGIN = 0.22
"""Headers and footers stand in the upper or lower part of a page, up to this share of its height."""

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


_FULL_LINE = 0.8
"""A full line is at least this share as wide as the widest one of its page."""


class _SeenRow(NamedTuple):
    """A row of the sample, made of `parts`.

    `margin` is its distance from the page's end, as a share of its height; `is_alone` is true on a page with so few
    rows that all of them may be its text.
    """

    bottom: float
    page: int
    text: str
    margin: float
    style: Style
    parts: tuple[str, ...]
    is_alone: bool


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
    goes_on = sum(map(_ends_in_mid_sentence, sample)) >= _BAND_SHARE * len(sample)
    for top in (True, False):
        seen = sorted(row for page in sample for row in _outer_rows(page, style[1], leading, top=top))
        while seen:
            at_height = [row for row in seen if row.bottom - seen[0].bottom <= SAME_HEIGHT]
            seen = seen[len(at_height) :]
            pages = len({row.page for row in at_height})
            texts = _repeated_texts(at_height)
            is_outside = max(row.margin for row in at_height) < NARROW_MARGIN
            enough = least - 1 if is_outside and _repeat_with_numbers(at_height, texts) else least
            if pages < max(enough, 2, _BAND_SHARE * len(sample)) or all(row.is_alone for row in at_height):
                continue
            counts = _counts(at_height, enough)
            known = [
                row
                for row in at_height
                if any(is_known(text, row.page, texts, counts) for text in (row.text, *row.parts))
            ]
            is_confirmed = len(known) >= _CONFIRMED_SHARE * len(at_height) and (is_outside or pages >= MINIMUM_PAGES)
            # Not at the bottom of the page, where the last line of the notes may stand at one height.
            is_frequent = pages > MINIMUM_PAGES or all(row.style != style for row in at_height)
            is_usual = top and is_outside and is_frequent and pages >= _UNCONFIRMED_SHARE * len(sample)
            if is_confirmed or is_usual:
                styles = frozenset(row.style for row in known) - {style} if is_confirmed else frozenset()
                bottom = round(median(row.bottom for row in at_height), 1)
                yield Band(top, bottom, texts, counts, styles, not (is_outside or goes_on))


def _ends_in_mid_sentence(page: PageSegments) -> bool:
    """Return True if the last full line of a page does not end a sentence, nor any shorter one below it."""
    widest = max(segment.box.right - segment.box.left for segment in page.segments)
    for row in rows_inwards(page.segments, top=False)[: OUTERMOST_ROWS + 1]:
        if ends_sentence(row_text(page.segments, row)):
            return False
        if any(page.segments[at].box.right - page.segments[at].box.left > _FULL_LINE * widest for at in row.at):
            return True
    return False


def _outer_rows(page: PageSegments, size: float, leading: float, *, top: bool) -> Iterator[_SeenRow]:
    """Yield the outermost rows of a page, as far as they are set apart from the text and in the margin."""
    rows = rows_inwards(page.segments, top=top)
    is_alone = len(rows) <= OUTERMOST_ROWS + 1
    for row, margin, is_apart in outer_rows(page, rows, leading * FAR_APART if is_alone else leading, top=top):
        if margin < (NARROW_MARGIN if is_alone else _MARGIN) and row.size <= HEADING_SIZE * size and is_apart:
            text = row_text(page.segments, row)
            style = style_of(page.segments[row.at[0]])
            parts = tuple(page.segments[at].text for at in row.at)
            yield _SeenRow(row.bottom, page.number, text, margin, style, parts, is_alone)


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


def _repeat_with_numbers(rows: Sequence[_SeenRow], texts: frozenset[str]) -> bool:
    """Return True if rows repeat each other but for numbers that count the pages, so that two of them are no chance."""
    masked = [mask_numbers(row.text) for row in rows]
    return all(text in texts and "#" in text for text in masked)


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
            for count in possible_counts(part, row.page):
                fitting.setdefault(count, {})[row.page] = mask_numbers(_PAGE_NUMBER.sub(" ", part))
    return frozenset(
        count for count, words in fitting.items() if len(words) >= least and _have_common_words(words.values())
    )


def _have_common_words(texts: Collection[str]) -> bool:
    return len(set(texts)) < len(texts) or not all(any(map(str.isalpha, text)) for text in texts)


def possible_counts(text: str, page: int) -> set[tuple[int, int]]:
    """Return how a number at either end of a row may count the pages: the step, and the number of a page 0."""
    numbers = {int(number) for match in _PAGE_NUMBER.finditer(text) for number in match.groups() if number}
    return {(step, number - step * page) for number in numbers for step in (1, 2)}


def is_known(text: str, page: int, texts: frozenset[str], counts: frozenset[tuple[int, int]]) -> bool:
    """Return True if a row repeats or counts the pages; Roman numbers do by their form."""
    masked = mask_numbers(text)
    return (
        masked in texts
        or not counts.isdisjoint(possible_counts(text, page))
        or (masked == "#" and _DIGITS.search(text) is None)
    )
