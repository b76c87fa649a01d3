"""PDF bytes: opening, counting, splitting, text of pages. The only module that imports a PDF library.

qpdf (through pikepdf) opens and splits, because it repairs what is damaged and prunes what pages share; PDFium (through
pypdfium2) reads text, about twenty times as fast as pure Python. PDFium is not thread-safe: processes, never threads.
"""

from __future__ import annotations

import logging
import re
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium

from chunk_runner.contract import Reason, shorten
from chunk_runner.errors import ChunkError, SourceError


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

log = logging.getLogger(__name__)

VERSION = f"pdfium {pypdfium2.PDFIUM_INFO.build}"
"""What the text of a page depends on besides the page."""

_HEADER_WINDOW = 1024
"""Readers accept `%PDF-` anywhere in this many first bytes (ISO 32000-1, implementation note 13)."""


Document = pikepdf.Pdf
"""An opened source."""


class PageState(StrEnum):
    """Every page's fate: the columns of the ledger."""

    OK = "ok"
    EMPTY = "empty"
    """Nothing is drawn on it."""
    NO_TEXT = "noText"
    """Something is drawn, but no text: a scan, a picture."""
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class PageText:
    """One page as PDFium reads it: its state and, when that is `ok`, its text with line ends."""

    state: PageState
    text: str = ""


@contextmanager
def opened(path: Path, name: str) -> Iterator[Document]:
    """The source, open for counting and splitting.

    Args:
        path: The file.
        name: What to call it in messages.

    Raises:
        SourceError: `NotAPdf`, `PasswordRequired`, `NoPages` or `SourceUnreadable`.
    """
    shown = shorten(name, 120)
    with path.open("rb") as file:
        head = file.read(_HEADER_WINDOW)
    if b"%PDF-" not in head:
        raise SourceError(Reason.NOT_A_PDF, f"“{shown}” is not a PDF: it does not begin with %PDF-.")
    try:
        # An open file, because pikepdf takes no names that are not UTF-8.
        with path.open("rb") as file, pikepdf.open(file) as pdf:
            found = len(pdf.pages)  # walks the page tree
            _judge_repairs(pdf, shown)
            if found == 0:
                raise SourceError(Reason.NO_PAGES, f"“{shown}” has no pages: there is nothing to process.")
            yield pdf
    except pikepdf.PasswordError as error:
        raise SourceError(
            Reason.PASSWORD_REQUIRED,
            f"“{shown}” is encrypted and needs a password: remove it, for instance with qpdf.",
        ) from error
    except (pikepdf.PdfError, ValueError, TypeError) as error:  # what damaged files make pikepdf raise
        raise SourceError(
            Reason.SOURCE_UNREADABLE, f"“{shown}” is damaged and cannot be opened ({_words(error)}): export it again."
        ) from error


def write_pages(document: Document, first: int, last: int, file: BinaryIO) -> None:
    """Write pages `first` to `last` (1-based, inclusive) as a PDF of their own.

    Only pages travel: no outline, form, script or attachment of the document does.

    Raises:
        SourceError: `SourceUnreadable`, when the pages are too damaged to be copied.
    """
    try:
        with pikepdf.new() as part, warnings.catch_warnings():
            # It warns that document-level trees stay behind, which is what is wanted.
            warnings.simplefilter("ignore", pikepdf.PageCopyWarning)
            part.pages.extend(document.pages[first - 1 : last])
            # Without this a resource dictionary shared by all pages is copied into every chunk.
            part.remove_unreferenced_resources()
            part.save(file, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    except (pikepdf.PdfError, ValueError, TypeError) as error:
        raise SourceError(
            Reason.SOURCE_UNREADABLE,
            f"Pages {first}-{last} are damaged and cannot be copied ({_words(error)}): export the file again.",
        ) from error


def page_texts(path: Path) -> Iterator[PageText]:
    """The pages of a chunk, in order; a page that cannot be read is `failed` and the next one follows.

    Raises:
        ChunkError: `ChunkUnreadable`, when the file cannot be opened at all.
    """
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise ChunkError(Reason.CHUNK_UNREADABLE, f"PDFium cannot open the chunk ({error}).") from error
    try:
        for number in range(len(document)):
            try:
                yield _page_text(document, number)
            except pypdfium2.PdfiumError:
                yield PageText(PageState.FAILED)
    finally:
        document.close()


def _judge_repairs(pdf: Document, shown: str) -> None:
    """Log what qpdf repaired; refuse a file from whose page tree it dropped something, because pages may be lost.

    qpdf says so in words only: "Pages tree includes non-dictionary object; ignoring", and the like.
    """
    repairs = [_words(warning) for warning in pdf.get_warnings()]
    if repairs:
        log.warning("%s: repaired %d times, first: %s", shown, len(repairs), repairs[0])
    if any("pages tree" in repair.lower() for repair in repairs):
        raise SourceError(
            Reason.SOURCE_UNREADABLE, f"“{shown}” is damaged in its page tree, and pages may be lost: export it again."
        )


def _words(message: object) -> str:
    """What qpdf says, without its name for the file."""
    return shorten(re.sub(r"^stream <[^>]*>[,:]? ", "", str(message)))


def _page_text(document: pypdfium2.PdfDocument, number: int) -> PageText:
    page = document[number]
    try:
        text_page = page.get_textpage()
        try:
            text: str = text_page.get_text_range()
        finally:
            text_page.close()
        if text.strip():
            return PageText(PageState.OK, text)
        drawn = pdfium.FPDFPage_CountObjects(page.raw) > 0
        return PageText(PageState.NO_TEXT if drawn else PageState.EMPTY)
    finally:
        page.close()
