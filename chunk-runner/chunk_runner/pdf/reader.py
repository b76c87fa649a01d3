"""Text: what stands on each page, line by line, with where each line stands. Read in the sandbox, page by page.

PDFium reads, about twenty times as fast as pure Python; what it refuses or dies of is given to `fallback`, which knows
lines but not where they stand. PDFium is not thread-safe: processes, never threads.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ChunkError, WorkspaceError
from chunk_runner.pdf import sandbox
from chunk_runner.pdf.columns import Rect, Span, columns, gutters
from chunk_runner.pdf.page import HYPHEN_MARKS, Page, PageState, clean
from chunk_runner.pdf.sandbox import Limits, Sandbox, SandboxError


VERSION = f"pdfium {pypdfium2.PDFIUM_INFO.build}"
"""What the text of a page depends on besides the page."""

_PAGE_SECONDS = 20

_MOST_CHARACTERS = 2_000_000
"""Of one page; a page of a book has 3,000. More is a bomb, and would swell everything that follows."""

_MORE_THAN_LINES = 4
"""So many runs of text more than lines: some of them may stand in columns."""

_MOST_RECTS = 10_000

_DEATHS = 8
"""So many pages of a chunk may kill their reader; after that it is the chunk's fault."""

_MOST_OBJECTS = 1000
"""Of a page, that are looked at one by one."""

_PARTS_OF_PAGE = 20
"""A picture that takes one of so many may well have text in it; a logo does not."""

_MUCH_TEXT = 1500
"""Characters, of a page of text; a scan that somebody has made searchable has as many."""

_VISIBLE = frozenset(
    {
        pdfium.FPDF_PAGEOBJ_PATH,
        pdfium.FPDF_PAGEOBJ_IMAGE,
        pdfium.FPDF_PAGEOBJ_SHADING,
        pdfium.FPDF_PAGEOBJ_FORM,
    }
)


def read(path: Path, pages: Sequence[int], *, seconds: float = _PAGE_SECONDS, keep: bool = False) -> Iterator[Page]:
    """Read pages, counted from 1; one that cannot be read is `failed`, and the next one follows.

    Args:
        path: The file.
        pages: Which, in order.
        seconds: For each page.
        keep: Whether the same file is going to be read again: its reader is kept, because to find a page far behind in
            a file PDFium looks at all pages before it, whenever the file is opened anew.

    Raises:
        ChunkError: No page can be read: the file cannot be opened, or kills its reader over and over.
    """
    limits = Limits.of_this_process(seconds=seconds)
    reader = _reader(path, limits)
    try:
        yield from _read(reader, path, pages, limits)
    finally:
        if not keep:  # it would hold a file open that is about to be removed
            reader.close()


def _read(reader: Sandbox[Sequence[int], Page], path: Path, pages: Sequence[int], limits: Limits) -> Iterator[Page]:
    at, deaths, fresh = 0, 0, False
    while at < len(pages):
        try:
            for page in reader.ask(pages[at:]):
                refused = page.state is PageState.FAILED and page.reason is Reason.PAGE_UNREADABLE
                yield _again(path, pages[at], limits) if refused else page
                at, fresh = at + 1, False
        except SandboxError as error:
            deaths += 1
            if deaths > _DEATHS:
                raise ChunkError(error.reason, f"Page after page cannot be read: {error.message}.") from error
            if not fresh and error.reason is not Reason.TIME_LIMIT_EXCEEDED:
                fresh = True  # what the child died of may be what it kept of other pages: this page has one more try
                continue
            yield _again(path, pages[at], limits) if error.reason is Reason.CRASHED else _failed(error.reason)
            at, fresh = at + 1, False
        except ChunkError:  # PDFium cannot open the file
            for page in _with_pypdf_alone(path, pages[at:], limits):
                yield page
                at += 1


_kept: tuple[Path, Limits, Sandbox[Sequence[int], Page]] | None = None


def _reader(path: Path, limits: Limits) -> Sandbox[Sequence[int], Page]:
    """The child that reads this file: the same one as before, if it is the same file."""
    global _kept  # noqa: PLW0603 (one child per process)
    if _kept is None or _kept[:2] != (path, limits):
        if _kept is not None:
            _kept[2].close()
        _kept = path, limits, Sandbox(_server(path), limits)
    return _kept[2]


