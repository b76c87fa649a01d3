"""The lines of a page as PDFium finds them, cut into segments, and the position of each. Runs in the sandbox.

PDFium joins what stands at one height into a line: the cells of a row, a line number and its line, a note in the margin
and the text beside it. A **segment** is a part of such a line without a wide gap; `text.layout` decides which segments
belong together. This module asks PDFium about the first and the last character of a segment only: each call through
ctypes takes about a microsecond, and a page of a book has 3,000 characters.
"""

from __future__ import annotations

import ctypes
import math
import re
from array import array
from collections.abc import Iterator, Sequence
from itertools import chain, groupby, pairwise
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from chunk_runner.pdf import annotation_text
from chunk_runner.pdf.characters import HYPHEN_MARKS, clean
from chunk_runner.pdf.columns import Rect, Span, columns, gutters
from chunk_runner.pdf.page import Box
from chunk_runner.pdf.pdfium_fonts import Fonts
from chunk_runner.pdf.word_gaps import has_glued_words, part


_COLUMN_RECTS = 4
"""Columns are looked for if a page has at least this many more text rectangles than lines."""

_RECTS_LIMIT = 10_000
"""Columns are not looked for on a page with more text rectangles."""

_WIDE_GAP = 1.0
"""A gap that is wider than this many line heights separates two segments."""

_ANOTHER_LINE = 0.7
"""Characters stand on different lines if their lower edges differ by this many line heights; superscripts do less."""

_SPACES = re.compile(r"[ \u00a0]+")

_LEVEL = 0.3
"""The lower edges of an upright line's first and last character differ by less than this many line heights."""

