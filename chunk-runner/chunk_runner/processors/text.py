"""The offline processor: the text layer of the pages, cut into sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunk_runner import pdf, sentences
from chunk_runner.contract import Reason
from chunk_runner.processors.base import ChunkResult


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class TextProcessor:
    """Sentences from the text layer: no model, no network, no cost."""

    name = "text"
    version = f"1 ({pdf.VERSION}, {sentences.VERSION})"

    def process(self, chunk: Path, first_page: int, on_page: Callable[[], None]) -> ChunkResult:
        """See `Processor.process`."""
        states: dict[int, pdf.PageState] = {}

        def lines() -> Iterator[sentences.Line | sentences.Missing]:
            for number, page in enumerate(pdf.page_texts(chunk), start=first_page):
                states[number] = page.state
                if page.state is pdf.PageState.FAILED:
                    yield sentences.Missing(number, Reason.PAGE_UNREADABLE)
                yield from sentences.lines_of(number, page.text)
                on_page()

        segments = sentences.segment(lines())
        return ChunkResult(states, segments)