def _server(path: Path) -> Callable[[Sequence[int]], Iterator[Page]]:
    """In the sandbox: reads pages with PDFium, and opens the file once."""
    opened: list[pypdfium2.PdfDocument] = []

    def serve(pages: Sequence[int]) -> Iterator[Page]:
        if not opened:
            try:
                opened.append(pypdfium2.PdfDocument(path))
            except pypdfium2.PdfiumError as error:
                raise ChunkError(Reason.CHUNK_UNREADABLE, f"PDFium cannot open the chunk ({error}).") from error
            except OSError as error:
                raise WorkspaceError(
                    Reason.WORKSPACE_UNAVAILABLE, f"{path.name} cannot be read ({error.strerror or 'it is gone'})."
                ) from error
        for page in pages:
            yield _page(opened[0], path, page)

    return serve


def _again(path: Path, page: int, limits: Limits) -> Page:
    """The text that pypdf finds on a page that PDFium could not read; if it finds none, the page has failed."""
    try:
        (found,) = sandbox.run(lambda: _otherwise(path, [page]), limits)
    except SandboxError as error:
        return _failed(error.reason)
    except ChunkError:
        return _failed(Reason.PAGE_UNREADABLE)
    return found if found.state is PageState.OK else _failed(found.reason or Reason.PAGE_UNREADABLE)


def _with_pypdf_alone(path: Path, pages: Sequence[int], limits: Limits) -> Iterator[Page]:
    try:
        yield from sandbox.run(lambda: _otherwise(path, pages), limits)
    except SandboxError as error:
        raise ChunkError(error.reason, f"No library can read the chunk: {error.message}.") from error


def _otherwise(path: Path, pages: Sequence[int]) -> Iterator[Page]:
    """In the sandbox: read pages with pypdf."""
    from chunk_runner.pdf import pypdf_reader  # noqa: PLC0415 (its libraries take longer to load than a chunk to read)

    return pypdf_reader.read(path, pages)


def _failed(reason: Reason) -> Page:
    return Page(PageState.FAILED, reason=reason)


def _page(document: pypdfium2.PdfDocument, path: Path, number: int) -> Page:
    # The plain functions of the library: its objects cost as much again, on a page of a book.
    page = pdfium.FPDF_LoadPage(document.raw, number - 1)
    if not page:
        return _failed(Reason.PAGE_UNREADABLE)
    try:
        text_page = pdfium.FPDFText_LoadPage(page)
        try:
            count = pdfium.FPDFText_CountChars(text_page)
            if count > _MOST_CHARACTERS:
                return _failed(Reason.MEMORY_LIMIT_EXCEEDED)
            text = _text(text_page, count)
            height = pdfium.FPDF_GetPageHeightF(page)
            lines, boxes = _lines(page, text_page, text, height)
        finally:
            pdfium.FPDFText_ClosePage(text_page)
        if lines:
            return Page(PageState.OK, lines, boxes, height, pictured=_is_pictured(page, height, count))
        return _without_text(page, path, number, unreadable=bool(text.strip()))
    finally:
        pdfium.FPDF_ClosePage(page)


def _text(text_page: Any, count: int) -> str:
    if count <= 0:
        return ""
    buffer = (ctypes.c_ushort * (count * 2 + 2))()  # a character may take two units of UTF-16
    units = pdfium.FPDFText_GetText(text_page, 0, count, buffer)
    return memoryview(buffer).cast("B")[: max(units - 1, 0) * 2].tobytes().decode("utf-16-le", errors="replace")


def _lines(page: Any, text_page: Any, text: str, height: float) -> tuple[list[str], array[float]]:
    """The lines that hold anything, and for each where its first character is seen: left, bottom, top."""
    lines: list[str] = []
    boxes = array("f")
    box = pdfium.FS_RECTF()
    reference = ctypes.byref(box)
    box_of = pdfium.FPDFText_GetLooseCharBox
    # A page may be turned by quarters, clockwise (ISO 32000-1, table 30, `Rotate`); its characters then stand sideways.
    rotation = pdfium.FPDFPage_GetRotation(page)
    width = pdfium.FPDF_GetPageWidthF(page) if rotation else 0
    pieces = _pieces(text)
    if rotation == 0 and (between := _gutters(text_page, len(pieces))):
        pieces = _in_columns(text_page, pieces, between)
    for start, raw in pieces:
        if line := clean(raw):
            lines.append(line)
            if not box_of(text_page, start + len(raw) - len(raw.lstrip()), reference):
                boxes.extend((0, 0, 0))
            elif rotation == 0:
                boxes.extend((box.left, box.bottom, box.top))
            elif rotation == 1:
                boxes.extend((box.bottom, height - box.right, height - box.left))
            elif rotation == 2:  # noqa: PLR2004 (two quarters)
                boxes.extend((width - box.right, height - box.top, height - box.bottom))
            else:
                boxes.extend((width - box.top, box.left, box.right))
    return lines, boxes


