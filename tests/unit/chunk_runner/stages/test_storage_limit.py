"""How much room a job may take; prepare and process apply it."""

from pathlib import Path

import pytest

from chunk_runner.errors import ChunkError, SourceError
from chunk_runner.pdf.page import PageOutcome, PageState
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.source import Source
from chunk_runner.stages.storage_limit import require_room_for_chunks, require_room_for_result
from chunk_runner.text.entries import Entry, Gap, Sentence, StructuredAnswer
from chunk_runner.text.sentences.joiner import ChunkSentences
from chunk_runner.workspace.manifest import Chunk, Manifest


MIB = 2**20
SOURCE = Source(Path("a.pdf"), "a.pdf", "ab" * 32, 10 * MIB)
CHUNK = Chunk(0, "1-2", "key")
MANIFEST = Manifest(
    source={"name": "a.pdf", "sha256": "ab" * 32, "bytes": 1000, "pages": 4},
    processor={"name": "text", "version": "1"},
    settings={"name": "text"},
    form="json",
    selected="1-4",
    lost="",
    warnings=(),
    chunks=(CHUNK, Chunk(1, "3-4", "key")),
)


@pytest.mark.parametrize(
    ("used", "limit"), [(10**12, None), (MIB, MIB), (30 * MIB, MIB), (50 * MIB, 50 * MIB)], ids=str
)
def test_chunks_may_take_the_limit_or_three_times_the_size_of_the_source(used: int, limit: int | None) -> None:
    require_room_for_chunks(used, limit, SOURCE)


def test_chunks_that_take_more_are_refused_in_a_sentence_that_says_what_to_do() -> None:
    with pytest.raises(SourceError, match=r"takes more than 30\.0 MiB.*use more pages per chunk") as caught:
        require_room_for_chunks(30 * MIB + 1, MIB, SOURCE)

    assert caught.value.message.endswith(".")


def result(text: str) -> ChunkResult:
    entries: list[Entry] = [Sentence(text, 1, 1), StructuredAnswer("1", 2, 2), Gap(2, 2, "PageUnreadable")]
    return ChunkResult({1: PageOutcome(PageState.OK)}, ChunkSentences(is_closed=True, entries=entries))


@pytest.mark.parametrize(
    ("size", "limit"), [(10**7, None), (2**17 - 1, 1), (MIB - 1, 2 * MIB)], ids=["no limit", "two pages", "half"]
)
def test_a_result_may_take_its_share_and_the_text_of_a_page_in_any_case(size: int, limit: int | None) -> None:
    require_room_for_result(result("x" * size), limit, CHUNK, MANIFEST)


@pytest.mark.parametrize(("size", "limit"), [(2**17, 1), (MIB, 2 * MIB)], ids=["two pages", "half"])
def test_a_result_that_takes_more_fails_its_chunk(size: int, limit: int) -> None:
    with pytest.raises(ChunkError, match="far more than pages can show"):
        require_room_for_result(result("x" * size), limit, CHUNK, MANIFEST)
