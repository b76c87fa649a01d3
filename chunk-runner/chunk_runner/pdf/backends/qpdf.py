"""The backend for qpdf, through pikepdf, and how every copied page is stripped and saved."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pikepdf

from chunk_runner.pdf.backends import shells
from chunk_runner.pdf.backends.base import (
    DAMAGED_PAGE_TREE,
    Backend,
    BackendError,
    Copied,
    EncryptionError,
    PasswordError,
    describe,
)
from chunk_runner.pdf.backends.page_tree import flatten
from chunk_runner.pdf.backends.passwords import candidates
from chunk_runner.pdf.flattening.flattener import Flattener


if TYPE_CHECKING:
    from io import BytesIO


_PRUNING_FACTOR = 2
"""Copied pages are pruned if they are this many times as large as their share of the source."""

_UNPRUNED_BYTES = 64 * 2**10
"""Copied pages of up to this size are never pruned."""

_ACCESS = pikepdf.AccessMode.mmap
"""Through Python's file, which pikepdf would use otherwise, each object takes several times as long to read."""

_STRIPPED_KEYS = ("/AA", "/Annots", "/B", "/Metadata", "/PieceInfo", "/StructParents", "/Thumb")
"""Entries of a page dictionary that are not page content: scripts, attachments, form fields, links, private data.

Flattening has drawn what a viewer shows of `/Annots`."""


class QpdfBackend(Backend):
    """An open PDF, as qpdf sees it.

    Args:
        path: The file.
        pdf: The same file, opened.
        is_rebuilt: See `Backend`.

    Raises:
        EncryptionError: qpdf does not know the cipher, and would read noise.
        BackendError: qpdf has dropped entries of the page tree, which would shift all later page numbers.
    """

    def __init__(self, path: Path, pdf: pikepdf.Pdf, *, is_rebuilt: bool) -> None:
        if pdf.is_encrypted and "unknown" in (pdf.encryption.stream_method.name, pdf.encryption.string_method.name):
            raise EncryptionError("its crypt filter is not known")
        self._pdf = pdf
        self.is_rebuilt = is_rebuilt
        # Indexing pdf.pages takes time proportional to the number of pages, so the page objects are kept.
        self._pages = [page.obj for page in pdf.pages]
        self._flattener = Flattener(pdf)
        self.page_count = len(self._pages)
        self.is_encrypted = pdf.is_encrypted
        self.warnings = [describe(warning) for warning in pdf.get_warnings()]
        if any("pages tree" in warning.lower() for warning in self.warnings):
            raise BackendError(DAMAGED_PAGE_TREE)
        if any("reconstruct" in warning for warning in self.warnings):
            self.lost_pages = self._pages_without_content(_truncated_stream(path))

    def _pages_without_content(self, truncated_stream: int | None) -> frozenset[int]:
        """Return the pages of a reconstructed file that have no content, or whose content is the truncated stream."""
        lost = set()
        for number, page in enumerate(self._pages, start=1):
            contents = page.get("/Contents")
            parts = contents if isinstance(contents, pikepdf.Array) else [contents]
            if all(part is None for part in parts) or truncated_stream in [
                part.objgen[0] for part in parts if isinstance(part, pikepdf.Object)
            ]:
                lost.add(number)
        return frozenset(lost)

    def content_elsewhere(self) -> tuple[str, ...]:
        """See `Backend.content_elsewhere`."""
        return shells.content_elsewhere(self._pdf, self._pages)

    def pages_to_flatten(self) -> frozenset[int]:
        """See `Backend.pages_to_flatten`."""
        return frozenset(number for number, page in enumerate(self._pages, start=1) if self._flattener.changes(page))

    def flatten(self, page: int) -> bool:
        """Flatten a page before it is copied, which may take long; return False if there was nothing to flatten."""
        if not self._flattener.changes(self._pages[page - 1]):
            return False
        self._flattener.flatten(self._pages[page - 1])
        return True

    def copy(
        self, pages: Sequence[int], file: BinaryIO, *, byte_share: float | None = None, flatten: bool = True
    ) -> Copied:
        """Copy pages, see `Backend.copy`.

        Pages may share one resource dictionary, which would be copied as a whole into every part. Pruning parses page
        content, which takes time and, on a hostile page, memory; most files do not need it.

        Args:
            pages: The 1-based pages, in order.
            file: The file to write to.
            byte_share: The pages' share of the source, in bytes: unused resources are removed if the copy is much
                larger. `None` to remove nothing.
            flatten: False to copy the content of the pages only.
        """
        prepare = self._flattener.flatten if flatten else self._flattener.is_flat
        incomplete = frozenset(page for page in pages if not prepare(self._pages[page - 1]))
        try:
            with pikepdf.new() as part, warnings.catch_warnings():
                # pikepdf warns that document-level trees are left behind, which is intended.
                warnings.simplefilter("ignore", pikepdf.PageCopyWarning)
                for page in pages:
                    part.pages.append(pikepdf.Page(self._pages[page - 1]))
                _save_stripped(part, file)
                if byte_share is not None and file.tell() - _content_bytes(part) > max(
                    _PRUNING_FACTOR * byte_share, _UNPRUNED_BYTES
                ):
                    part.remove_unreferenced_resources()
                    file.seek(0)
                    file.truncate()
                    _save_stripped(part, file)
        except (pikepdf.PdfError, ValueError, TypeError) as error:
            raise BackendError(describe(error)) from error
        return Copied(incomplete=incomplete)


