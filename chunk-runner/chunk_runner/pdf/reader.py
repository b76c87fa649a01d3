"""Reading pages line by line, in the sandbox, each page on its own.

PDFium reads about twenty times as fast as pure Python. Pages that it rejects or crashes on are read by pypdf, which
does not know the positions of lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pypdfium2

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ChunkError, WorkspaceError
from chunk_runner.pdf.page import Page, PageRef, PageState
from chunk_runner.pdf.text_layer import pdfium_missing_fonts, pdfium_page
from chunk_runner.sandbox import sandbox
from chunk_runner.sandbox.confinement import Access
from chunk_runner.sandbox.limits import ResourceLimits
from chunk_runner.sandbox.sandbox import Sandbox, SandboxError


VERSION = f"pdfium {pypdfium2.PDFIUM_INFO.build}"
"""The version of the library, on which the text of a page depends."""

_PAGE_SECONDS = 20
"""Processor time for reading one page."""

_DEATHS_LIMIT = 8
"""Children that may die while one chunk is read; beyond that, the chunk has failed and not a few of its pages."""

Reader = Sandbox[Sequence[PageRef], Page]


def read(
    path: Path, pages: Sequence[PageRef], *, seconds: float = _PAGE_SECONDS, keep_open: bool = False
) -> Iterator[Page]:
    """Read pages; one that cannot be read is `failed`, and reading goes on with the next.

    A page whose content is lost has failed too if it is empty.

    Args:
        path: The file.
        pages: The pages, in order.
        seconds: Processor time for each page.
        keep_open: Keep the child that has the file open for the next call. PDFium looks at all earlier pages to find a
            page of a file that it has just opened, so reopening a large file for every chunk would be slow.

    Raises:
        ChunkError: No page can be read: the file cannot be opened, or children keep dying.
    """
    limits = ResourceLimits.for_child(cpu_seconds=seconds)
    reader = _readers.get(path, limits)
    try:
        for page in _read(reader, path, pages, limits):
            is_lost = page.ref.is_lost and page.state is PageState.EMPTY
            yield Page.failed(page.ref, Reason.PAGE_UNREADABLE) if is_lost else page
    finally:
        if not keep_open:  # the child would hold open a file that is about to be removed
            reader.close()


def _read(reader: Reader, path: Path, pages: Sequence[PageRef], limits: ResourceLimits) -> Iterator[Page]:
    done, deaths, is_retry = 0, 0, False
    while done < len(pages):
        try:
            for page in reader.request(pages[done:]):
                is_unreadable = page.state is PageState.FAILED and page.reason is Reason.PAGE_UNREADABLE
                yield _read_again(path, pages[done], limits) if is_unreadable else page
                done, is_retry = done + 1, False
        except SandboxError as error:
            deaths += 1
            if deaths > _DEATHS_LIMIT:
                raise ChunkError(error.reason, f"Too many pages cannot be read: {error.message}.") from error
            if not is_retry and error.reason is not Reason.TIME_LIMIT_EXCEEDED:
                is_retry = True  # the cause may be what the child kept of earlier pages, so a new child tries once more
                continue
            if error.reason is Reason.CRASHED:
                yield _read_again(path, pages[done], limits)
            else:
                yield Page.failed(pages[done], error.reason)
            done, is_retry = done + 1, False
        except ChunkError:  # PDFium cannot open the file
            for page in _read_with_pypdf(path, pages[done:], limits):
                yield page
                done += 1


class _ReaderCache:
    """The reader of one file, kept until another file is read: the chunks of a local run read the same source."""

    def __init__(self) -> None:
        self._key: tuple[Path, ResourceLimits] | None = None
        self._reader: Reader | None = None

    def get(self, path: Path, limits: ResourceLimits) -> Reader:
        """Return the reader of a file with these limits."""
        if self._reader is None or self._key != (path, limits):
            if self._reader is not None:
                self._reader.close()
            serve = partial(_serve_pdfium, path, [])
            self._key, self._reader = (path, limits), Sandbox(serve, limits, Access(read=(path,)), Page)
        return self._reader


_readers = _ReaderCache()


def _serve_pdfium(path: Path, opened: list[pypdfium2.PdfDocument], pages: Sequence[PageRef]) -> Iterator[Page]:
    """In the sandbox: read pages with PDFium.

    Args:
        path: The file.
        opened: Empty at first; keeps the open file between the requests.
        pages: The pages, in order.
    """
    if not opened:
        pdfium_missing_fonts.ignore_machine_fonts()
        try:
            opened.append(pypdfium2.PdfDocument(path))
        except pypdfium2.PdfiumError as error:
            raise ChunkError(Reason.CHUNK_UNREADABLE, f"PDFium cannot open the chunk ({error}).") from error
        except OSError as error:
            raise WorkspaceError(
                Reason.WORKSPACE_UNAVAILABLE, f"{path.name} cannot be read ({error.strerror or 'file not found'})."
            ) from error
    for page in pages:
        yield pdfium_page.read_page(opened[0], path, page)


def _read_again(path: Path, page: PageRef, limits: ResourceLimits) -> Page:
    """Read a page with pypdf that PDFium could not read; it has failed if pypdf finds no text either."""
    try:
        (found,) = sandbox.run(partial(_serve_pypdf, path, [page]), limits, Access(read=(path,)), Page)
    except SandboxError as error:
        return Page.failed(page, error.reason)
    except ChunkError:
        return Page.failed(page, Reason.PAGE_UNREADABLE)
    if found.state is PageState.OK:
        return found
    return Page.failed(page, found.reason or Reason.PAGE_UNREADABLE)


def _read_with_pypdf(path: Path, pages: Sequence[PageRef], limits: ResourceLimits) -> Iterator[Page]:
    """Read pages with pypdf of a file that PDFium cannot open."""
    try:
        yield from sandbox.run(partial(_serve_pypdf, path, pages), limits, Access(read=(path,)), Page)
    except SandboxError as error:
        raise ChunkError(error.reason, f"No library can read the chunk: {error.message}.") from error


def _serve_pypdf(path: Path, pages: Sequence[PageRef]) -> Iterator[Page]:
    """In the sandbox: read pages with pypdf."""
    from chunk_runner.pdf.text_layer import pypdf_page  # noqa: PLC0415 (takes longer to load than a chunk takes to read)

    return pypdf_page.read(path, pages)
