"""The lines of a page as PDFium finds them, cut into segments, and the position of each. Runs in the sandbox.

PDFium joins what stands at one height into a line: the cells of a row, a line number and its line, a note in the margin
and the text beside it. A **segment** is a part of such a line without a wide gap; `text.layout` decides which segments
belong together. This module asks PDFium about the first and the last character of a segment only: each call through
ctypes takes about a microsecond, and a page of a book has 3,000 characters.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

from chunk_runner.pdf import annotation_text
from chunk_runner.pdf.glyphs.accents import combine
from chunk_runner.pdf.glyphs.characters import clean, split_lines
from chunk_runner.pdf.glyphs.columns import EVERYWHERE, Rect, Span, columns, gutters, heights_of_gaps
from chunk_runner.pdf.glyphs.word_gaps import has_glued_words, restore_spaces
from chunk_runner.pdf.page import Box
from chunk_runner.pdf.text_layer.pdfium_characters import Characters
from chunk_runner.pdf.text_layer.pdfium_fonts import Fonts


_COLUMN_RECTS = 4
"""Columns are looked for if a page has at least this many more text rectangles than lines."""

_WIDE_GAP = 1.0
"""A gap that is wider than this many line heights separates two segments."""

_GAP_BETWEEN_SIZES = 0.5
"""The same if the text beside the gap is of another size: a margin note stands close to the text."""

_OTHER_SIZE = 0.07
"""The heights of characters of different sizes differ by more than this share."""

_ANOTHER_LINE = 0.7
"""Characters stand on different lines if their lower edges differ by this many line heights; superscripts do less."""

_SPACES = re.compile(r"[ \u00a0]+")

_LEVEL = 0.3
"""The lower edges of an upright line's first and last character differ by less than this many line heights."""


class Lines(NamedTuple):
    """The segments of a page in the order in which the file draws them, and for each the fields of its `Box`."""

    texts: list[str]
    positions: array[float]

    @classmethod
    def none(cls) -> Lines:
        """Return an empty list."""
        return cls([], array("f"))


