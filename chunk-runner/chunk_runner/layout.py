"""Layout: which lines of a page are its text, which are notes, which only run along; and where paragraphs start.

Pure. What needs more than one page is learnt from a fixed sample of the document, once, in prepare (`learn`);
everything else is seen on the page itself. So a page means the same whatever chunk it is in.

A **row** is what stands at one height: a running title on the left and a page number on the right are two lines and one
row. A **band** is a height at which rows run along from page to page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from chunk_runner.page import Page


class Line(NamedTuple):
    """A line of text, the 1-based page it stands on, and whether its place says that something new starts with it."""

    page: int
    text: str
    starts: bool = False


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


@dataclass(frozen=True)
class Layout:
    """What the sample tells of the whole document.

    Attributes:
        size: Height of a line of the text, in points; 0 when nothing is known.
        pitch: From line to line, in points.
        indent: How far the first line of a paragraph is set in, in points; 0 when it is not.
        bands: Where rows run along.
    """

    size: float = 0
    pitch: float = 0
    indent: float = 0
    bands: tuple[Band, ...] = ()

    def dump(self) -> dict[str, Any]:
        """As plain data, for the manifest."""
        raw = asdict(self)
        raw["bands"] = [{**band, "texts": sorted(band["texts"])} for band in raw["bands"]]
        return raw

    @classmethod
    def load(cls, raw: Mapping[str, Any]) -> Layout:
        """From what `dump` returned."""
        bands = tuple(Band(it["top"], it["bottom"], frozenset(it["texts"])) for it in raw["bands"])
        return cls(raw["size"], raw["pitch"], raw["indent"], bands)


_SAME = 2.5
"""Points within which two rows of different pages are at one height."""

_OUTERMOST = 2
"""How many rows at either end of a page may run along."""

_LEAST_PAGES = 3
"""On so many pages of the sample a row must be seen before it runs along; fewer may be chance."""

_GAP = 1.3
"""Lines that are so many times the usual distance apart do not belong to one paragraph."""

_OTHER_SIZE = 1.2
"""Lines whose heights differ by this factor do not belong to one paragraph."""

_SMALL = 0.93
"""Notes are set smaller than this part of the text's size."""

_MARK = re.compile(r"(\d{1,3}|[*†‡§]{1,3}|[¹²³⁰⁴-⁹]{1,3}|\[\d{1,3}\]|\(\d{1,3}\))[.)]?\s*\S")
"""What a note begins with."""

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


def learn(sample: Sequence[tuple[int, Page]]) -> Layout:
    """Learn the layout from a sample of pages with their numbers, some of them in a row."""
    sample = [(number, page) for number, page in sample if page.boxes]
    if not sample:
        return Layout()
    sizes: Counter[float] = Counter()
    steps: list[float] = []
    for _, page in sample:
        for text, bottom, top in zip(page.lines, page.boxes[1::3], page.boxes[2::3], strict=True):
            sizes[round(top - bottom, 1)] += len(text)
        steps += _steps(page.boxes)
    size = sizes.most_common(1)[0][0]
    pitch = median(steps) if steps else size
    return Layout(size, round(pitch, 2), _indent(sample, size), tuple(_bands(sample, size, pitch)))


def read(number: int, page: Page, layout: Layout) -> tuple[list[Line], list[Line]]:
    """The lines of a page: of its text, and of its notes; what runs along is left out.

    Args:
        number: The page, counted from 1.
        page: As it was read.
        layout: Of the document.
    """
    if not page.boxes or not layout.size:
        return [Line(number, text) for text in page.lines], []
    left_out = _running(page, layout)
    text: list[Line] = []
    notes: list[Line] = []
    for column in _columns([at for at in range(len(page.lines)) if at not in left_out], page.boxes, layout.size):
        first_note = _first_note(column, page, layout.size)
        text += _paragraphs(number, column[:first_note], page, layout)
        notes += [Line(number, page.lines[at], bool(_MARK.match(page.lines[at]))) for at in column[first_note:]]
    return text, notes


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