@contextmanager
def open_qpdf(path: Path, password: str) -> Iterator[Backend]:
    """Open a file with qpdf.

    Raises:
        PasswordError: The password does not open it.
        EncryptionError: No password opens it with qpdf.
        BackendError: qpdf cannot open it.
    """
    try:
        # The file is passed open because pikepdf rejects file names that are not valid UTF-8.
        with path.open("rb") as file:
            pdf, is_rebuilt = _open(file, password)
            with pdf:
                yield QpdfBackend(path, pdf, is_rebuilt=is_rebuilt)
    except (pikepdf.PdfError, ValueError, TypeError, RuntimeError) as error:  # damaged files cause any of these
        if "unsupported" in str(error).lower():
            raise EncryptionError(describe(error)) from error
        raise BackendError(describe(error)) from error


def _open(file: BinaryIO, password: str) -> tuple[pikepdf.Pdf, bool]:
    """Return the open file, and true if its page tree was rebuilt."""
    for candidate in candidates(password):
        try:
            return pikepdf.open(file, password=candidate, suppress_warnings=True, access_mode=_ACCESS), False
        except pikepdf.PasswordError:
            continue
        except pikepdf.PdfError as error:
            if "loop detected in /pages" not in str(error).lower():
                raise
            # Unless told otherwise, pikepdf visits the page tree, to hand down inherited attributes.
            pdf = pikepdf.open(
                file, password=candidate, suppress_warnings=True, inherit_page_attributes=False, access_mode=_ACCESS
            )
            flatten(pdf)
            return pdf, True
    raise PasswordError


def flatten_and_save(buffer: BytesIO, pages: Sequence[int], file: BinaryIO) -> frozenset[int]:
    """Write a PDF that another library produced, flattened, without the entries that copied pages must not carry.

    Other libraries leave the states of layers and the parents of fields behind, so pages that have such count as
    incomplete.

    Args:
        buffer: The PDF.
        pages: The pages of the source that it holds, in order.
        file: The file to write to.

    Returns:
        The incomplete pages, see `Copied`.

    Raises:
        BackendError: qpdf cannot read it.
    """
    try:
        with pikepdf.open(buffer, suppress_warnings=True) as part:
            flattener = Flattener(part)
            incomplete = set()
            for number, page in zip(pages, part.pages, strict=True):
                is_doubtful = flattener.is_doubtful(page)  # asked first, because flattening removes what it looks at
                if not flattener.flatten(page.obj) or is_doubtful:
                    incomplete.add(number)
            _save_stripped(part, file)
            return frozenset(incomplete)
    except (pikepdf.PdfError, ValueError, TypeError) as error:
        raise BackendError(describe(error)) from error


def _save_stripped(part: pikepdf.Pdf, file: BinaryIO) -> None:
    for page in part.pages:
        for key in _STRIPPED_KEYS:
            if key in page.obj:
                del page.obj[key]
    # Streams are copied undecoded: decoding takes time and, on a decompression bomb, unbounded memory.
    part.save(
        file,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        compress_streams=False,
    )


def _content_bytes(part: pikepdf.Pdf) -> int:
    """Return the size of all content streams, which pruning cannot reduce."""
    total = 0
    for page in part.pages:
        contents = page.obj.get("/Contents")
        for stream in contents if isinstance(contents, pikepdf.Array) else [contents]:
            if isinstance(stream, pikepdf.Stream):
                total += len(stream.read_raw_bytes())
    return total


def _truncated_stream(path: Path) -> int | None:
    """Return the number of the object whose stream is cut off by the end of the file; `None` if there is none."""
    data = path.read_bytes()
    tail = data[max(data.rfind(b"endstream"), 0) :]
    objects = list(re.finditer(rb"(\d{1,10})\s+\d{1,5}\s+obj\b", tail))
    return int(objects[-1][1]) if objects and b"stream" in tail[objects[-1].end() :] else None
