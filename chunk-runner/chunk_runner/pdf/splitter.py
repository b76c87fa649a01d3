"""Copying pages of a source into PDFs of their own, by the first backend that can, in the sandbox.

A backend that cannot copy some pages, crashes, hangs or runs out of memory is followed by the next; the last way is to
copy pages without flattening them. Pages that none can copy are a failure of that part only; the other parts are
written.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure
from chunk_runner.errors import SourceError
from chunk_runner.pdf.backends.base import Backend, BackendError, Copied, EncryptionError, OpenBackend, PasswordError
from chunk_runner.pdf.backends.qpdf import QpdfBackend, open_qpdf
from chunk_runner.pdf.document import BACKENDS, SourceDocument
from chunk_runner.sandbox import sandbox
from chunk_runner.sandbox.confinement import Access
from chunk_runner.sandbox.limits import ResourceLimits
from chunk_runner.sandbox.sandbox import SandboxError


_PART_SECONDS = 60
"""Processor time for writing one part."""

_AHEAD_BYTES = 2**28
"""Bytes that a child writes before another one goes on. It does not wait until the parent has looked at a part, which
may be one too many for the storage limit."""

_DEATHS_LIMIT = 12
"""Children that may die while one source is split; beyond that, the source is at fault and not a few of its pages."""


class _Method(NamedTuple):
    """A way to copy pages.

    Attributes:
        open_backend: Opens the source.
        prune: Resources that the pages do not use are removed.
        flatten: The pages are flattened; if not, nothing is done that a hostile page could make expensive.
    """

    open_backend: OpenBackend
    prune: bool = False
    flatten: bool = True

    def copy(self, backend: Backend, pages: Sequence[int], file: BinaryIO, bytes_per_page: float) -> Copied:
        """Copy pages with the open backend; see `Backend.copy`."""
        if isinstance(backend, QpdfBackend):
            byte_share = bytes_per_page * len(pages) if self.prune else None
            return backend.copy(pages, file, byte_share=byte_share, flatten=self.flatten)
        return backend.copy(pages, file)


_METHODS = (_Method(open_qpdf, prune=True), *map(_Method, BACKENDS), _Method(open_qpdf, flatten=False))
"""In the order in which they are tried."""


@dataclass(frozen=True)
class PartSpec:
    """A part to write.

    Attributes:
        pages: Its 1-based pages of the source, in order.
        folder: The folder in which the file is written.
        open_file: Opens the file to write to, in the sandbox, which may write in that folder only; can be pickled.
    """

    pages: Sequence[int]
    folder: Path
    open_file: Callable[[], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True)
class PartOutcome:
    """The outcome of writing a part.

    Attributes:
        failure: The reason why there is no file; `None` if it was written.
        lost_pages: The pages of the source that could not be copied and are blank in the file.
        incomplete_pages: The pages of the source that could not be flattened, see `Copied`.
    """

    failure: Failure | None = None
    lost_pages: frozenset[int] = frozenset()
    incomplete_pages: frozenset[int] = frozenset()


@dataclass(frozen=True)
class _Job:
    """The parts that remain to be written, and how far earlier children came.

    Attributes:
        document: The source.
        page_count: The number of its pages.
        bytes_per_page: The mean size of its pages.
        parts: The remaining parts.
        first_method: The index in `_METHODS` of the method to begin the first part with; earlier ones killed a child.
        death: The failure that killed the last child, if that happened on the first part.
        most_bytes: The bytes after which the child ends, whatever parts remain.
    """

    document: SourceDocument
    page_count: int
    bytes_per_page: float
    parts: Sequence[PartSpec]
    first_method: int
    death: Failure | None
    most_bytes: int


def write_parts(
    document: SourceDocument, page_count: int, parts: Sequence[PartSpec], *, max_bytes: int | None = None
) -> Generator[PartOutcome, None, None]:
    """Write parts of a source and yield the outcome of each, in order.

    Args:
        document: The source.
        page_count: The number of its pages.
        parts: The parts to write.
        max_bytes: The maximum size of a part; by default, several times the size of the source.

    Raises:
        SourceError: Children kept dying while this source was split.
        WorkspaceError: A file cannot be written.
    """
    size = document.path.stat().st_size
    limits = ResourceLimits.for_child(cpu_seconds=_PART_SECONDS, file_bytes=max_bytes or 4 * size + 2**26)
    access = Access(read=(document.path,), write=tuple({part.folder for part in parts}))
    written, method, deaths = 0, 0, 0
    death: Failure | None = None
    while written < len(parts):
        job = _Job(document, page_count, size / page_count, parts[written:], method, death, _AHEAD_BYTES)
        try:
            for outcome in sandbox.run(partial(_write, job), limits, access, PartOutcome | None):
                if outcome is None:
                    continue
                yield outcome
                written, method, death = written + 1, 0, None
        except SandboxError as error:
            deaths += 1
            if deaths > _DEATHS_LIMIT:
                raise SourceError(
                    error.reason, f"“{document.shown_name}” cannot be split: {error.message}, again and again."
                ) from error
            method, death = method + 1, Failure(error.reason, f"These pages cannot be copied: {error.message}.")
            if method == len(_METHODS):
                yield PartOutcome(death)
                written, method, death = written + 1, 0, None


def _write(job: _Job) -> Iterator[PartOutcome | None]:
    """In the sandbox: write the parts of a job, or the first ones, each by the first method that succeeds.

    Yields the outcome of each part, and `None` after each page that was flattened, so that each has time of its own.
    """
    first_method, death, used = job.first_method, job.death, 0
    with ExitStack() as stack:
        backends: dict[OpenBackend, Backend | None] = {}
        for part in job.parts:
            failure = death or Failure(Reason.SOURCE_UNREADABLE, "No library can copy these pages.")
            for method in _METHODS[first_method:]:
                if method.open_backend not in backends:
                    backends[method.open_backend] = _open(stack, job, method.open_backend)
                if (backend := backends[method.open_backend]) is None:
                    continue
                if method.flatten and isinstance(backend, QpdfBackend):
                    yield from (None for page in part.pages if backend.flatten(page))
                try:
                    with part.open_file() as file, _size_limit_as_backend_error():
                        copied = method.copy(backend, part.pages, file, job.bytes_per_page)
                        used += file.seek(0, os.SEEK_END)
                except BackendError as error:
                    failure = death or Failure(
                        Reason.PAGE_UNREADABLE, f"These pages are too damaged to be copied ({error})."
                    )
                else:
                    yield PartOutcome(lost_pages=copied.lost, incomplete_pages=copied.incomplete)
                    break
            else:
                yield PartOutcome(failure)
            first_method, death = 0, None
            if used > job.most_bytes:
                return


def _open(stack: ExitStack, job: _Job, open_backend: OpenBackend) -> Backend | None:
    """Open the source with a backend; return `None` if it counts other pages, since page numbers would differ."""
    try:
        backend = stack.enter_context(open_backend(job.document.path, job.document.password))
    except (PasswordError, EncryptionError, BackendError):
        return None
    return backend if backend.page_count == job.page_count else None


@contextmanager
def _size_limit_as_backend_error() -> Iterator[None]:
    """Raise `BackendError` when the sandbox's limit on file size is reached."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        raise BackendError("they are too large, or grow far beyond the size of the source") from error
