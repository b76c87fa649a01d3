"""The extraction of pages: a few pages of a PDF as a PDF in memory, written by the splitter to a temporary file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ChunkError, SourceError, WorkspaceError
from chunk_runner.pdf.document import SourceDocument
from chunk_runner.pdf.splitter import PartSpec, write_parts


_BYTES_LIMIT = 48 * 2**20
"""Gemini accepts 50 MB (ai.google.dev/gemini-api/docs/document-processing); a pod's scratch space holds 64 MiB."""


def extract(path: Path, page_count: int, pages: Sequence[int]) -> bytes:
    """Return pages of a PDF as a PDF of their own.

    Args:
        path: The file.
        page_count: The number of its pages.
        pages: The 1-based pages to extract.

    Raises:
        ChunkError: No backend can copy the pages, or the result is too large.
        WorkspaceError: A temporary file cannot be written.
    """
    with _room_for_temporary_files(), tempfile.TemporaryDirectory(prefix="pdfjob-") as folder:
        target = Path(folder) / "part.pdf"
        part = PartSpec(pages, target.parent, partial(_temporary_file, target))
        document = SourceDocument(path, path.name)
        try:
            (outcome,) = write_parts(document, page_count, [part], max_bytes=_BYTES_LIMIT)
        except SourceError as error:
            raise ChunkError(error.reason, error.message) from error
        if outcome.failure is not None or outcome.lost_pages:
            message = "These pages cannot be copied." if outcome.failure is None else outcome.failure.message
            raise ChunkError(Reason.PAGE_UNREADABLE, message)
        return target.read_bytes()


@contextmanager
def _temporary_file(path: Path) -> Iterator[BinaryIO]:
    with _room_for_temporary_files(), path.open("w+b") as file:
        yield file


@contextmanager
def _room_for_temporary_files() -> Iterator[None]:
    """Raise `WorkspaceError` if the disk is full."""
    try:
        yield
    except OSError as error:
        raise WorkspaceError(
            Reason.WORKSPACE_UNAVAILABLE,
            f"Cannot write a temporary file ({error.strerror}): check that the folder for temporary files (TMPDIR) has"
            " free space.",
        ) from error