def _bands(sample: Sequence[tuple[int, Page]], size: float, pitch: float) -> Iterable[Band]:
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
            many = len({it.page for it in together}) >= max(_LEAST_PAGES, _SHARE * len(sample))
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


def _running(page: Page, layout: Layout) -> set[int]:
    """The lines that run along: in a band, and either known from there or set apart from the text."""
    if not layout.bands:
        return set()
    found: set[int] = set()
    rows = _rows(page)
    for top in (True, False):
        inwards = rows if top else rows[::-1]
        for row, inner in zip(inwards[:_OUTERMOST], [*inwards[1:], None], strict=False):
            text = masked(_row_text(page, row))
            bands = [it for it in layout.bands if it.top is top and abs(it.bottom - row.bottom) <= _SAME]
            apart = inner is None or abs(row.bottom - inner.bottom) > _GAP * layout.pitch
            if row.top - row.bottom > _LARGE * layout.size or not any(
                text in band.texts or text == "#" or apart for band in bands
            ):
                break
            found.update(row.lines)
    return found


def _columns(lines: Sequence[int], boxes: Sequence[float], size: float) -> Iterable[list[int]]:
    """The lines in runs that go down the page: where the next line stands higher, another column begins."""
    column: list[int] = []
    for at in lines:
        if column and boxes[3 * at + 1] > boxes[3 * column[-1] + 1] + 1.5 * size:
            yield column
            column = []
        column.append(at)
    if column:
        yield column


def _first_note(column: Sequence[int], page: Page, size: float) -> int:
    """Where in the column its notes begin: small lines to its end, the first of them with a mark."""
    small = len(column)
    while small and page.boxes[3 * column[small - 1] + 2] - page.boxes[3 * column[small - 1] + 1] < _SMALL * size:
        small -= 1
    if small == 0:  # all of it is small: a page of a bibliography, an index
        return len(column)
    for at in range(small, len(column)):
        if _MARK.match(page.lines[column[at]]):
            return at
    return len(column)


def _paragraphs(number: int, column: Sequence[int], page: Page, layout: Layout) -> list[Line]:
    """The lines of a column, with marks where a paragraph starts."""
    boxes, size = page.boxes, layout.size
    lefts = [boxes[3 * at] for at in column]
    margin = Counter(map(round, lefts)).most_common(1)[0][0] if lefts else 0
    indented = [layout.indent > 0 and abs(left - margin - layout.indent) < size / 4 for left in lefts]
    lines: list[Line] = []
    for at, line in enumerate(column):
        starts = indented[at]
        if at:
            above = column[at - 1]
            step = boxes[3 * above + 1] - boxes[3 * line + 1]
            high, higher = sorted(
                (boxes[3 * line + 2] - boxes[3 * line + 1], boxes[3 * above + 2] - boxes[3 * above + 1])
            )
            starts |= step > _GAP * max(layout.pitch, higher * 0.9) or higher > _OTHER_SIZE * high
        lines.append(Line(number, page.lines[line], starts))
    return lines


def _steps(boxes: Sequence[float]) -> list[float]:
    """From each line to the next one below it."""
    bottoms = boxes[1::3]
    return [step for above, below in pairwise(bottoms) if 4 < (step := above - below) < 60]  # noqa: PLR2004 (points; outside, they are no lines of a paragraph)


def _indent(sample: Sequence[tuple[int, Page]], size: float) -> float:
    """How far first lines are set in: the usual distance from the margin of a line between two that stand at it."""
    found: Counter[int] = Counter()
    for _, page in sample:
        for column in _columns(range(len(page.lines)), page.boxes, size):
            lefts = [page.boxes[3 * at] for at in column]
            margin = Counter(map(round, lefts)).most_common(1)[0][0]
            found.update(
                round(left - margin)
                for left, following in pairwise(lefts)
                if size / 2 < left - margin < 4 * size and abs(following - margin) <= 1
            )
    if not found:
        return 0
    indent, count = found.most_common(1)[0]
    return indent if count >= _LEAST_PAGES else 0
