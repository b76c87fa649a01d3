"""The positions of the characters of a page, as PDFium returns them. Runs in the sandbox."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import pypdfium2.raw as pdfium

from chunk_runner.pdf.glyphs.columns import Rect, Span


_RECTS_LIMIT = 10_000
"""A page with more text rectangles is a drawing, or hostile."""


class Characters:
    """The characters of a page, by their index in PDFium's list.

    All positions are as displayed: in points from the lower left corner of the crop box.

    Args:
        page: PDFium's page.
        text_page: PDFium's text of that page.

    Attributes:
        is_rotated: True if the page is displayed rotated; its characters stand sideways or upside down in the file.
        width: The width of the page.
        height: The height of the page.
    """

    def __init__(self, page: Any, text_page: Any) -> None:
        self._text_page = text_page
        # Quarter turns clockwise (ISO 32000-1, table 30, `Rotate`).
        self._rotation = pdfium.FPDFPage_GetRotation(page)
        self.is_rotated = self._rotation != 0
        bounds = pdfium.FS_RECTF()  # the crop box, as far as it lies on the page
        pdfium.FPDF_GetPageBoundingBox(page, bounds)
        self._bounds = Rect(bounds.left, bounds.bottom, bounds.right, bounds.top)
        self.width, self.height = bounds.right - bounds.left, bounds.top - bounds.bottom
        if self._rotation % 2:
            self.width, self.height = self.height, self.width
        self._box = pdfium.FS_RECTF()
        self._edges = (ctypes.c_double * 4)()
        self._corners = [ctypes.c_double.from_buffer(self._edges, 8 * at) for at in range(4)]

    def rect(self, at: int) -> Rect | None:
        """Return the box of a character, which is the same height for all characters of most fonts."""
        box = self._box
        if not pdfium.FPDFText_GetLooseCharBox(self._text_page, at, box):
            return None
        left, bottom, right, top = box.left, box.bottom, box.right, box.top
        bounds = self._bounds
        match self._rotation:
            case 0:
                return Rect(left - bounds.left, bottom - bounds.bottom, right - bounds.left, top - bounds.bottom)
            case 1:
                return Rect(bottom - bounds.bottom, bounds.right - right, top - bounds.bottom, bounds.right - left)
            case 2:
                return Rect(bounds.right - right, bounds.top - top, bounds.right - left, bounds.top - bottom)
            case _:
                return Rect(bounds.top - top, left - bounds.left, bounds.top - bottom, right - bounds.left)

    def angle(self, at: int) -> float:
        """Return the direction in which a character stands as displayed, in degrees counterclockwise: -179 to 180."""
        matrix = pdfium.FS_MATRIX()
        if not pdfium.FPDFText_GetMatrix(self._text_page, at, matrix):
            return 0
        angle = round(math.degrees(math.atan2(matrix.b, matrix.a))) - 90 * self._rotation
        return float(180 - (180 - angle) % 360)

    def drawn(self, count: int, line_count: int) -> list[Rect]:
        """Return the bounds of each text that was drawn in one go, in drawing order.

        The result is empty if each line was, and if there are too many.

        Args:
            count: The number of characters.
            line_count: The number of lines.
        """
        rects = pdfium.FPDFText_CountRects(self._text_page, 0, count)
        if not line_count < rects <= _RECTS_LIMIT:
            return []
        left, bottom, right, top = self._corners
        get, x, y = pdfium.FPDFText_GetRect, self._bounds.left, self._bounds.bottom
        return [
            Rect(left.value - x, bottom.value - y, right.value - x, top.value - y)
            for at in range(rects)
            if get(self._text_page, at, left, top, right, bottom)
        ]

    def span(self, at: int) -> Span | None:
        """Return from where to where the drawn part of a character stands, without the space beside it."""
        left, right, bottom, top = self._corners
        if not pdfium.FPDFText_GetCharBox(self._text_page, at, left, right, bottom, top):
            return None
        return Span(left.value - self._bounds.left, right.value - self._bounds.left)