class TextPage:
    """The text of a page.

    Args:
        page: PDFium's page.
        text_page: PDFium's text of that page.
        text: The characters of that text.

    Attributes:
        text: These characters without those of annotations.
        annotations: See `Page`.
    """

    def __init__(self, page: Any, text_page: Any, text: str) -> None:
        self._characters = Characters(page, text_page)
        self._fonts = Fonts(text_page)
        self.text, self.annotations = annotation_text.split(text, self._clean)

    def lines(self) -> Lines:
        """Return the segments that lie on the page."""
        found = Lines.none()
        pieces = split_lines(self.text)
        rects = self._characters.drawn(len(self.text), sum(1 for _, raw in pieces if raw))
        if (
            not self._characters.is_rotated
            and len(rects) >= len(pieces) + _COLUMN_RECTS
            and (between := gutters(rects))
        ):
            pieces = self._in_column_order(pieces, between)
        self._is_glued = has_glued_words(self.text, pieces, self._characters.rect)
        heights = [EVERYWHERE] * bool(rects) if self._characters.is_rotated else heights_of_gaps(rects)
        for row, (start, raw) in enumerate(pieces):
            for begin, segment in self._segments(start, raw, heights):
                self._add(begin, segment, row, found)
        return found

    def _add(self, start: int, raw: str, row: int, found: Lines) -> None:
        """Add a segment, unless nothing of it lies on the page; one that changes direction or line is split there."""
        line = combine(raw, start, self._characters.rect)
        if self._is_glued:
            line = restore_spaces(line, start, self._characters.rect)
        if not (text := self._clean(line, start)):
            return
        first, last = start + len(raw) - len(raw.lstrip()), start + len(raw.rstrip()) - 1
        rect = self._characters.rect(first)
        if rect is None:
            found.texts.append(text)
            found.positions.extend(Box(row=row))
            return
        other = (self._characters.rect(last) if last > first else None) or rect
        # The larger of both: a superscript at either end says nothing about the line.
        at, main = (first, rect) if rect.top - rect.bottom >= other.top - other.bottom else (last, other)
        height, step = main.top - main.bottom, abs(rect.bottom - other.bottom)
        angle = 0.0
        if last == first or step >= _LEVEL * height or other.right <= rect.left:
            angle = self._characters.angle(first)
            is_upright = angle == 0 and step < _ANOTHER_LINE * height
            if not is_upright and len(runs := list(self._runs(first, last))) > 1:
                for begin, end in runs:
                    self._add(begin, raw[begin - start : end - start], row, found)
                return
        left, right = min(rect.left, other.left), max(rect.right, other.right)
        if right >= 0 and main.top >= 0 and left <= self._characters.width and main.bottom <= self._characters.height:
            font = self._fonts.number(at)
            size = self._fonts.size(at, font, height)
            found.texts.append(text)
            found.positions.extend((left, main.bottom, right, main.top, size, angle, font, row))

    def _runs(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Yield the ranges of characters that stand on one line and in one direction."""
        begin, angle, before = first, self._characters.angle(first), self._characters.rect(first)
        for at in range(first + 1, last + 1):
            here, rect = self._characters.angle(at), self._characters.rect(at)
            is_on_another_line = (
                here == 0
                and rect is not None
                and before is not None
                and abs(rect.bottom - before.bottom) > _ANOTHER_LINE * (rect.top - rect.bottom)
            )
            if here != angle or is_on_another_line:
                yield begin, at
                begin, angle = at, here
            before = rect or before
        yield begin, last + 1

    def _clean(self, raw: str, start: int) -> str:
        """Return a part of the text, which starts at this index, without what is not text."""
        return clean(raw, lambda at: self._fonts.name(start + at))

    def _segments(self, start: int, raw: str, heights: Sequence[tuple[float, float]]) -> Iterator[tuple[int, str]]:
        """Yield the parts of a line between wide gaps, with the index of each one's first character.

        Args:
            start: The index of the line's first character.
            raw: The line.
            heights: See `heights_of_gaps`.
        """
        line = raw.rstrip()
        begin, first = 0, len(line) - len(line.lstrip())
        if "   " in line or (heights and line and self._is_at(start + first, heights)):
            for spaces in _SPACES.finditer(line, first):
                before, after = (
                    self._characters.rect(start + spaces.start() - 1),
                    self._characters.rect(start + spaces.end()),
                )
                if before and after and _are_apart(before, after):
                    yield start + begin, raw[begin : spaces.start()]
                    begin = spaces.end()
        yield start + begin, raw[begin:]

    def _is_at(self, at: int, heights: Sequence[tuple[float, float]]) -> bool:
        rect = self._characters.rect(at)
        return rect is not None and any(rect.bottom < top and rect.top > bottom for bottom, top in heights)

    def _in_column_order(self, pieces: Sequence[tuple[int, str]], between: Sequence[Span]) -> list[tuple[int, str]]:
        """Reorder the text by column; a line that spans several columns is split."""
        ordered: list[tuple[int, str]] = []
        pending: list[list[tuple[int, str]]] = [[] for _ in range(len(between) + 1)]
        for start, raw in pieces:
            spans = [None if char.isspace() else self._characters.span(start + at) for at, char in enumerate(raw)]
            runs = columns(spans, between)
            for (begin, column), (end, _) in pairwise([*runs, (len(raw), 0)]):
                pending[column].append((start + begin, raw[begin:end]))
            if not runs:
                ordered += [*chain.from_iterable(pending), (start, raw)]
                pending = [[] for _ in pending]
        return [*ordered, *chain.from_iterable(pending)]


def _are_apart(one: Rect, other: Rect) -> bool:
    """Return True if there is a wide gap between two characters; a narrower one is enough between different sizes."""
    height = one.top - one.bottom
    is_other_size = abs(other.top - other.bottom - height) > _OTHER_SIZE * height
    gap = max(other.left - one.right, one.left - other.right)  # a note in the left margin may be drawn after its line
    return gap > (_GAP_BETWEEN_SIZES if is_other_size else _WIDE_GAP) * height
