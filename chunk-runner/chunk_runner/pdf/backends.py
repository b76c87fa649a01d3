"""The three libraries that can open and split a PDF, behind one protocol; the best one first.

qpdf (through pikepdf) repairs what is damaged, and can prune what pages share; PDFium copies what qpdf refuses; pypdf
is in pure Python, and so fails in other places than both. Each copies pages alone: no outline, form, script or
attachment of the document travels with them.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium

from chunk_runner.contract.limits import shorten


if TYPE_CHECKING:
    import pypdf


class RefusedError(Exception):
    """The library cannot open the file, or cannot copy these pages; the message is the library's, made short."""


class HostileError(RefusedError):
    """What is wrong with the file is no accident, and the next library would only be fooled."""


class PasswordError(Exception):
    """The file is encrypted, and the password that was given, or none, does not open it."""


class Library(Protocol):
    """A PDF as one library sees it."""

    pages: int
    warnings: list[str]
    """What the library repaired or found odd, in its own words."""
    encrypted: bool
    lost: frozenset[int]
    """Pages, counted from 1, whose content is not in the file any more."""

    def copy(self, pages: Sequence[int], file: BinaryIO, *, share: float = math.inf) -> frozenset[int]:
        """Write these pages, counted from 1, as a PDF of their own.

        Returns:
            Those that could not be copied, and are blank instead.

        Args:
            pages: Which, in order.
            file: Where to.
            share: Bytes that would be their share of the source. If they come out far bigger, what their resource
                dictionaries name and they do not use is left out, if the library can. That means parsing their content,
                which costs time and, on a hostile page, memory; most files do not need it.

        Raises:
            RefusedError: The library cannot.
        """


class Qpdf:
    """qpdf, through pikepdf."""

    def __init__(self, path: Path, pdf: pikepdf.Pdf) -> None:
        # Kept, because to find a page by its number takes as long as there are pages.
        self._pages = [page.obj for page in pdf.pages]
        self.pages = len(self._pages)
        self.encrypted = pdf.is_encrypted
        self.warnings = [_words(warning) for warning in pdf.get_warnings()]
        # It dropped what is no page, and all pages behind that would get other numbers.
        if any("pages tree" in it.lower() for it in self.warnings):
            raise RefusedError("its page tree is damaged, and pages may be lost")
        self.lost: frozenset[int] = frozenset()
        if any("reconstruct" in warning for warning in self.warnings):
            self.lost = self._without_content(_cut_off(path))

    def _without_content(self, cut_off: int | None) -> frozenset[int]:
        """Of a file that was put together again: pages that have no content, or whose content ends with the file."""
        lost = set()
        for number, page in enumerate(self._pages, start=1):
            contents = page.get("/Contents")
            parts = contents if isinstance(contents, pikepdf.Array) else [contents]
            if all(part is None for part in parts) or cut_off in [
                part.objgen[0] for part in parts if isinstance(part, pikepdf.Object)
            ]:
                lost.add(number)
        return frozenset(lost)

    def copy(self, pages: Sequence[int], file: BinaryIO, *, share: float = math.inf) -> frozenset[int]:
        """See `Library.copy`."""
        try:
            with pikepdf.new() as part, warnings.catch_warnings():
                # It warns that document-level trees stay behind, which is what is wanted.
                warnings.simplefilter("ignore", pikepdf.PageCopyWarning)
                for page in pages:
                    part.pages.append(pikepdf.Page(self._pages[page - 1]))
                _save(part, file)
                if file.tell() - _content_bytes(part) > max(_PRUNE_ABOVE * share, _SMALL):
                    part.remove_unreferenced_resources()
                    file.seek(0)
                    file.truncate()
                    _save(part, file)
        except (pikepdf.PdfError, ValueError, TypeError) as error:
            raise RefusedError(_words(error)) from error
        return frozenset()


class Pdfium:
    """PDFium, through pypdfium2."""

    lost: frozenset[int] = frozenset()

    def __init__(self, document: pypdfium2.PdfDocument) -> None:
        self._document = document
        self.pages = len(document)
        self.encrypted = pdfium.FPDF_GetSecurityHandlerRevision(document.raw) != -1
        self.warnings: list[str] = []

    def copy(
        self,
        pages: Sequence[int],
        file: BinaryIO,
        *,
        share: float = math.inf,  # noqa: ARG002 (it cannot)
    ) -> frozenset[int]:
        """See `Library.copy`."""
        lost = set()
        part = pypdfium2.PdfDocument.new()
        try:
            for place, page in enumerate(pages, start=1):
                try:
                    part.import_pages(self._document, [page - 1])
                except pypdfium2.PdfiumError:
                    lost.add(page)
                    if len(part) < place:  # sometimes it leaves a blank page itself
                        part.new_page(*_BLANK)
            if len(lost) == len(pages):
                raise RefusedError("none of them can be read")
            buffer = BytesIO()
            part.save(buffer)
        except (pypdfium2.PdfiumError, ValueError) as error:
            raise RefusedError(_words(error)) from error
        finally:
            part.close()
        _cleared(buffer, file)
        return frozenset(lost)


