"""Opening and counting a source, by the first backend that can, each in the sandbox.

A backend that rejects the file, crashes, hangs or runs out of memory is followed by the next. A file that none can open
is a `SourceError`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from chunk_runner.contract.limits import WARNINGS_LIMIT, shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import SourceError
from chunk_runner.pdf.backends.base import (
    DAMAGED_PAGE_TREE,
    Backend,
    BackendError,
    EncryptionError,
    OpenBackend,
    PasswordError,
)
from chunk_runner.pdf.backends.pdfium import open_pdfium
from chunk_runner.pdf.backends.qpdf import open_qpdf
from chunk_runner.sandbox import sandbox
from chunk_runner.sandbox.confinement import Access
from chunk_runner.sandbox.limits import ResourceLimits
from chunk_runner.sandbox.sandbox import SandboxError


_OPEN_SECONDS = 60
"""Processor time for opening a source with one backend."""


def open_pypdf(path: Path, password: str) -> AbstractContextManager[Backend]:
    """Open a file with pypdf; raises like `backends.pypdf.open_file`."""
    from chunk_runner.pdf.backends import pypdf  # noqa: PLC0415 (takes longer to load than all others, rarely needed)

    return pypdf.open_file(path, password)


_PASSWORD_REASONS = (Reason.PASSWORD_REQUIRED, Reason.WRONG_PASSWORD)

BACKENDS: tuple[OpenBackend, ...] = (open_qpdf, open_pdfium, open_pypdf)
"""In the order in which they are tried: qpdf repairs best, PDFium opens what qpdf rejects, pypdf does not crash."""


@dataclass(frozen=True)
class SourceDocument:
    """An untrusted PDF.

    Attributes:
        path: The file.
        name: The name to show in messages.
        password: The password of an encrypted file; empty for none.
        skipped: The number of bytes before the header that were left out of the file.
    """

    path: Path
    name: str
    password: str = field(repr=False, default="")
    skipped: int = 0

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
        is_rebuilt: True if the page tree was rebuilt, so that other libraries may count other pages.
        pages_to_flatten: The 1-based pages of which a viewer shows more or less than their content; complete only if
            there are no warnings.
    """

    page_count: int
    is_encrypted: bool = False
    warnings: tuple[str, ...] = ()
    lost_pages: frozenset[int] = frozenset()
    is_rebuilt: bool = False
    pages_to_flatten: frozenset[int] = frozenset()


def inspect(document: SourceDocument) -> DocumentInfo:
    """Open a source and count its pages.

    Raises:
        SourceError: The reason is `PasswordRequired`, `WrongPassword`, `EncryptionUnsupported`, `NoPages`,
            `SourceUnreadable`, or a limit of the sandbox.
    """
    problems: list[SourceError | SandboxError] = []
    for open_backend in BACKENDS:
        try:
            info = _inspect_with(document, open_backend)
        except SandboxError as error:
            problems.append(error)
            continue
        except SourceError as error:
            if error.reason not in (Reason.SOURCE_UNREADABLE, *_PASSWORD_REASONS):
                raise
            problems.append(error)
            continue
        if open_backend is open_qpdf and not info.is_rebuilt and _pdfium_counts_more(document, info.page_count):
            # qpdf silently drops page tree entries that are not pages, which would shift all later page numbers.
            problems.append(SourceError(Reason.SOURCE_UNREADABLE, DAMAGED_PAGE_TREE))
            continue
        if info.page_count == 0:
            raise SourceError(Reason.NO_PAGES, f"“{document.shown_name}” has no pages: there is nothing to process.")
        damage = [problem for problem in problems if problem.reason not in _PASSWORD_REASONS]
        if damage:
            warning = f"The file is damaged ({damage[0].message}). Another library opened it: check its pages."
            info = replace(info, warnings=(warning, *info.warnings)[:WARNINGS_LIMIT])
        return info
    raise _refusal(document, problems)


def _refusal(document: SourceDocument, problems: Sequence[SourceError | SandboxError]) -> SourceError:
    """Return the error for a source that no backend opens: the password if one of them asked for it, or the damage."""
    for problem in problems:
        if isinstance(problem, SourceError) and problem.reason in _PASSWORD_REASONS:
            return problem
    reason, message = problems[0].reason, problems[0].message
    return SourceError(reason, f"“{document.shown_name}” is damaged and cannot be opened ({message}): export it again.")


def _inspect_with(document: SourceDocument, open_backend: OpenBackend) -> DocumentInfo:
    limits = ResourceLimits.for_child(cpu_seconds=_OPEN_SECONDS)
    steps = partial(_open_and_count, document, open_backend)
    (info,) = sandbox.run(steps, limits, Access(read=(document.path,)), DocumentInfo)
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
            yield DocumentInfo(
                backend.page_count,
                backend.is_encrypted,
                _warnings(document, backend),
                backend.lost_pages,
                backend.is_rebuilt,
                backend.pages_to_flatten(),
            )
    except PasswordError as error:
        if document.password:
            raise SourceError(
                Reason.WRONG_PASSWORD, f"The given password does not open “{shown}”: correct it."
            ) from error
        raise SourceError(
            Reason.PASSWORD_REQUIRED,
            f"“{shown}” is encrypted: give its password (spec.source.passwordSecretRef, or --password-file).",
        ) from error
    except EncryptionError as error:
        raise SourceError(
            Reason.ENCRYPTION_UNSUPPORTED,
            f"“{shown}” is encrypted with a certificate or by a special program, so that no password opens it: open it"
            " with the program that can, print it to a PDF, and process that.",
        ) from error
    except BackendError as error:
        raise SourceError(Reason.SOURCE_UNREADABLE, str(error)) from error


def _warnings(document: SourceDocument, backend: Backend) -> tuple[str, ...]:
    warnings = list(backend.content_elsewhere())
    if backend.lost_pages:
        warnings.append(f"The file is truncated or damaged: the content of {len(backend.lost_pages)} pages is lost.")
    if backend.is_rebuilt:
        warnings.append("The page tree contains a cycle, which was cut: check the pages.")
    if document.skipped:
        warnings.append(f"The file has {document.skipped:,} bytes before its PDF header, which were skipped.")
    warnings += [f"The file is damaged and was repaired: {warning}." for warning in dict.fromkeys(backend.warnings)]
    return tuple(warnings[:WARNINGS_LIMIT])
