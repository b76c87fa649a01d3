"""Sources: opening, counting and splitting, by whichever library can, each step in the sandbox.

A library that refuses, crashes, hangs or swells is followed by the next one. What no library can open is a typed
failure of the source; what no library can copy is a typed failure of that part, and its neighbours do not notice.
"""

from __future__ import annotations

import errno
import math
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from chunk_runner.contract.limits import WARNINGS_LIMIT, shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure
from chunk_runner.errors import ChunkError, SourceError
from chunk_runner.pdf import sandbox
from chunk_runner.pdf.backends import (
    BEST_FIRST,
    HostileError,
    Library,
    Open,
    PasswordError,
    RefusedError,
    pdfium_,
    qpdf,
)
from chunk_runner.pdf.sandbox import Limits, SandboxError


_HEADER_WINDOW = 1024
"""Readers accept `%PDF-` anywhere in this many first bytes (ISO 32000-1, implementation note 13)."""

_STEP_SECONDS = 60
"""For opening a source, and for writing one part."""

_DEATHS = 12
"""So many children may die over one source; after that it is the source's fault, and not a few pages'."""

_MOST_EXTRACTED = 48 * 2**20
"""Bytes: Gemini takes 50 MB (ai.google.dev/gemini-api/docs/document-processing), a pod's scratch space 64 MiB."""

_METHODS: tuple[tuple[Open, bool], ...] = ((qpdf, True), *((library, False) for library in BEST_FIRST))
"""How a part may be written, in the order in which it is tried: with which library, and whether to keep it small."""


@dataclass(frozen=True)
class Document:
    """A PDF that cannot be trusted.

    Attributes:
        path: The file.
        name: What to call it in messages.
        password: Opens it if it is encrypted; empty for none.
    """

    path: Path
    name: str
    password: str = field(repr=False, default="")


@dataclass(frozen=True)
class Found:
    """What opening a source found.

    Attributes:
        pages: How many it has.
        encrypted: Whether it is, even if no password is needed.
        warnings: What was repaired, in short, for people; at most `WARNINGS_LIMIT`.
        lost: Pages, counted from 1, whose content is not in the file any more.
    """

    pages: int
    encrypted: bool = False
    warnings: tuple[str, ...] = ()
    lost: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Part:
    """Pages of a source, counted from 1, that are to be a PDF of their own; and how to begin its file."""

    pages: Sequence[int]
    begin: Callable[[], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True)
class Outcome:
    """What became of a part.

    Attributes:
        failure: Why there is no file, if there is none.
        lost: Pages that could not be copied, and are blank in it.
    """

    failure: Failure | None = None
    lost: frozenset[int] = frozenset()


def explore(document: Document) -> Found:
    """Open a source and count its pages.

    Raises:
        SourceError: `NotAPdf`, `PasswordRequired`, `WrongPassword`, `NoPages`, `PageTreeLoops`, `SourceUnreadable`, or
            a limit.
    """
    shown = shorten(document.name, 120)
    with document.path.open("rb") as file:
        if b"%PDF-" not in file.read(_HEADER_WINDOW):
            raise SourceError(Reason.NOT_A_PDF, f"“{shown}” is not a PDF: it does not begin with %PDF-.")
    refusals: list[tuple[Reason, str]] = []
    for library in BEST_FIRST:
        try:
            (found,) = sandbox.run(partial(_found, document, library), _limits())
            if library is qpdf and _more_pages(document, found.pages):
                # qpdf drops what is no page without a word, and all pages behind it would get other numbers.
                refusals.append((Reason.SOURCE_UNREADABLE, "its page tree is damaged, and pages may be lost"))
                continue
        except SandboxError as error:
            refusals.append((error.reason, error.message))
        except SourceError as error:
            if error.reason is not Reason.SOURCE_UNREADABLE:
                raise
            refusals.append((error.reason, error.message))
        else:
            if found.pages == 0:
                raise SourceError(Reason.NO_PAGES, f"“{shown}” has no pages: there is nothing to process.")
            if refusals:
                odd = f"The file is damaged ({refusals[0][1]}), and was opened by another library: check its pages."
                found = replace(found, warnings=(odd, *found.warnings)[:WARNINGS_LIMIT])
            return found
    reason, message = refusals[0]
    raise SourceError(reason, f"“{shown}” is damaged and cannot be opened ({message}): export it again.")


def _more_pages(document: Document, pages: int) -> bool:
    """Whether PDFium, which counts what is no page too, finds more pages."""
    try:
        (found,) = sandbox.run(partial(_found, document, pdfium_), _limits())
    except (SandboxError, SourceError):
        return False
    return found.pages > pages


