"""The interface between the stages and the processors: what a processor is given, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from chunk_runner.contract.stats import Tokens
from chunk_runner.pdf.page import Page, PageRef
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.text.document_profile import DocumentProfile
from chunk_runner.text.sentences.joiner import UnselectedPages, are_adjacent


@dataclass(frozen=True)
class Task:
    """A chunk to process.

    Attributes:
        index: The 0-based chunk.
        path: The PDF to read: the chunk's own, or the source.
        page_count: The number of pages in that PDF.
        is_source: True if that PDF is the source, from which other chunks are read too.
        pages: The chunk's pages.
        before: The page before the chunk, which is context only; `None` if there is none to know.
        after: The page after the chunk, which is context only; `None` if there is none to know.
        profile: The profile of the whole document.
        source_sha256: The checksum of the source.
        answers: The answers bought for this chunk so far.
        require_budget: Raises `ChunkError` if the job may not buy anything more.
    """

    index: int
    path: Path
    page_count: int
    is_source: bool
    pages: Sequence[PageRef]
    before: PageRef | None
    after: PageRef | None
    profile: DocumentProfile
    source_sha256: str
    answers: AnswerStore
    require_budget: Callable[[], None]


class AnswerStore(Protocol):
    """Answers bought from a model, and the tokens they cost, kept beyond the process that bought them."""

    def record_usage(self, tokens: Tokens, outcome: str) -> None:
        """Count the tokens of an answer, useful or not.

        Args:
            tokens: The tokens it cost.
            outcome: What the answer was, in a few words.
        """

    def record_rejected(self, answers: int) -> None:
        """Count answers that other pods seemed to share, and that none of them wrote."""

    def get(self, key: str) -> str | None:
        """Return an answer that an earlier attempt bought; `None` if there is none."""

    def put(self, key: str, answer: str) -> None:
        """Keep an answer."""


class Processor(Protocol):
    """A way to process chunks.

    Attributes:
        name: The name by which a job selects it.
        version: Changes whenever the same pages may give another result; it is part of the key of every result.
        uses_neighbors: True if the pages before and after a chunk are needed as context.
        returns_sentences: True if the returned lines are whole sentences, which must not be segmented again.
    """

    name: str
    version: str
    uses_neighbors: bool
    returns_sentences: bool

    @property
    def decisive_settings(self) -> Mapping[str, Any]:
        """The settings that may change a result."""
        ...

    def process(self, task: Task, on_page: Callable[[], None]) -> ChunkResult:
        """Process a chunk.

        Args:
            task: The chunk.
            on_page: Called after each page, to report progress.

        Raises:
            ChunkError: The chunk cannot be processed, and another attempt would end the same way.
        """
        ...


def with_breaks(pages: Iterable[Page]) -> Iterator[Page | UnselectedPages]:
    """Yield the pages of a chunk, and a mark wherever unselected pages lie between two of them."""
    previous: Page | None = None
    for page in pages:
        if previous is not None and not are_adjacent(previous.number, page.number):
            yield UnselectedPages()
        yield page
        previous = page
