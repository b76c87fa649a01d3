"""One page as PDFium reads it: its lines, their positions, and whether a large picture shows more than they say.

Runs in the sandbox. PDFium is not thread-safe, so pages are read in processes and never in threads.
"""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pypdfium2
import pypdfium2.raw as pdfium

from chunk_runner.contract.reasons import Reason
from chunk_runner.pdf.glyphs.characters import count_unmapped
from chunk_runner.pdf.page import Box, Page, PageRef, PageState
from chunk_runner.pdf.text_layer.pdfium_lines import Lines, TextPage
from chunk_runner.pdf.text_layer.pdfium_missing_fonts import keep_narrow_text
from chunk_runner.pdf.text_layer.pdfium_text import read_text


_CHARACTERS_LIMIT = 2_000_000
"""Characters of one page; a page of a book has 3,000. More is a bomb, and would use up memory in all later steps."""

_OBJECTS_LIMIT = 1000
"""Page objects that are examined one by one."""

_PICTURE_DIVISOR = 20
"""A picture that takes up at least one part in so many of the page may contain text; a logo is smaller."""

_FULL_TEXT_CHARACTERS = 1500
"""A page of text has at least this many characters, and so does a scan with a text layer."""

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
        keep_narrow_text(page)
        read = _read_text(page)
        if read is None:
            return Page.failed(ref, Reason.MEMORY_LIMIT_EXCEEDED)
        if (turns := _quarter_turns(read.lines)) != 0:
            # PDFium reads the lines of sideways text from the last to the first, but those of a rotated page in order.
            pdfium.FPDFPage_SetRotation(page, (pdfium.FPDFPage_GetRotation(page) + turns) % 4)
            read = _read_text(page) or read
        lines, annotations = read.lines, read.annotations
        if not lines.texts and not annotations:
            return _page_without_lines(page, path, ref, has_characters=bool(read.text.strip()))
        width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
        has_picture = len(read.text) < _FULL_TEXT_CHARACTERS and _has_picture(page, width * height)
        return Page(
            ref,
            PageState.OK,
            lines.texts,
            lines.positions,
            width,
            height,
            has_picture=has_picture,
            annotations=annotations,
            unmapped_characters=sum(map(count_unmapped, chain(lines.texts, *annotations))),
        )
    finally:
        pdfium.FPDF_ClosePage(page)


class _PageText(NamedTuple):
    """The text of a page.

    Attributes:
        text: Its characters, without those of annotations.
        lines: Its lines, without those of annotations.
        annotations: See `Page`.
    """

    text: str
    lines: Lines
    annotations: list[list[str]]


def _read_text(page: Any) -> _PageText | None:
    """Return the text of a page; `None` if there is too much."""
    text_page = pdfium.FPDFText_LoadPage(page)
    try:
        count = pdfium.FPDFText_CountChars(text_page)
        if count > _CHARACTERS_LIMIT:
            return None
        found = TextPage(page, text_page, read_text(text_page, count))
        return _PageText(found.text, found.lines(), found.annotations)
    finally:
        pdfium.FPDFText_ClosePage(text_page)


def _quarter_turns(lines: Lines) -> int:
    """Return the quarter turns clockwise after which most of the text is upright; 0 if it is, or none does it."""
    characters: Counter[int] = Counter()
    for text, angle in zip(lines.texts, lines.positions[Box._fields.index("angle") :: len(Box._fields)], strict=True):
        characters[round(angle)] += len(text)
    for turns, angle in ((1, 90), (2, 180), (3, -90)):
        if 2 * characters[angle] > characters.total():
            return turns
    return 0


def _objects(page: Any) -> Iterator[tuple[int, Any]]:
    """Yield the kind and handle of each page object, up to a limit."""
    for at in range(min(pdfium.FPDFPage_CountObjects(page), _OBJECTS_LIMIT)):
        handle = pdfium.FPDFPage_GetObject(page, at)
        yield pdfium.FPDFPageObj_GetType(handle), handle


def _has_picture(page: Any, area: float) -> bool:
    """Return True if a picture takes up a large part of a page of this area."""
    minimum_area = area / _PICTURE_DIVISOR
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
        from chunk_runner.pdf.text_layer import pypdf_page  # noqa: PLC0415 (takes longer to load than a chunk takes to read)

        if not pypdf_page.has_decodable_content(path, ref.position):
            return Page.failed(ref, Reason.PAGE_UNREADABLE)
    return Page(ref, PageState.EMPTY)
