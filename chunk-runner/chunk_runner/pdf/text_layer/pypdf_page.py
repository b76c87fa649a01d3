"""Pages that PDFium cannot read or leaves in doubt, examined with the other two libraries.

Runs in the sandbox. Slow to load and rarely needed, so only `reader` and `pdfium_page` import it, when they need it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import pikepdf
import pypdf
import pypdf.errors

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ChunkError
from chunk_runner.pdf import annotation_text
from chunk_runner.pdf.glyphs.characters import clean, count_unmapped
from chunk_runner.pdf.page import Page, PageRef, PageState


log = logging.getLogger(__name__)


def read(path: Path, pages: Sequence[PageRef]) -> Iterator[Page]:
    """Read pages with pypdf, which finds lines but not their positions.

    Args:
        path: The file.
        pages: The pages, in order.

    Raises:
        ChunkError: pypdf cannot open the file.
    """
    try:
        reader = pypdf.PdfReader(path)
        page_count = len(reader.pages)
    except Exception as error:  # damaged files make pypdf raise almost any exception
        raise ChunkError(Reason.CHUNK_UNREADABLE, f"No library can open the chunk ({type(error).__name__}).") from error
    for ref in pages:
        exists = ref.position <= page_count
        yield _read_page(reader, ref) if exists else Page.failed(ref, Reason.PAGE_UNREADABLE)


def _read_page(reader: pypdf.PdfReader, ref: PageRef) -> Page:
    try:
        page = reader.pages[ref.position - 1]
        text, annotations = annotation_text.split(page.extract_text(), lambda raw, _: _clean(raw))
        lines = [line for raw in text.split("\n") if (line := _clean(raw))]
        has_content = bool(page.get_contents())
    except pypdf.errors.LimitReachedError:
        return Page.failed(ref, Reason.MEMORY_LIMIT_EXCEEDED)
    except Exception:  # damaged files make pypdf raise almost any exception
        log.debug("pypdf cannot read page %d", ref.number, exc_info=True)
        return Page.failed(ref, Reason.PAGE_UNREADABLE)
    state = PageState.OK if lines or annotations else PageState.NO_TEXT if has_content else PageState.EMPTY
    unmapped = sum(map(count_unmapped, chain(lines, *annotations)))
    return Page(ref, state, lines, annotations=annotations, unmapped_characters=unmapped)


def _clean(raw: str) -> str:
    return clean(raw, lambda _: "")


def has_decodable_content(path: Path, position: int) -> bool:
    """Return True if the page's content streams can be decoded; PDFium silently shows a blank page if they cannot.

    Args:
        path: The file.
        position: The 1-based page of the file.
    """
    try:
        with path.open("rb") as file, pikepdf.open(file, suppress_warnings=True) as pdf:
            contents = pdf.pages[position - 1].obj.get("/Contents")
            for stream in contents if isinstance(contents, pikepdf.Array) else [contents]:
                if isinstance(stream, pikepdf.Stream):
                    stream.read_bytes()
    except (pikepdf.PdfError, ValueError, TypeError, RuntimeError):
        return False
    return True
