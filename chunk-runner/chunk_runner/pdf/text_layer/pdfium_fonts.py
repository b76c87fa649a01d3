"""The fonts of a page's characters, as PDFium knows them. Runs in the sandbox."""

from __future__ import annotations

import ctypes
import math
import re
from typing import Any
from zlib import crc32

import pypdfium2.raw as pdfium

from chunk_runner.pdf.page import font_number


_BOLD = re.compile(rb"bold|black|heavy|demi|cmbx|sfbx", re.IGNORECASE)
_FIXED_PITCH = re.compile(rb"courier|mono|consol|typewriter|cmtt|inconsolata|menlo|terminal", re.IGNORECASE)
"""Parts of the names of such fonts; the flags in a file are often missing."""

_SUBSET_PREFIX = re.compile(rb"^[A-Z]{6}\+")
_NAME_LIMIT = 100

_FIXED_PITCH_FLAG = 1
_FORCE_BOLD_FLAG = 1 << 18
"""Flags of a font descriptor (ISO 32000-1, table 123)."""


class Fonts:
    """The fonts of a page.

    Args:
        text_page: PDFium's text of the page.
    """

    def __init__(self, text_page: Any) -> None:
        self._text_page = text_page
        self._numbers: dict[tuple[bytes, int], int] = {}
        self._sizes: dict[tuple[int, int], float] = {}
        self._name = ctypes.create_string_buffer(_NAME_LIMIT)
        self._flags = ctypes.c_int()

    def name(self, at: int) -> str:
        """Return the name of a character's font; empty if it has none."""
        return self._info(at)[0].decode(errors="replace")

    def number(self, at: int) -> int:
        """Return the number of a character's font, see `font_number`."""
        key = self._info(at)
        if key not in self._numbers:
            name, flags = key
            self._numbers[key] = font_number(
                crc32(_SUBSET_PREFIX.sub(b"", name)),
                is_bold=bool(flags & _FORCE_BOLD_FLAG or _BOLD.search(name)),
                is_fixed_pitch=bool(flags & _FIXED_PITCH_FLAG or _FIXED_PITCH.search(name)),
            )
        return self._numbers[key]

    def _info(self, at: int) -> tuple[bytes, int]:
        """Return the name of a character's font and the flags of its descriptor."""
        length = pdfium.FPDFText_GetFontInfo(self._text_page, at, self._name, _NAME_LIMIT, self._flags)
        return self._name.value if 0 < length <= _NAME_LIMIT else b"", self._flags.value

    def size(self, at: int, font: int, height: float) -> float:
        """Return the size of a character's font in points, as drawn.

        Args:
            at: The index of the character.
            font: The number of its font.
            height: The height of its box in points, which is the same for all characters of most fonts.
        """
        key = (font, round(height * 10))
        if key not in self._sizes:
            matrix = pdfium.FS_MATRIX()
            size = 0.0
            if pdfium.FPDFText_GetMatrix(self._text_page, at, matrix):
                size = pdfium.FPDFText_GetFontSize(self._text_page, at) * math.hypot(matrix.c, matrix.d)
            # The size of a Type 3 font is that of its own coordinates, which may be any.
            self._sizes[key] = size if height / 2 < size < height * 2 else height
        return self._sizes[key]
