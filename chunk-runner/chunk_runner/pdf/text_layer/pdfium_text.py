"""The characters of a page as PDFium lists them, one for each, so that an index in the text is one in its list.

PDFium leaves some of them out of the text it returns: those whose codes are controls, although Windows has quotation
marks and dashes at some, and fonts have anything. Runs in the sandbox.
"""

from __future__ import annotations

import ctypes
import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import partial
from typing import Any

import pypdfium2.raw as pdfium

from chunk_runner.pdf.glyphs.characters import FILLER, UNKNOWN


_BEYOND_ONE_UNIT = re.compile("[\U00010000-\U0010ffff]")

_HYPHEN_OR_NUL = "\ufffe"
"""PDFium's character for a hyphen at the end of a line, and for one that its font maps to nothing."""

_WINDOWS = range(0x80, 0xA0)
"""Codes of characters in Windows, where Unicode has controls."""


def read_text(text_page: Any, count: int) -> str:
    """Return the characters of a page.

    Args:
        text_page: PDFium's text of the page.
        count: The number of characters in PDFium's list, and of those returned.
    """
    if count <= 0:
        return ""
    buffer = (ctypes.c_ushort * (count * 2 + 2))()
    units = max(pdfium.FPDFText_GetText(text_page, 0, count, buffer) - 1, 0)
    text = memoryview(buffer).cast("B")[: units * 2].tobytes().decode("utf-16-le", errors="replace")
    if len(text) < units:  # PDFium counts units of UTF-16
        text = _BEYOND_ONE_UNIT.sub(rf"\g<0>{FILLER}", text)
    if len(text) < count:
        text = "".join(_with_omitted(text_page, text, count))
    return re.sub(_HYPHEN_OR_NUL, partial(_hyphen_or_unknown, text_page), text) if _HYPHEN_OR_NUL in text else text


def _with_omitted(text_page: Any, text: str, count: int) -> Iterator[str]:
    """Yield the text in parts, with the characters that PDFium has left out."""
    at = listed = 0
    while at < len(text):
        first = pdfium.FPDFText_GetCharIndexFromTextIndex(text_page, at)
        yield from _omitted(text_page, listed, first)
        end = _end_of_run(text_page, at, len(text))
        yield text[at:end]
        at, listed = end, max(first, listed) + end - at
    yield from _omitted(text_page, listed, count)


def _end_of_run(text_page: Any, begin: int, end: int) -> int:
    """Return the index in the text up to which nothing has been left out after `begin`."""

    def omitted_before(at: int) -> int:
        return int(pdfium.FPDFText_GetCharIndexFromTextIndex(text_page, at)) - at

    known = omitted_before(begin)
    step = 1
    while begin + step < end and omitted_before(begin + step) == known:
        step *= 2
    return bisect_left(range(end), known + 1, lo=begin + step // 2, hi=min(begin + step, end), key=omitted_before)


def _omitted(text_page: Any, begin: int, end: int) -> Iterator[str]:
    """Yield the characters of a range of PDFium's list, none of which its text has."""
    for at in range(begin, end):
        code = pdfium.FPDFText_GetUnicode(text_page, at)
        yield chr(code) if code in _WINDOWS else UNKNOWN


def _hyphen_or_unknown(text_page: Any, match: re.Match[str]) -> str:
    return match[0] if pdfium.FPDFText_GetUnicode(text_page, match.start()) else UNKNOWN
