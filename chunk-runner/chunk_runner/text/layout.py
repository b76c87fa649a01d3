"""The layout of a page: columns, paragraphs and notes, without running headers. Pure.

Anything that needs more than one page is learnt once from a fixed sample of the document, in prepare (`learn_layout`);
all else is seen on the page itself. So a page gives the same lines whatever chunk it is in.
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
from chunk_runner.text.running_headers import MINIMUM_PAGES, PARAGRAPH_SPACING, Band, learn_bands, running_lines


class Line(NamedTuple):
    """A line of text.

    Attributes:
        page: The 1-based page it stands on.
        text: The text, cleaned and not empty.
        starts: True if something new starts with it by its position: a paragraph, a heading, a note.
    """

    page: int
    text: str
    starts: bool = False


class PageText(NamedTuple):
    """The text of a page.

    Attributes:
        body: The lines of the running text, in reading order.
        notes: The lines of what stands beside it, such as footnotes, and running headers and footers that are kept.
        dropped: The number of running headers and footers that were left out.
    """

    body: list[Line]
    notes: list[Line]
    dropped: int = 0


@dataclass(frozen=True)
class Layout:
    """The layout of a document, as its sample shows it.

    Attributes:
        size: The height of a line of the text in points; 0 if unknown.
        pitch: The distance from line to line, in points.
        indent: The indent of the first line of a paragraph in points; 0 if there is none.
        bands: The heights at which running headers and footers stand.
        keeps_running_lines: True if running headers and footers are kept, beside the text.
    """

    size: float = 0
    pitch: float = 0
    indent: float = 0
    bands: tuple[Band, ...] = ()
    keeps_running_lines: bool = False

    def dump(self) -> dict[str, Any]:
        """Return the layout as plain data, for the manifest."""
        raw = asdict(self)
        raw["bands"] = [{**band, "texts": sorted(band["texts"])} for band in raw["bands"]]
        return raw

    @classmethod
    def load(cls, raw: Mapping[str, Any]) -> Layout:
        """Return the layout that `dump` turned into plain data."""
        bands = tuple(Band(band["top"], band["bottom"], frozenset(band["texts"])) for band in raw["bands"])
        return cls(raw["size"], raw["pitch"], raw["indent"], bands, raw["keeps_running_lines"])


_HEADING_FACTOR = 1.2
"""Lines whose heights differ by this factor belong to different paragraphs."""

_NOTE_SIZE = 0.93
"""Notes are set smaller than this share of the text's size."""

_NOTE_MARK = re.compile(r"(\d{1,3}|[*†‡§]{1,3}|[¹²³⁰⁴-⁹]{1,3}|\[\d{1,3}\]|\(\d{1,3}\))[.)]?\s*\S")
"""The mark at the beginning of a note."""

_LINE_STEPS = (4, 60)
"""The distance from a line to the next one in the same paragraph, in points: more than the first, less than the
second."""


def learn_layout(sample: Sequence[Page]) -> Layout:
    """Return the layout of a document, from a sample of its pages, some of them consecutive."""
    sample = [page for page in sample if page.boxes]
    if not sample:
        return Layout()
    sizes: Counter[float] = Counter()
    steps: list[float] = []
    for page in sample:
        for text, bottom, top in zip(page.lines, page.boxes[1::3], page.boxes[2::3], strict=True):
            sizes[round(top - bottom, 1)] += len(text)
        steps += _steps(page.boxes)
    size = sizes.most_common(1)[0][0]
    pitch = median(steps) if steps else size
    return Layout(size, round(pitch, 2), _indent(sample, size), tuple(learn_bands(sample, size, pitch)))


def arrange(page: Page, layout: Layout) -> PageText:
    """Return the text of a page. Running headers and footers are left out, or put beside it.

    Args:
        page: The page.
        layout: The layout of the document.
    """
    if not page.boxes or not layout.size:
        return PageText([Line(page.number, text) for text in page.lines], [])
    running = running_lines(page, layout.bands, layout.size, layout.pitch)
    body: list[Line] = []
    notes: list[Line] = []
    for column in _columns([at for at in range(len(page.lines)) if at not in running], page.boxes, layout.size):
        first_note = _first_note(column, page, layout.size)
        body += _paragraphs(column[:first_note], page, layout)
        notes += [
            Line(page.number, page.lines[at], bool(_NOTE_MARK.match(page.lines[at]))) for at in column[first_note:]
        ]
    if layout.keeps_running_lines:
        notes += [Line(page.number, page.lines[at], starts=True) for at in sorted(running)]
        return PageText(body, notes)
    return PageText(body, notes, len(running))


def _columns(lines: Sequence[int], boxes: Sequence[float], size: float) -> Iterable[list[int]]:
    """Yield the lines in columns: a line that stands higher than the one before it begins another column."""
    column: list[int] = []
    for at in lines:
        if column and boxes[3 * at + 1] > boxes[3 * column[-1] + 1] + 1.5 * size:
            yield column
            column = []
        column.append(at)
    if column:
        yield column


def _first_note(column: Sequence[int], page: Page, size: float) -> int:
    """Return the index in the column at which its notes begin: small lines up to its end, the first with a mark."""
    small = len(column)
    while small and page.boxes[3 * column[small - 1] + 2] - page.boxes[3 * column[small - 1] + 1] < _NOTE_SIZE * size:
        small -= 1
    if small == 0:  # the whole column is small: a bibliography, an index
        return len(column)
    for at in range(small, len(column)):
        if _NOTE_MARK.match(page.lines[column[at]]):
            return at
    return len(column)


def _paragraphs(column: Sequence[int], page: Page, layout: Layout) -> list[Line]:
    """Return the lines of a column, marked where a paragraph starts."""
    boxes, size = page.boxes, layout.size
    lefts = [boxes[3 * at] for at in column]
    margin = Counter(map(round, lefts)).most_common(1)[0][0] if lefts else 0
    is_indented = [layout.indent > 0 and abs(left - margin - layout.indent) < size / 4 for left in lefts]
    lines: list[Line] = []
    for at, line in enumerate(column):
        starts = is_indented[at]
        if at:
            above = column[at - 1]
            step = boxes[3 * above + 1] - boxes[3 * line + 1]
            lower, higher = sorted(
                (boxes[3 * line + 2] - boxes[3 * line + 1], boxes[3 * above + 2] - boxes[3 * above + 1])
            )
            is_apart = step > PARAGRAPH_SPACING * max(layout.pitch, higher * 0.9)
            starts |= is_apart or higher > _HEADING_FACTOR * lower
        lines.append(Line(page.number, page.lines[line], starts))
    return lines


def _steps(boxes: Sequence[float]) -> list[float]:
    """Return the distances from each line to the next one below it."""
    least, most = _LINE_STEPS
    return [step for above, below in pairwise(boxes[1::3]) if least < (step := above - below) < most]


def _indent(sample: Sequence[Page], size: float) -> float:
    """Return the most frequent distance from the margin of a line that precedes one at the margin."""
    found: Counter[int] = Counter()
    for page in sample:
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
    return indent if count >= MINIMUM_PAGES else 0
