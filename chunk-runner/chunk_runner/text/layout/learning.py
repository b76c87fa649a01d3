"""The layout of a document: what is learnt once, from a fixed sample of its pages, in prepare. Pure.

All else is decided on the page itself, so that a page gives the same lines whatever chunk it is in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import median
from typing import Any

import msgspec

from chunk_runner.pdf.page import Page
from chunk_runner.text.layout.columns import columns
from chunk_runner.text.layout.line import Segment, rows_of, segments_of
from chunk_runner.text.layout.running_lines.bands import MINIMUM_PAGES, Band, learn_bands
from chunk_runner.text.layout.running_lines.line_numbers import NumberColumn, learn_line_numbers
from chunk_runner.text.layout.running_lines.outer_rows import PageSegments, Style, style_of
from chunk_runner.text.layout.watermarks import Watermark, learn_watermarks, watermarks


@dataclass(frozen=True)
class Layout:
    """The layout of a document, as its sample shows it.

    Attributes:
        size: The size of the text in points; 0 if unknown.
        leading: The distance from line to line, in points.
        indent: The indent of the first line of a paragraph in points; 0 if there is none.
        bands: The heights at which running headers and footers stand.
        line_numbers: The columns of line numbers.
        is_fixed_pitch: True if the text is set in a fixed-pitch font, so that such a font is no sign of code.
        watermarks: The texts that are printed across the lines at one place on several pages.
        keeps_running_lines: True if running headers and footers are kept, beside the text.
    """

    size: float = 0
    leading: float = 0
    indent: float = 0
    bands: tuple[Band, ...] = ()
    line_numbers: tuple[NumberColumn, ...] = ()
    is_fixed_pitch: bool = False
    watermarks: tuple[Watermark, ...] = ()
    keeps_running_lines: bool = False

    def dump(self) -> dict[str, Any]:
        """Return the layout as plain data, for the manifest."""
        raw = asdict(self)
        raw["bands"] = [
            {**band, **{name: sorted(band[name]) for name in ("texts", "counts", "styles")}} for band in raw["bands"]
        ]
        return raw

    @classmethod
    def load(cls, raw: Mapping[str, Any]) -> Layout:
        """Return the layout that `dump` turned into plain data.

        Raises:
            ValueError: The data is something else.
        """
        return msgspec.convert(raw, cls)


_STEPS = (4, 60)
"""The distance from a line to the next one in the same paragraph, in points: more than the first, less than the
second."""

_WATERMARKS_LIMIT = 64
"""Watermarks that are remembered; some repeat across the page."""

_COLUMNS_LIMIT = 8
"""Columns of line numbers that are remembered."""


def learn_layout(sample: Sequence[Page]) -> Layout:
    """Return the layout of a document, from a sample of its pages, some of them consecutive."""
    pages = [PageSegments(page.number, page.height, _upright(page)) for page in sample if page.boxes]
    pages = [page for page in pages if page.segments]
    if not pages:
        return Layout()
    sizes: Counter[float] = Counter()
    styles: Counter[Style] = Counter()
    fixed: Counter[bool] = Counter()
    for page in pages:
        for segment in page.segments:
            style = style_of(segment)
            sizes[style[1]] += len(segment.text)
            styles[style] += len(segment.text)
            fixed[segment.box.is_fixed_pitch] += len(segment.text)
    size = sizes.most_common(1)[0][0]
    marks = learn_watermarks([page.segments for page in pages])
    pages = [page for page in (_without_watermarks(page, marks, size) for page in pages) if page.segments]
    steps = [step for page in pages for step in _steps(page.segments)]
    leading = round(median(steps), 2) if steps else size
    return Layout(
        size,
        leading,
        _indent(pages, size),
        tuple(learn_bands(pages, styles.most_common(1)[0][0], leading)),
        tuple(learn_line_numbers([page.segments for page in pages])[:_COLUMNS_LIMIT]),
        fixed[True] > fixed[False],
        tuple(marks[:_WATERMARKS_LIMIT]),
    )


def _without_watermarks(page: PageSegments, marks: Sequence[Watermark], size: float) -> PageSegments:
    aside = watermarks(page.segments, marks, size)
    return page._replace(segments=[one for at, one in enumerate(page.segments) if at not in aside]) if aside else page


def _upright(page: Page) -> list[Segment]:
    return [segment for segment in segments_of(page) if not segment.box.angle]


def _steps(segments: Sequence[Segment]) -> Iterator[float]:
    """Yield the distances from each line to the next one below it."""
    least, most = _STEPS
    for above, below in pairwise(segments):
        if least < (step := above.box.bottom - below.box.bottom) < most:
            yield step


def _indent(pages: Sequence[PageSegments], size: float) -> float:
    """Return the most frequent distance from the margin of a line that precedes one at the margin."""
    found: Counter[int] = Counter()
    for page in pages:
        for column in columns(rows_of(page.segments), size):
            lefts = [row.box.left for row in column]
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