def write_parts(
    document: Document, pages: int, parts: Sequence[Part], *, most: int | None = None
) -> Generator[Outcome, None, None]:
    """Write parts of a source, and say of each whether it could be written, or why not.

    Args:
        document: The source.
        pages: How many it has.
        parts: What to write.
        most: Bytes of a part; if not given, several times the source's.

    Raises:
        SourceError: Over and over, libraries died of this source.
        WorkspaceError: A file cannot be written.
    """
    size = document.path.stat().st_size
    at, method, deaths = 0, 0, 0
    death: Failure | None = None
    while at < len(parts):
        try:
            for outcome in sandbox.run(
                partial(_written, document, pages, parts[at:], method, size / pages, death),
                _limits(file_bytes=most or 4 * size + 2**26),
            ):
                yield outcome
                at, method, death = at + 1, 0, None
        except SandboxError as error:
            deaths += 1
            if deaths > _DEATHS:
                raise SourceError(
                    error.reason, f"“{shorten(document.name, 120)}” cannot be split: {error.message}, again and again."
                ) from error
            method, death = method + 1, Failure(error.reason, f"These pages cannot be copied: {error.message}.")
            if method == len(_METHODS):
                yield Outcome(death)
                at, method, death = at + 1, 0, None


def extract(path: Path, size: int, pages: Sequence[int]) -> bytes:
    """Pages of a PDF, counted from 1, as a PDF of their own.

    Args:
        path: The file.
        size: How many pages it has.
        pages: Which.

    Raises:
        ChunkError: No library can copy them, or they are too big.
    """
    with tempfile.TemporaryDirectory(prefix="pdfjob-") as folder:
        target = Path(folder) / "part.pdf"
        try:
            (outcome,) = write_parts(
                Document(path, path.name), size, [Part(pages, lambda: target.open("w+b"))], most=_MOST_EXTRACTED
            )
        except SourceError as error:
            raise ChunkError(error.reason, error.message) from error
        if outcome.failure is not None or outcome.lost:
            message = "The pages cannot be copied." if outcome.failure is None else outcome.failure.message
            raise ChunkError(Reason.PAGE_UNREADABLE, message)
        return target.read_bytes()


def _limits(file_bytes: int = 0) -> Limits:
    return Limits.of_this_process(seconds=_STEP_SECONDS, file_bytes=file_bytes)


def _found(document: Document, library: Open) -> Iterator[Found]:
    """In the sandbox: open it with this library."""
    shown = shorten(document.name, 120)
    try:
        with library(document.path, document.password) as pdf:
            yield Found(pdf.pages, pdf.encrypted, _for_people(pdf), pdf.lost)
    except PasswordError as error:
        if document.password:
            raise SourceError(
                Reason.WRONG_PASSWORD, f"The password that was given does not open “{shown}”: correct it."
            ) from error
        raise SourceError(
            Reason.PASSWORD_REQUIRED,
            f"“{shown}” is encrypted: give its password (spec.source.passwordSecretRef, or --password-file).",
        ) from error
    except HostileError as error:
        raise SourceError(
            Reason.PAGE_TREE_LOOPS, f"“{shown}” is damaged or hostile ({error}): export it again."
        ) from error
    except RefusedError as error:
        raise SourceError(Reason.SOURCE_UNREADABLE, str(error)) from error


def _for_people(pdf: Library) -> tuple[str, ...]:
    told = [f"The file is damaged, and was repaired: {warning}." for warning in dict.fromkeys(pdf.warnings)]
    if pdf.lost:
        told.insert(0, f"The file was cut off or damaged: the content of {len(pdf.lost)} pages is not in it any more.")
    return tuple(told[:WARNINGS_LIMIT])


def _written(  # noqa: PLR0917 (all of them what the parent knows, called in one place)
    document: Document, pages: int, parts: Sequence[Part], method: int, share: float, death: Failure | None
) -> Iterator[Outcome]:
    """In the sandbox: write the parts; the first one by no better method than this one, the better ones killed us."""
    with ExitStack() as stack:
        opened: dict[Open, Library | None] = {}
        for part in parts:
            refusal = death or Failure(Reason.SOURCE_UNREADABLE, "No library can copy these pages.")
            for library, small in _METHODS[method:]:
                if library not in opened:
                    opened[library] = _opened(stack, document, library, pages)
                if (pdf := opened[library]) is None:
                    continue
                try:
                    with part.begin() as file, _not_too_big():
                        lost = pdf.copy(part.pages, file, share=share * len(part.pages) if small else math.inf)
                except RefusedError as error:
                    refusal = death or Failure(
                        Reason.PAGE_UNREADABLE, f"These pages are too damaged to be copied ({error})."
                    )
                else:
                    yield Outcome(lost=lost)
                    break
            else:
                yield Outcome(refusal)
            method, death = 0, None


def _opened(stack: ExitStack, document: Document, library: Open, pages: int) -> Library | None:
    """The document as this library sees it, if it sees all pages: otherwise their numbers would differ."""
    try:
        opened = stack.enter_context(library(document.path, document.password))
    except (PasswordError, RefusedError):
        return None
    return opened if opened.pages == pages else None


@contextmanager
def _not_too_big() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        raise RefusedError("they are too big, or grow far beyond the size of the source") from error
