"""Text in fonts that a PDF does not embed: replacing the fonts alike on every machine, and losing none of the text.

PDFium replaces such a font by one of the machine's or by one of its own, which have Latin letters only, and leaves out
text without width: a single character of which the font has no shape. So the text would depend on the fonts of the
machine, and some of it would be missing. Runs in the sandbox.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable, Iterator
from functools import partial
from importlib import resources
from typing import Any

import pypdfium2.raw as pdfium


_SUBSTITUTE = (resources.files("chunk_runner.pdf.text_layer") / "substitute.ttf").read_bytes()
"""A font of boxes, made by `tools/generators/substitute_font.py`. Without it, these characters would have no height
either, from which columns are found."""

_SUBSTITUTE_HANDLE = 1
"""Any number but 0."""

_SUBSTITUTED_CHARSETS = frozenset(
    {
        pdfium.FXFONT_SHIFTJIS_CHARSET,
        pdfium.FXFONT_HANGEUL_CHARSET,
        pdfium.FXFONT_GB2312_CHARSET,
        pdfium.FXFONT_CHINESEBIG5_CHARSET,
    }
)

_NARROWEST = 0.01
"""PDFium leaves out narrower text, in points."""

_OUTLINE_WIDTH = 0.1
"""The width of the outline that is drawn around such text, in points."""

_BLANK = re.compile("[\0\r\n \u00a0\u2000-\u200b\u3000]*")
"""Controls are none: Windows has an ellipsis where Unicode has a line end."""

_UNCHANGED = pdfium.FS_MATRIX(1, 0, 0, 1, 0, 0)


class _FontSource:
    """Answers PDFium's questions about the fonts of the machine, as if it had only the substitute.

    Attributes:
        is_used: True if a file does not embed all of its fonts.
    """

    def __init__(self) -> None:
        self.is_used = False
        # PDFium keeps only pointers to this structure and its functions, which therefore live as long as this object.
        self._info = pdfium.FPDF_SYSFONTINFO(version=1)
        self._info.MapFont = type(self._info.MapFont)(self._map_font)
        self._info.GetFontData = type(self._info.GetFontData)(self._font_data)

    def install(self) -> None:
        """Make PDFium ask here instead of looking for the fonts of the machine."""
        pdfium.FPDF_SetSystemFontInfo(self._info)

    def _map_font(self, _info: Any, _weight: int, _italic: int, charset: int, *_: Any) -> int | None:
        """Return the handle of the font for a character set; `None` for PDFium's own."""
        self.is_used = True
        return _SUBSTITUTE_HANDLE if charset in _SUBSTITUTED_CHARSETS else None

    @staticmethod
    def _font_data(_info: Any, _font: Any, table: int, buffer: Any, size: int) -> int:
        """Copy the font into a buffer that is large enough, and return its size; 0 for a single table of it."""
        if table:
            return 0
        if size >= len(_SUBSTITUTE):
            ctypes.memmove(buffer, _SUBSTITUTE, len(_SUBSTITUTE))
        return len(_SUBSTITUTE)


_source = _FontSource()


def ignore_machine_fonts() -> None:
    """Make PDFium replace fonts alike on every machine; call it before the first file is opened."""
    _source.install()


def keep_narrow_text(page: Any) -> None:
    """Have PDFium keep the text of a page that it would leave out; call it before the text is read.

    Args:
        page: PDFium's page.
    """
    if not _source.is_used:  # true of most files
        return
    narrow = [
        (text, pdfium.FPDFTextObj_GetTextRenderMode(text))
        for text in _narrow_texts(partial(pdfium.FPDFPage_GetObject, page), pdfium.FPDFPage_CountObjects(page))
        if _is_missing_font(text) and _is_of_size(text)
    ]
    if not narrow:
        return
    for text, _ in narrow:
        # The bounds of outlined text are wider than its shape.
        pdfium.FPDFPageObj_SetStrokeWidth(text, _OUTLINE_WIDTH)
        _set_mode(text, pdfium.FPDF_TEXTRENDERMODE_STROKE)
    text_page = pdfium.FPDFText_LoadPage(page)
    try:
        blank = [(text, mode) for text, mode in narrow if _is_blank(text, text_page)]
    finally:
        pdfium.FPDFText_ClosePage(text_page)
    for text, mode in blank:  # would stand between parts of a line that are drawn at other times
        _set_mode(text, mode)


def _narrow_texts(get: Callable[[int], Any], count: int) -> Iterator[Any]:
    """Yield the text objects of a page or form that PDFium leaves out, and those of the forms within it.

    Args:
        get: Returns the object at an index.
        count: The number of objects.
    """
    kind_of, get_bounds = pdfium.FPDFPageObj_GetType, pdfium.FPDFPageObj_GetBounds
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for at in range(count):
        item = get(at)
        kind = kind_of(item)
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            if get_bounds(item, left, bottom, right, top) and abs(right.value - left.value) < _NARROWEST:
                yield item
        elif kind == pdfium.FPDF_PAGEOBJ_FORM:
            yield from _narrow_texts(partial(pdfium.FPDFFormObj_GetObject, item), pdfium.FPDFFormObj_CountObjects(item))


def _is_missing_font(text: Any) -> bool:
    return bool(pdfium.FPDFFont_GetIsEmbedded(pdfium.FPDFTextObj_GetFont(text)) == 0)


def _is_of_size(text: Any) -> bool:
    """Return True if a text would be visible in its font; size 0 is a way to hide text."""
    size, matrix = ctypes.c_float(), pdfium.FS_MATRIX()
    pdfium.FPDFTextObj_GetFontSize(text, size)
    pdfium.FPDFPageObj_GetMatrix(text, matrix)
    return abs(size.value) * math.hypot(matrix.a, matrix.b) > _NARROWEST


def _set_mode(text: Any, mode: int) -> None:
    pdfium.FPDFTextObj_SetTextRenderMode(text, mode)
    pdfium.FPDFPageObj_TransformF(text, _UNCHANGED)  # updates the bounds


def _is_blank(text: Any, text_page: Any) -> bool:
    size = pdfium.FPDFTextObj_GetText(text, text_page, None, 0)
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    pdfium.FPDFTextObj_GetText(text, text_page, buffer, size)
    return _BLANK.fullmatch(bytes(buffer).decode("utf-16-le", errors="replace")) is not None
