"""The offline processor: the text layer of the pages, cut into sentences. No model, no network, no cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chunk_runner.pdf import reader
from chunk_runner.pdf.page import SOFT_HYPHEN, PageOutcome, PageState
from chunk_runner.processors.base import Task, with_breaks
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.text.layout.arrangement import arrange
from chunk_runner.text.layout.line import Line
from chunk_runner.text.sentences import joiner
from chunk_runner.text.sentences.dehyphenation import Dehyphenator
from chunk_runner.text.sentences.joiner import Item, MissingPage, UnselectedPages


class TextProcessor:
    """Extracts sentences from the text layer."""

    name = "text"
    version = f"3 ({reader.VERSION}, {joiner.VERSION})"
    decisive_settings: Mapping[str, Any] = {}
    uses_neighbors = False
    returns_sentences = False

    def process(self, task: Task, on_page: Callable[[], None]) -> ChunkResult:
        """See `Processor.process`."""
        joiner = task.profile.joiner
        dehyphenator = joiner.dehyphenator
        outcomes: dict[int, PageOutcome] = {}
        notes: list[Line] = []
        dropped = unmapped = 0

        def items() -> Iterator[Item]:
            nonlocal dropped, unmapped
            for page in with_breaks(reader.read(task.path, task.pages, keep_open=task.is_source)):
                if isinstance(page, UnselectedPages):
                    yield page
                    continue
                outcomes[page.number] = page.outcome
                if page.reason is not None:
                    yield MissingPage(page.number, page.reason)
                elif page.state is PageState.OK:
                    text = arrange(page, task.profile.layout)
                    dropped += text.dropped
                    unmapped += page.unmapped_characters
                    notes.extend(_without_soft_hyphens(line, dehyphenator) for line in text.notes)
                    for line in text.body:
                        yield _without_soft_hyphens(line, dehyphenator)
                on_page()

        found = joiner.segment(items(), notes)
        return ChunkResult(outcomes, found, dropped, unmapped)


def _without_soft_hyphens(line: Line, dehyphenator: Dehyphenator) -> Line:
    if SOFT_HYPHEN not in line.text:  # true of most lines
        return line
    return line._replace(text=dehyphenator.remove_soft_hyphens(line.text))
