"""What PDFium leaves in doubt, asked of the other two libraries. Slow, rarely needed, and so loaded only then.

Runs in the sandbox, as everything that reads a PDF.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pikepdf
import pypdf
import pypdf.errors

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ChunkError
from chunk_runner.pdf.page import Page, PageState, clean


def read(path: Path, pages: Sequence[int]) -> Iterator[Page]:
    """Read pages, counted from 1, with pypdf, which knows lines but not where they stand.

    Raises:
        ChunkError: It cannot open the file either.
    """
    try:
        reader = pypdf.PdfReader(path)
        found = len(reader.pages)
    except Exception as error:  # damaged files make it raise nearly anything
        raise ChunkError(Reason.CHUNK_UNREADABLE, f"No library can open the chunk ({type(error).__name__}).") from error
    for number in pages:
        try:
            if number > found:
                raise IndexError(number)  # noqa: TRY301 (a page that is not there is one that cannot be read)
            page = reader.pages[number - 1]
            lines = [line for raw in page.extract_text().splitlines() if (line := clean(raw))]
            drawn = bool(page.get_contents())
        except pypdf.errors.LimitReachedError:
            yield Page(PageState.FAILED, reason=Reason.MEMORY_LIMIT_EXCEEDED)
        except Exception:  # noqa: BLE001 (see above)
            yield Page(PageState.FAILED, reason=Reason.PAGE_UNREADABLE)
        else:
            yield Page(PageState.OK if lines else PageState.NO_TEXT if drawn else PageState.EMPTY, lines)


def has_sound_content(path: Path, number: int) -> bool:
    """Whether the page's content can be decoded: PDFium takes garbage for a blank page, without a word."""
    try:
        with path.open("rb") as file, pikepdf.open(file, suppress_warnings=True) as pdf:
            contents = pdf.pages[number - 1].obj.get("/Contents")
            for stream in contents if isinstance(contents, pikepdf.Array) else [contents]:
                if isinstance(stream, pikepdf.Stream):
                    stream.read_bytes()
    except (pikepdf.PdfError, ValueError, TypeError, RuntimeError):
        return False
    return True
