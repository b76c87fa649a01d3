"""Opening and counting a source, by the first backend that can, each in the sandbox.

A backend that rejects the file, crashes, hangs or runs out of memory is followed by the next. A file that none can open
is a `SourceError`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from chunk_runner.contract.limits import WARNINGS_LIMIT, shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import SourceError
from chunk_runner.pdf import sandbox
from chunk_runner.pdf.backends.base import (
    DAMAGED_PAGE_TREE,
    Backend,
    BackendError,
    OpenBackend,
    PageTreeLoopError,
    PasswordError,
)
from chunk_runner.pdf.backends.pdfium import open_pdfium
from chunk_runner.pdf.backends.qpdf import open_qpdf
from chunk_runner.pdf.sandbox import SandboxError
from chunk_runner.pdf.sandbox_child import ResourceLimits


_HEADER_WINDOW = 1024
"""Readers accept `%PDF-` anywhere in this many first bytes (ISO 32000-1, implementation note 13)."""

_OPEN_SECONDS = 60
"""Processor time for opening a source with one backend."""


def open_pypdf(path: Path, password: str) -> AbstractContextManager[Backend]:
    """Open a file with pypdf; raises like `backends.pypdf.open_file`."""
    from chunk_runner.pdf.backends import pypdf  # noqa: PLC0415 (takes longer to load than all others, rarely needed)

    return pypdf.open_file(path, password)


BACKENDS: tuple[OpenBackend, ...] = (open_qpdf, open_pdfium, open_pypdf)
"""In the order in which they are tried: qpdf repairs best, PDFium opens what qpdf rejects, pypdf does not crash."""


@dataclass(frozen=True)
class SourceDocument:
    """An untrusted PDF.

    Attributes:
        path: The file.
        name: The name to show in messages.
        password: The password of an encrypted file; empty for none.
    """

    path: Path
    name: str
    password: str = field(repr=False, default="")

    @property
    def shown_name(self) -> str:
        """The name, shortened for a message."""
        return shorten(self.name, 120)


@dataclass(frozen=True)
class DocumentInfo:
    """The result of opening a source.

    Attributes:
        page_count: The number of pages.
        is_encrypted: True if the file is encrypted, even if no password is needed.
        warnings: Repairs and anomalies, as sentences for users; at most `WARNINGS_LIMIT`.
        lost_pages: The 1-based pages whose content the file no longer holds.
    """

    page_count: int
    is_encrypted: bool = False
    warnings: tuple[str, ...] = ()
    lost_pages: frozenset[int] = frozenset()


def inspect(document: SourceDocument) -> DocumentInfo:
    """Open a source and count its pages.

    Raises:
        SourceError: The reason is `NotAPdf`, `PasswordRequired`, `WrongPassword`, `NoPages`, `PageTreeLoops`,
            `SourceUnreadable`, or a limit of the sandbox.
    """
    shown = document.shown_name
    with document.path.open("rb") as file:
        if b"%PDF-" not in file.read(_HEADER_WINDOW):
            raise SourceError(Reason.NOT_A_PDF, f"“{shown}” is not a PDF: it does not begin with %PDF-.")
    problems: list[tuple[Reason, str]] = []
    for open_backend in BACKENDS:
        try:
            info = _inspect_with(document, open_backend)
            if open_backend is open_qpdf and _pdfium_counts_more(document, info.page_count):
                # qpdf silently drops page tree entries that are not pages, which would shift all later page numbers.
                problems.append((Reason.SOURCE_UNREADABLE, DAMAGED_PAGE_TREE))
                continue
        except SandboxError as error:
            problems.append((error.reason, error.message))
        except SourceError as error:
            if error.reason is not Reason.SOURCE_UNREADABLE:
                raise
            problems.append((error.reason, error.message))
        else:
            if info.page_count == 0:
                raise SourceError(Reason.NO_PAGES, f"“{shown}” has no pages: there is nothing to process.")
            if problems:
                warning = f"The file is damaged ({problems[0][1]}). Another library opened it: check its pages."
                info = replace(info, warnings=(warning, *info.warnings)[:WARNINGS_LIMIT])
            return info
    reason, message = problems[0]
    raise SourceError(reason, f"“{shown}” is damaged and cannot be opened ({message}): export it again.")


def _inspect_with(document: SourceDocument, open_backend: OpenBackend) -> DocumentInfo:
    limits = ResourceLimits.for_child(cpu_seconds=_OPEN_SECONDS)
    (info,) = sandbox.run(partial(_open_and_count, document, open_backend), limits)
    return info


def _pdfium_counts_more(document: SourceDocument, page_count: int) -> bool:
    """Return True if PDFium, which also counts page tree entries that are not pages, finds more pages."""
    try:
        return _inspect_with(document, open_pdfium).page_count > page_count
    except (SandboxError, SourceError):
        return False


def _open_and_count(document: SourceDocument, open_backend: OpenBackend) -> Iterator[DocumentInfo]:
    """In the sandbox: open the source with this backend."""
    shown = document.shown_name
    try:
        with open_backend(document.path, document.password) as backend:
            yield DocumentInfo(backend.page_count, backend.is_encrypted, _warnings(backend), backend.lost_pages)
    except PasswordError as error:
        if document.password:
            raise SourceError(
                Reason.WRONG_PASSWORD, f"The given password does not open “{shown}”: correct it."
            ) from error
        raise SourceError(
            Reason.PASSWORD_REQUIRED,
            f"“{shown}” is encrypted: give its password (spec.source.passwordSecretRef, or --password-file).",
        ) from error
    except PageTreeLoopError as error:
        raise SourceError(
            Reason.PAGE_TREE_LOOPS, f"“{shown}” is damaged or hostile ({error}): export it again."
        ) from error
    except BackendError as error:
        raise SourceError(Reason.SOURCE_UNREADABLE, str(error)) from error


def _warnings(backend: Backend) -> tuple[str, ...]:
    warnings = [f"The file is damaged and was repaired: {warning}." for warning in dict.fromkeys(backend.warnings)]
    if backend.lost_pages:
        lost = len(backend.lost_pages)
        warnings.insert(0, f"The file is truncated or damaged: the content of {lost} pages is lost.")
    return tuple(warnings[:WARNINGS_LIMIT])
