"""One page as PDFium reads it: its lines, their positions, and whether a large picture shows more than they say.

Runs in the sandbox. PDFium is not thread-safe, so pages are read in processes and never in threads.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from chunk_runner.contract.reasons import Reason
from chunk_runner.pdf.characters import HYPHEN_MARKS, clean, count_unnamed
from chunk_runner.pdf.columns import Rect, Span, columns, gutters
from chunk_runner.pdf.page import Page, PageRef, PageState


_CHARACTERS_LIMIT = 2_000_000
"""Characters of one page; a page of a book has 3,000. More is a bomb, and would use up memory in all later steps."""

_COLUMN_RECTS = 4
"""Columns are looked for if a page has at least this many more text rectangles than lines."""

_RECTS_LIMIT = 10_000
"""Columns are not looked for on a page with more text rectangles."""

_OBJECTS_LIMIT = 1000
"""Page objects that are examined one by one."""

_PICTURE_DIVISOR = 20
"""A picture that takes up at least one part in so many of the page may contain text; a logo is smaller."""

_FULL_TEXT_CHARACTERS = 1500
"""A page of text has at least this many characters, and so does a scan with a text layer."""

_FONT_NAME_LIMIT = 100
"""Bytes of a font's name; PDFium writes nothing if it is longer."""

_VISIBLE_KINDS = frozenset(
    {
        pdfium.FPDF_PAGEOBJ_PATH,
        pdfium.FPDF_PAGEOBJ_IMAGE,
        pdfium.FPDF_PAGEOBJ_SHADING,
        pdfium.FPDF_PAGEOBJ_FORM,
    }
)


def read_page(document: pypdfium2.PdfDocument, path: Path, ref: PageRef) -> Page:
    """Read a page.

    Args:
        document: The open file.
        path: The file, for the other libraries to examine what PDFium leaves in doubt.
        ref: The page.
    """
    # The raw functions, because the library's objects would double the time for a page of a book.
    page = pdfium.FPDF_LoadPage(document.raw, ref.position - 1)
    if not page:
        return Page.failed(ref, Reason.PAGE_UNREADABLE)
    try:
        text_page = pdfium.FPDFText_LoadPage(page)
        try:
            count = pdfium.FPDFText_CountChars(text_page)
            if count > _CHARACTERS_LIMIT:
                return Page.failed(ref, Reason.MEMORY_LIMIT_EXCEEDED)
            text = _text(text_page, count)
            height = pdfium.FPDF_GetPageHeightF(page)
            lines, boxes = _lines(page, text_page, text, height)
        finally:
            pdfium.FPDFText_ClosePage(text_page)
        if lines:
            return Page(
                ref,
                PageState.OK,
                lines,
                boxes,
                height,
                has_picture=_has_picture(page, height, count),
                unnamed_characters=sum(map(count_unnamed, lines)),
            )
        return _page_without_lines(page, path, ref, has_characters=bool(text.strip()))
    finally:
        pdfium.FPDF_ClosePage(page)


def _text(text_page: Any, count: int) -> str:
    if count <= 0:
        return ""
    buffer = (ctypes.c_ushort * (count * 2 + 2))()  # a character may take two units of UTF-16
    units = pdfium.FPDFText_GetText(text_page, 0, count, buffer)
    return memoryview(buffer).cast("B")[: max(units - 1, 0) * 2].tobytes().decode("utf-16-le", errors="replace")


def _lines(page: Any, text_page: Any, text: str, height: float) -> tuple[list[str], array[float]]:
    """Return the lines that hold text, and for each the left, bottom and top of its first character, as displayed."""
    lines: list[str] = []
    boxes = array("f")
    box = pdfium.FS_RECTF()
    reference = ctypes.byref(box)
    box_of = pdfium.FPDFText_GetLooseCharBox
    # Quarter turns clockwise (ISO 32000-1, table 30, `Rotate`); characters of a rotated page stand sideways.
    rotation = pdfium.FPDFPage_GetRotation(page)
    width = pdfium.FPDF_GetPageWidthF(page) if rotation else 0
    pieces = _pieces(text)
    if rotation == 0 and (between := _gutters(text_page, len(pieces))):
        pieces = _in_column_order(text_page, pieces, between)
    for start, raw in pieces:
        if line := clean(raw, partial(_font_name, text_page, start)):
            lines.append(line)
            if not box_of(text_page, start + len(raw) - len(raw.lstrip()), reference):
                boxes.extend((0, 0, 0))
                continue
            match rotation:
                case 0:
                    boxes.extend((box.left, box.bottom, box.top))
                case 1:
                    boxes.extend((box.bottom, height - box.right, height - box.left))
                case 2:
                    boxes.extend((width - box.right, height - box.top, height - box.bottom))
                case _:
                    boxes.extend((width - box.top, box.left, box.right))
    return lines, boxes


