"""The header of a PDF: where in a file it begins. Knows bytes, and no PDF library.

Mail programs, web servers and printer drivers write lines before the header. Libraries accept a kilobyte of them;
poppler and MuPDF go on without any header as long as they find the objects of a PDF.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import SourceError


if TYPE_CHECKING:
    from pathlib import Path

WINDOW = 1024
"""Every library finds a header that begins within so many first bytes (ISO 32000-1, implementation note 13)."""

_HEADER = b"%PDF-"

_END = b"startxref"
"""Every PDF has this keyword, near its end."""

_BLOCK = 2**20


def offset(path: Path, name: str) -> int:
    """Return the offset of the header in a file; 0 if a PDF has none.

    Args:
        path: The file.
        name: The name to show in messages.

    Raises:
        SourceError: `NotAPdf`.
    """
    found = _find(_HEADER, path)
    if found is not None:
        return found
    if _find(_END, path) is not None:
        return 0
    raise SourceError(Reason.NOT_A_PDF, f"“{shorten(name, 120)}” is not a PDF: there is no %PDF- in it.")


def _find(marker: bytes, path: Path) -> int | None:
    """Return the offset of the first occurrence in a file, which may be larger than the memory."""
    with path.open("rb") as file:
        start, tail = 0, b""
        while block := file.read(_BLOCK):
            window = tail + block
            if (at := window.find(marker)) >= 0:
                return start - len(tail) + at
            start += len(block)
            tail = window[1 - len(marker) :]
    return None