class Pypdf:
    """pypdf."""

    lost: frozenset[int] = frozenset()

    def __init__(self, reader: pypdf.PdfReader) -> None:
        self._reader = reader
        self.pages = len(reader.pages)
        self.encrypted = reader.is_encrypted
        self.warnings: list[str] = []

    def copy(
        self,
        pages: Sequence[int],
        file: BinaryIO,
        *,
        share: float = math.inf,  # noqa: ARG002 (it cannot)
    ) -> frozenset[int]:
        """See `Library.copy`."""
        import pypdf  # noqa: PLC0415 (see `pypdf_`)

        buffer = BytesIO()
        try:
            writer = pypdf.PdfWriter()
            for page in pages:
                writer.add_page(self._reader.pages[page - 1])
            writer.write(buffer)
        except Exception as error:  # damaged files make it raise nearly anything
            raise RefusedError(_words(error)) from error
        _cleared(buffer, file)
        return frozenset()


def _cleared(buffer: BytesIO, file: BinaryIO) -> None:
    """Write what another library made, without what pages must not carry."""
    try:
        with pikepdf.open(buffer, suppress_warnings=True) as part:
            _save(part, file)
    except (pikepdf.PdfError, ValueError, TypeError) as error:
        raise RefusedError(_words(error)) from error


def _save(part: pikepdf.Pdf, file: BinaryIO) -> None:
    for page in part.pages:
        for key in _NOT_CARRIED:
            if key in page.obj:
                del page.obj[key]
    # Streams are copied as they are: to decode them would cost time, and on a bomb everything.
    part.save(
        file,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        compress_streams=False,
    )


def _content_bytes(part: pikepdf.Pdf) -> int:
    """How much of a PDF is what its pages draw: nothing of that can be left out."""
    total = 0
    for page in part.pages:
        contents = page.obj.get("/Contents")
        for stream in contents if isinstance(contents, pikepdf.Array) else [contents]:
            if isinstance(stream, pikepdf.Stream):
                total += len(stream.read_raw_bytes())
    return total


_PRUNE_ABOVE = 2
"""Pages that are so many times as big as their share of the source are pruned."""

_SMALL = 64 * 2**10
"""Bytes up to which they are small enough whatever their share."""

_NOT_CARRIED = ("/AA", "/Annots", "/B", "/Metadata", "/PieceInfo", "/StructParents", "/Thumb")
"""What hangs on a page and is not its content: scripts, attachments, form fields, links, and what applications left."""

_BLANK = (595, 842)
"""The size of a page that stands for a lost one, in points: A4."""


@contextmanager
def qpdf(path: Path, password: str) -> Iterator[Library]:
    """Open a file with qpdf.

    Raises:
        PasswordError: The password does not open it.
        RefusedError: It cannot be opened otherwise.
    """
    try:
        # An open file, because pikepdf takes no names that are not UTF-8.
        with path.open("rb") as file, pikepdf.open(file, password=password, suppress_warnings=True) as pdf:
            yield Qpdf(path, pdf)
    except pikepdf.PasswordError as error:
        raise PasswordError from error
    except (pikepdf.PdfError, ValueError, TypeError, RuntimeError) as error:  # what damaged files make it raise
        if "loop" in str(error).lower():
            raise HostileError("its page tree leads back into itself") from error
        raise RefusedError(_words(error)) from error


@contextmanager
def pdfium_(path: Path, password: str) -> Iterator[Library]:
    """Open a file with PDFium; raises as `qpdf` does."""
    try:
        document = pypdfium2.PdfDocument(path, password=password or None)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise PasswordError from error
        raise RefusedError(_words(error)) from error
    try:
        yield Pdfium(document)
    finally:
        document.close()


@contextmanager
def pypdf_(path: Path, password: str) -> Iterator[Library]:
    """Open a file with pypdf; raises as `qpdf` does."""
    import pypdf  # noqa: PLC0415 (it takes a while to load, and is rarely needed)

    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(password):
            raise PasswordError  # noqa: TRY301 (as the other two libraries do)
        library = Pypdf(reader)
    except PasswordError:
        raise
    except Exception as error:  # damaged files make it raise nearly anything
        raise RefusedError(_words(error)) from error
    try:
        yield library
    finally:
        reader.close()


Open = Callable[[Path, str], AbstractContextManager[Library]]
"""Opens a file with a password, empty for none."""

BEST_FIRST: tuple[Open, ...] = (qpdf, pdfium_, pypdf_)
"""In the order in which they are tried."""


def _cut_off(path: Path) -> int | None:
    """The number of the object in whose stream the file ends, if it does: it was cut there."""
    data = path.read_bytes()
    tail = data[max(data.rfind(b"endstream"), 0) :]
    begun = list(re.finditer(rb"(\d{1,10})\s+\d{1,5}\s+obj\b", tail))
    return int(begun[-1][1]) if begun and b"stream" in tail[begun[-1].end() :] else None


def _words(message: object) -> str:
    """What a library says, without its name for the file."""
    return shorten(re.sub(r"^(stream )?<[^>]*>[,:]? |^[^:]*\.pdf: ", "", str(message)), 160)
