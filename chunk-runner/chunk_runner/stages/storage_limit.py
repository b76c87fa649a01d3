"""The storage limit of a job: the room that the PDFs of its chunks, and then its results, may take on the volume. Pure.

A small document can grow a hundredfold: each chunk repeats what its pages share with others, and a page can draw the
same text again and again. Whoever put the source on the volume may use several times its size in any case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ChunkError, SourceError
from chunk_runner.text.entries import Sentence, StructuredAnswer


if TYPE_CHECKING:
    from chunk_runner.processors.chunk_result import ChunkResult
    from chunk_runner.source import Source
    from chunk_runner.workspace.manifest import Chunk, Manifest

_SHARE = 3
"""Times the size of the source: its own size if pages share nothing, and twice that with fonts that all chunks need."""

_PAGE_CHARACTERS = 2**16
"""The text of a page that is always kept; a page of a newspaper has 20,000 characters."""


def require_room_for_chunks(used: int, limit: int | None, source: Source) -> None:
    """Check the size of the PDFs of all chunks.

    Args:
        used: Their size so far, in bytes.
        limit: The limit in bytes; `None` for no limit.
        source: The source.

    Raises:
        SourceError: They take too much room.
    """
    if limit is None or used <= (allowed := _allowed(limit, source.bytes)):
        return
    raise SourceError(
        Reason.STORAGE_LIMIT_EXCEEDED,
        f"Split into chunks, “{shorten(source.name, 60)}” ({source.bytes / 2**20:,.1f} MiB) takes more than"
        f" {allowed / 2**20:,.1f} MiB, because its pages share images or fonts: use more pages per chunk, or"
        " ask an administrator to raise runner.maxStorage.",
    )


def require_room_for_result(result: ChunkResult, limit: int | None, chunk: Chunk, manifest: Manifest) -> None:
    """Check the size of a result: its share of the limit by pages.

    Args:
        result: The result.
        limit: The limit in bytes; `None` for no limit.
        chunk: The chunk.
        manifest: The job.

    Raises:
        ChunkError: The result takes too much room.
    """
    if limit is None:
        return
    pages, size = len(chunk.pages), _characters(result)
    share = _allowed(limit, int(manifest.source["bytes"])) * pages // manifest.selected_pages
    if size > max(share, _PAGE_CHARACTERS * pages):
        raise ChunkError(
            Reason.STORAGE_LIMIT_EXCEEDED,
            f"These pages have {size:,} characters of text, far more than pages can show: inspect them, or"
            " ask for a higher runner.maxStorage.",
        )


def _allowed(limit: int, source_bytes: int) -> int:
    return max(limit, _SHARE * source_bytes)


def _characters(result: ChunkResult) -> int:
    sentences = result.sentences
    lines = sum(len(line.text) for line in (*sentences.head, *sentences.tail))
    texts = (entry.text for entry in sentences.entries if isinstance(entry, Sentence))
    answers = (entry.json for entry in sentences.entries if isinstance(entry, StructuredAnswer))
    notes = (note.text for note in (*sentences.head_notes, *sentences.tail_notes))
    return lines + sum(map(len, (*texts, *answers, *notes)))
