"""The backend for PDFium, through pypdfium2."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pypdfium2
import pypdfium2.raw as pdfium

from chunk_runner.pdf.backends.base import Backend, BackendError, Copied, EncryptionError, PasswordError, describe
from chunk_runner.pdf.backends.passwords import candidates
from chunk_runner.pdf.backends.qpdf import flatten_and_save


_BLANK_PAGE_SIZE = (595, 842)
"""The size of the blank page that replaces one that cannot be copied, in points: A4."""


class PdfiumBackend(Backend):
    """An open PDF, as PDFium sees it."""

    def __init__(self, document: pypdfium2.PdfDocument) -> None:
        self._document = document
        self.page_count = len(document)
        self.is_encrypted = pdfium.FPDF_GetSecurityHandlerRevision(document.raw) != -1

    def copy(self, pages: Sequence[int], file: BinaryIO) -> Copied:
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
        return Copied(frozenset(lost), flatten_and_save(buffer, pages, file) - lost)


@contextmanager
def open_pdfium(path: Path, password: str) -> Iterator[Backend]:
    """Open a file with PDFium.

    Raises:
        PasswordError: The password does not open it.
        EncryptionError: No password opens it with PDFium.
        BackendError: PDFium cannot open it.
    """
    document = _open(path, password)
    try:
        if len(document) == 0:
            raise BackendError("PDFium finds no page")
        yield PdfiumBackend(document)
    finally:
        document.close()


def _open(path: Path, password: str) -> pypdfium2.PdfDocument:
    """Return the open file."""
    for candidate in candidates(password):
        # The raw function, because the library's class accepts no password as bytes.
        raw = pdfium.FPDF_LoadDocument(os.fsencode(path) + b"\0", candidate + b"\0")
        if raw:
            return pypdfium2.PdfDocument(raw)
        code = pdfium.FPDF_GetLastError()
        if code == pdfium.FPDF_ERR_SECURITY:
            raise EncryptionError("PDFium does not know its security handler")
        if code != pdfium.FPDF_ERR_PASSWORD:
            raise BackendError(f"PDFium cannot open it (error {code})")
    raise PasswordError