def _pieces(text: str) -> list[tuple[int, str]]:
    """The lines of a page's text, and for each where it begins in the list of characters.

    That is where it begins in the text: PDFium makes characters of a line end, and the few files that break this
    (surrogate pairs) are off by a character or two.
    """
    for mark in HYPHEN_MARKS:
        if mark in text:
            text = text.replace(mark, f"{mark}\r\n")
    pieces: list[tuple[int, str]] = []
    start = 0
    for raw in text.split("\r\n"):
        pieces.append((start, raw))
        start += len(raw) + (0 if raw[-1:] in HYPHEN_MARKS else 2)
    return pieces


def _gutters(text_page: Any, lines: int) -> list[Span]:
    """Where columns meet that are drawn row by row: then more is drawn in one go than there are lines."""
    count = pdfium.FPDFText_CountRects(text_page, 0, -1)
    if count < lines + _MORE_THAN_LINES or count > _MOST_RECTS:
        return []
    edges = (ctypes.c_double * 4)()
    left, bottom, right, top = (ctypes.c_double.from_buffer(edges, 8 * at) for at in range(4))
    rects = [Rect(*edges) for at in range(count) if pdfium.FPDFText_GetRect(text_page, at, left, top, right, bottom)]
    return gutters(rects)


def _in_columns(text_page: Any, pieces: Sequence[tuple[int, str]], between: Sequence[Span]) -> list[tuple[int, str]]:
    """The same text, in the order of its columns: what one line holds of several is parted."""
    ordered: list[tuple[int, str]] = []
    waiting: list[list[tuple[int, str]]] = [[] for _ in range(len(between) + 1)]
    for start, raw in pieces:
        spans = [None if char.isspace() else _span(text_page, start + at) for at, char in enumerate(raw)]
        runs = columns(spans, between)
        for (begin, column), (end, _) in pairwise([*runs, (len(raw), 0)]):
            waiting[column].append((start + begin, raw[begin:end]))
        if not runs:
            ordered += [*chain.from_iterable(waiting), (start, raw)]
            waiting = [[] for _ in waiting]
    return [*ordered, *chain.from_iterable(waiting)]


def _span(text_page: Any, at: int) -> Span | None:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    if not pdfium.FPDFText_GetCharBox(text_page, at, left, right, bottom, top):
        return None
    return Span(left.value, right.value)


def _objects(page: Any) -> Iterator[tuple[int, Any]]:
    """What a page draws, as far as anybody wants to know: its kind, and itself."""
    for at in range(min(pdfium.FPDFPage_CountObjects(page), _MOST_OBJECTS)):
        it = pdfium.FPDFPage_GetObject(page, at)
        yield pdfium.FPDFPageObj_GetType(it), it


def _is_pictured(page: Any, height: float, characters: int) -> bool:
    """Whether one picture takes a good part of the page, and there is not much text beside it."""
    if characters >= _MUCH_TEXT:
        return False
    least = height * pdfium.FPDF_GetPageWidthF(page) / _PARTS_OF_PAGE
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    return any(
        pdfium.FPDFPageObj_GetBounds(it, left, bottom, right, top)
        and (right.value - left.value) * (top.value - bottom.value) >= least
        for kind, it in _objects(page)
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE
    )


def _without_text(page: Any, path: Path, number: int, *, unreadable: bool) -> Page:
    """Of a page without a line of text: why."""
    kinds = {kind for kind, _ in _objects(page)}
    if unreadable or kinds & _VISIBLE:
        return Page(PageState.NO_TEXT)
    if not kinds:
        from chunk_runner.pdf import pypdf_reader  # noqa: PLC0415 (see `_otherwise`)

        if not pypdf_reader.has_sound_content(path, number):
            return _failed(Reason.PAGE_UNREADABLE)
    return Page(PageState.EMPTY)