def _font_name(text_page: Any, start: int, at: int) -> str:
    """Return the name of a character's font, given the index of its line and its own within it."""
    name = ctypes.create_string_buffer(_FONT_NAME_LIMIT)
    length = pdfium.FPDFText_GetFontInfo(text_page, start + at, name, _FONT_NAME_LIMIT, None)
    return name.value.decode(errors="replace") if 0 < length <= _FONT_NAME_LIMIT else ""


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


def _gutters(text_page: Any, line_count: int) -> list[Span]:
    """Return the gutters between columns that are drawn row by row: such a page has more rectangles than lines."""
    count = pdfium.FPDFText_CountRects(text_page, 0, -1)
    if count < line_count + _COLUMN_RECTS or count > _RECTS_LIMIT:
        return []
    edges = (ctypes.c_double * 4)()
    left, bottom, right, top = (ctypes.c_double.from_buffer(edges, 8 * at) for at in range(4))
    rects = [Rect(*edges) for at in range(count) if pdfium.FPDFText_GetRect(text_page, at, left, top, right, bottom)]
    return gutters(rects)


def _in_column_order(
    text_page: Any, pieces: Sequence[tuple[int, str]], between: Sequence[Span]
) -> list[tuple[int, str]]:
    """Reorder the text by column; a line that spans several columns is split."""
    ordered: list[tuple[int, str]] = []
    pending: list[list[tuple[int, str]]] = [[] for _ in range(len(between) + 1)]
    for start, raw in pieces:
        spans = [None if char.isspace() else _span(text_page, start + at) for at, char in enumerate(raw)]
        runs = columns(spans, between)
        for (begin, column), (end, _) in pairwise([*runs, (len(raw), 0)]):
            pending[column].append((start + begin, raw[begin:end]))
        if not runs:
            ordered += [*chain.from_iterable(pending), (start, raw)]
            pending = [[] for _ in pending]
    return [*ordered, *chain.from_iterable(pending)]


def _span(text_page: Any, at: int) -> Span | None:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    if not pdfium.FPDFText_GetCharBox(text_page, at, left, right, bottom, top):
        return None
    return Span(left.value, right.value)


def _objects(page: Any) -> Iterator[tuple[int, Any]]:
    """Yield the kind and handle of each page object, up to a limit."""
    for at in range(min(pdfium.FPDFPage_CountObjects(page), _OBJECTS_LIMIT)):
        handle = pdfium.FPDFPage_GetObject(page, at)
        yield pdfium.FPDFPageObj_GetType(handle), handle


def _has_picture(page: Any, height: float, characters: int) -> bool:
    """Return True if a picture takes up a large part of a page with little text."""
    if characters >= _FULL_TEXT_CHARACTERS:
        return False
    minimum_area = height * pdfium.FPDF_GetPageWidthF(page) / _PICTURE_DIVISOR
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    return any(
        pdfium.FPDFPageObj_GetBounds(handle, left, bottom, right, top)
        and (right.value - left.value) * (top.value - bottom.value) >= minimum_area
        for kind, handle in _objects(page)
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE
    )


def _page_without_lines(page: Any, path: Path, ref: PageRef, *, has_characters: bool) -> Page:
    """Return a page without lines: it has no text, is blank, or could not be decoded."""
    kinds = {kind for kind, _ in _objects(page)}
    if has_characters or kinds & _VISIBLE_KINDS:
        return Page(ref, PageState.NO_TEXT)
    if not kinds:
        from chunk_runner.pdf import pypdf_reader  # noqa: PLC0415 (takes longer to load than a chunk takes to read)

        if not pypdf_reader.has_decodable_content(path, ref.position):
            return Page.failed(ref, Reason.PAGE_UNREADABLE)
    return Page(ref, PageState.EMPTY)
