"""Layout: which lines of a page are its text, which are notes, which only run along; and where paragraphs start.

Pure. What needs more than one page is learnt from a fixed sample of the document, once, in prepare (`learn`);
everything else is seen on the page itself. So a page means the same whatever chunk it is in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from chunk_runner.pdf.page import Page
from chunk_runner.text import running_headers
from chunk_runner.text.running_headers import APART, LEAST_PAGES, Band


class Line(NamedTuple):
    """A line of text, the 1-based page it stands on, and whether its place says that something new starts with it."""

    page: int
    text: str
    starts: bool = False


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


_OTHER_SIZE = 1.2
"""Lines whose heights differ by this factor do not belong to one paragraph."""

_SMALL = 0.93
"""Notes are set smaller than this part of the text's size."""

_MARK = re.compile(r"(\d{1,3}|[*†‡§]{1,3}|[¹²³⁰⁴-⁹]{1,3}|\[\d{1,3}\]|\(\d{1,3}\))[.)]?\s*\S")
"""What a note begins with."""


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
    return Layout(size, round(pitch, 2), _indent(sample, size), tuple(running_headers.learn(sample, size, pitch)))


def read(number: int, page: Page, layout: Layout) -> tuple[list[Line], list[Line]]:
    """The lines of a page: of its text, and of its notes; what runs along is left out.

    Args:
        number: The page, counted from 1.
        page: As it was read.
        layout: Of the document.
    """
    if not page.boxes or not layout.size:
        return [Line(number, text) for text in page.lines], []
    left_out = running_headers.running(page, layout.bands, layout.size, layout.pitch)
    text: list[Line] = []
    notes: list[Line] = []
    for column in _columns([at for at in range(len(page.lines)) if at not in left_out], page.boxes, layout.size):
        first_note = _first_note(column, page, layout.size)
        text += _paragraphs(number, column[:first_note], page, layout)
        notes += [Line(number, page.lines[at], bool(_MARK.match(page.lines[at]))) for at in column[first_note:]]
    return text, notes


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
            starts |= step > APART * max(layout.pitch, higher * 0.9) or higher > _OTHER_SIZE * high
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
    return indent if count >= LEAST_PAGES else 0
