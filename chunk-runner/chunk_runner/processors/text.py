"""The offline processor: the text layer of the pages, cut into sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chunk_runner.contract.reasons import Reason
from chunk_runner.pdf import reader as pdf
from chunk_runner.pdf.page import SOFT_HYPHEN, PageState
from chunk_runner.processors.base import ChunkResult, Task
from chunk_runner.text import sentences
from chunk_runner.text.layout import Line, read
from chunk_runner.text.sentences import Missing, Skipped


class TextProcessor:
    """Sentences from the text layer: no model, no network, no cost."""

    name = "text"
    version = f"2 ({pdf.VERSION}, {sentences.VERSION})"
    decisive: Mapping[str, Any] = {}
    wants_neighbours = False
    gives_whole_sentences = False

    def process(self, task: Task, on_page: Callable[[], None]) -> ChunkResult:
        """See `Processor.process`."""
        result = ChunkResult({})
        joiner = task.decisions.joiner
        hyphens = joiner.hyphens
        notes: list[Line] = []

        def lines() -> Iterator[Line | Missing | Skipped]:
            before = task.pages[0] - 1
            for number, page in zip(task.pages, pdf.read(task.path, task.places, keep_open=task.shared), strict=True):
                if number != before + 1:
                    yield Skipped()
                before = number
                state, reason = page.state, page.reason
                if number in task.lost and state is PageState.EMPTY:
                    state, reason = PageState.FAILED, Reason.PAGE_UNREADABLE
                result.states[number] = state
                if state is PageState.FAILED:
                    result.reasons[number] = reason or Reason.PAGE_UNREADABLE
                    yield Missing(number, result.reasons[number])
                elif state is PageState.OK:
                    text, noted = read(number, page, task.decisions.layout)
                    notes.extend(line._replace(text=hyphens.unbroken(line.text)) for line in noted)
                    for line in text:
                        yield line._replace(text=hyphens.unbroken(line.text)) if SOFT_HYPHEN in line.text else line
                on_page()

        result.segments = joiner.segment(lines(), notes)
        return result