_MIXED = 360
"""In place of an angle: the characters of a segment stand in different directions."""


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
        self._text_page = text_page
        self._fonts = Fonts(text_page)
        self._is_glued = False  # PDFium saw no spaces where there are gaps
        self.text, self.annotations = annotation_text.split(text, self._clean)
        # Quarter turns clockwise (ISO 32000-1, table 30, `Rotate`); characters of a rotated page stand sideways.
        self._rotation = pdfium.FPDFPage_GetRotation(page)
        self._bounds = pdfium.FS_RECTF()  # the crop box, as far as it lies on the page
        pdfium.FPDF_GetPageBoundingBox(page, self._bounds)
        self._width = self._bounds.right - self._bounds.left
        self._height = self._bounds.top - self._bounds.bottom
        self._box = pdfium.FS_RECTF()
        self._edges = (ctypes.c_double * 4)()
        self._corners = [ctypes.c_double.from_buffer(self._edges, 8 * at) for at in range(4)]

    def lines(self) -> Lines:
        """Return the segments that lie on the page."""
        found = Lines.none()
        pieces = _pieces(self.text)
        rect_count = pdfium.FPDFText_CountRects(self._text_page, 0, len(self.text))
        if self._rotation == 0 and (between := self._gutters(rect_count, len(pieces))):
            pieces = self._in_column_order(pieces, between)
        self._is_glued = has_glued_words(pieces, self._rect)
        is_drawn_in_parts = rect_count > sum(1 for _, raw in pieces if raw)
        for row, (start, raw) in enumerate(pieces):
            for begin, segment in self._segments(start, raw) if is_drawn_in_parts else [(start, raw)]:
                self._add(begin, segment, row, found)
        return found

    def _add(self, start: int, raw: str, row: int, found: Lines) -> None:
        """Add a segment, unless nothing of it lies on the page; one that turns in the middle is parted there."""
        line = part(raw, start, self._rect) if self._is_glued else raw
        if not (text := self._clean(line, start)):
            return
        first, last = start + len(raw) - len(raw.lstrip()), start + len(raw.rstrip()) - 1
        box = self._position(first, last, row)
        if box.angle == _MIXED:
            for begin, end in self._runs(first, last):
                self._add(begin, raw[begin - start : end - start], row, found)
        elif self._is_on_page(box):
            found.texts.append(text)
            found.positions.extend(box)

    def _runs(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Yield the ranges of characters that stand in one direction."""
        begin = first
        for _, run in groupby(range(first, last + 1), key=self._angle):
            end = begin + sum(1 for _ in run)
            yield begin, end
            begin = end

    def _clean(self, raw: str, start: int) -> str:
        """Return a part of the text, which starts at this index, without what is not text."""
        return clean(raw, lambda at: self._fonts.name(start + at))

    def _position(self, first: int, last: int, row: int) -> Box:
        """Return the box of a segment, as displayed, given the indexes of its first and last character."""
        rect = self._rect(first)
        if rect is None:
            return Box(row=row)
        other = (self._rect(last) if last > first else None) or rect
        # The larger of both: a superscript at either end says nothing about the line.
        at, main = (first, rect) if rect.top - rect.bottom >= other.top - other.bottom else (last, other)
        height = main.top - main.bottom
        angle = 0.0
        if last == first or abs(rect.bottom - other.bottom) >= _LEVEL * height or other.right <= rect.left:
            angle = self._angle(first)
            if angle != self._angle(last):
                angle = _MIXED
        font = self._fonts.number(at)
        return Box(
            min(rect.left, other.left),
            main.bottom,
            max(rect.right, other.right),
            main.top,
            self._fonts.size(at, font, height),
            angle,
            font,
            row,
        )

    def _rect(self, at: int) -> Rect | None:
        """Return the box of a character, as displayed: in points from the lower left corner of the crop box."""
        box, bounds = self._box, self._bounds
        if not pdfium.FPDFText_GetLooseCharBox(self._text_page, at, box):
            return None
        left, bottom = box.left - bounds.left, box.bottom - bounds.bottom
        right, top = box.right - bounds.left, box.top - bounds.bottom
        match self._rotation:
            case 0:
                return Rect(left, bottom, right, top)
            case 1:
                return Rect(bottom, self._width - right, top, self._width - left)
            case 2:
                return Rect(self._width - right, self._height - top, self._width - left, self._height - bottom)
            case _:
                return Rect(self._height - top, left, self._height - bottom, right)

    def _is_on_page(self, box: Box) -> bool:
        """Return True unless the segment lies wholly outside the crop box, where no viewer shows it."""
        width, height = (self._height, self._width) if self._rotation % 2 else (self._width, self._height)
        return box.right >= 0 and box.top >= 0 and box.left <= width and box.bottom <= height

    def _angle(self, at: int) -> float:
        """Return the direction in which a character stands as displayed, in degrees counterclockwise: -179 to 180."""
        matrix = pdfium.FS_MATRIX()
        if not pdfium.FPDFText_GetMatrix(self._text_page, at, matrix):
            return 0
        angle = round(math.degrees(math.atan2(matrix.b, matrix.a))) - 90 * self._rotation
        return float(180 - (180 - angle) % 360)

    def _segments(self, start: int, raw: str) -> Iterator[tuple[int, str]]:
        """Yield the parts of a line between wide gaps, with the index of each one's first character."""
        begin = 0
        for spaces in _SPACES.finditer(raw.rstrip(), len(raw) - len(raw.lstrip())):
            before, after = self._rect(start + spaces.start() - 1), self._rect(start + spaces.end())
            if before and after and _are_apart(before, after):
                yield start + begin, raw[begin : spaces.start()]
                begin = spaces.end()
        yield start + begin, raw[begin:]

    def _gutters(self, count: int, line_count: int) -> list[Span]:
        """Return the gutters between columns that are drawn row by row: such a page has more rectangles than lines."""
        if count < line_count + _COLUMN_RECTS or count > _RECTS_LIMIT:
            return []
        left, bottom, right, top = self._corners
        get = pdfium.FPDFText_GetRect
        return gutters(
            [Rect(*self._edges) for at in range(count) if get(self._text_page, at, left, top, right, bottom)]
        )

    def _in_column_order(self, pieces: Sequence[tuple[int, str]], between: Sequence[Span]) -> list[tuple[int, str]]:
        """Reorder the text by column; a line that spans several columns is split."""
        ordered: list[tuple[int, str]] = []
        pending: list[list[tuple[int, str]]] = [[] for _ in range(len(between) + 1)]
        for start, raw in pieces:
            spans = [None if char.isspace() else self._span(start + at) for at, char in enumerate(raw)]
            runs = columns(spans, between)
            for (begin, column), (end, _) in pairwise([*runs, (len(raw), 0)]):
                pending[column].append((start + begin, raw[begin:end]))
            if not runs:
                ordered += [*chain.from_iterable(pending), (start, raw)]
                pending = [[] for _ in pending]
        return [*ordered, *chain.from_iterable(pending)]

    def _span(self, at: int) -> Span | None:
        left, right, bottom, top = self._corners
        if not pdfium.FPDFText_GetCharBox(self._text_page, at, left, right, bottom, top):
            return None
        return Span(left.value, right.value)


def _are_apart(one: Rect, other: Rect) -> bool:
    """Return True if there is a wide gap between two characters, or one stands on another line."""
    height = max(one.top - one.bottom, other.top - other.bottom)
    return other.left - one.right > _WIDE_GAP * (one.top - one.bottom) or abs(one.bottom - other.bottom) > (
        _ANOTHER_LINE * height
    )


def _pieces(text: str) -> list[tuple[int, str]]:
    """Return the lines of a page's text with the index of each one's first character in PDFium's list.

    Indexes in the text and in that list are the same, because PDFium lists line ends as characters; files with
    surrogate pairs, the exception, are off by a character or two.
    """
    for mark in HYPHEN_MARKS:
        if mark in text:
            text = text.replace(mark, f"{mark}\r\n")
    pieces: list[tuple[int, str]] = []
    start = 0
    for raw in text.split("\r\n"):
        pieces.append((start, raw))
        start += len(raw) + (0 if raw[-1:] in HYPHEN_MARKS else 2)
    return pieces
