"""The backend for PDFium, through pypdfium2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pypdfium2
import pypdfium2.raw as pdfium

from chunk_runner.pdf.backends.base import BackendError, PasswordError, describe
from chunk_runner.pdf.backends.qpdf import strip_and_save


if TYPE_CHECKING:
    from chunk_runner.pdf.backends.base import Backend


_BLANK_PAGE_SIZE = (595, 842)
"""The size of the blank page that replaces one that cannot be copied, in points: A4."""


class PdfiumBackend:
    """An open PDF, as PDFium sees it."""

    def __init__(self, document: pypdfium2.PdfDocument) -> None:
        self._document = document
        self.page_count = len(document)
        self.is_encrypted = pdfium.FPDF_GetSecurityHandlerRevision(document.raw) != -1
        self.warnings: list[str] = []
        self.lost_pages: frozenset[int] = frozenset()

    def copy(self, pages: Sequence[int], file: BinaryIO) -> frozenset[int]:
        """See `Backend.copy`."""
        lost = set()
        part = pypdfium2.PdfDocument.new()
        try:
            for position, page in enumerate(pages, start=1):
                try:
                    part.import_pages(self._document, [page - 1])
                except pypdfium2.PdfiumError:
                    lost.add(page)
                    if len(part) < position:  # PDFium may have left a blank page itself
                        part.new_page(*_BLANK_PAGE_SIZE)
            if len(lost) == len(pages):
                raise BackendError("none of them can be read")
            buffer = BytesIO()
            part.save(buffer)
        except (pypdfium2.PdfiumError, ValueError) as error:
            raise BackendError(describe(error)) from error
        finally:
            part.close()
        strip_and_save(buffer, file)
        return frozenset(lost)


@contextmanager
def open_pdfium(path: Path, password: str) -> Iterator[Backend]:
    """Open a file with PDFium.

    Raises:
        PasswordError: The password does not open it.
        BackendError: PDFium cannot open it.
    """
    try:
        document = pypdfium2.PdfDocument(path, password=password or None)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise PasswordError from error
        raise BackendError(describe(error)) from error
    try:
        yield PdfiumBackend(document)
    finally:
        document.close()
