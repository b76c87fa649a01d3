"""The backend for pypdf. It is slow to load and rarely needed, so it is imported when the others have failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pypdf

from chunk_runner.pdf.backends.base import Backend, BackendError, Copied, EncryptionError, PasswordError, describe
from chunk_runner.pdf.backends.passwords import candidates
from chunk_runner.pdf.backends.qpdf import flatten_and_save


class PypdfBackend(Backend):
    """An open PDF, as pypdf sees it."""

    def __init__(self, reader: pypdf.PdfReader) -> None:
        self._reader = reader
        self.page_count = len(reader.pages)
        self.is_encrypted = reader.is_encrypted

    def copy(self, pages: Sequence[int], file: BinaryIO) -> Copied:
        """See `Backend.copy`."""
        buffer = BytesIO()
        try:
            writer = pypdf.PdfWriter()
            for page in pages:
                writer.add_page(self._reader.pages[page - 1])
            writer.write(buffer)
        except Exception as error:  # damaged files make pypdf raise almost any exception
            raise BackendError(describe(error)) from error
        return Copied(incomplete=flatten_and_save(buffer, pages, file))


@contextmanager
def open_file(path: Path, password: str) -> Iterator[Backend]:
    """Open a file with pypdf.

    Raises:
        PasswordError: The password does not open it.
        EncryptionError: No password opens it with pypdf.
        BackendError: pypdf cannot open it.
    """
    try:
        reader = pypdf.PdfReader(path)
        is_open = not reader.is_encrypted or any(map(reader.decrypt, candidates(password)))
        backend = PypdfBackend(reader) if is_open else None
    except NotImplementedError as error:
        raise EncryptionError(describe(error)) from error
    except Exception as error:  # damaged files make pypdf raise almost any exception
        raise BackendError(describe(error)) from error
    if backend is None:
        raise PasswordError
    try:
        yield backend
    finally:
        reader.close()
