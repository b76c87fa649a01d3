"""The requests about pages of a chunk: how one is built, what identifies its answer, and what an answer says.

Knows pages, their text, the prompt and the checks of an answer; nothing of sending, repeating or paying.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from chunk_runner.output.pieces import canonical
from chunk_runner.pdf.page import Page
from chunk_runner.pdf.page_extraction import extract
from chunk_runner.processors.base import Task
from chunk_runner.processors.gemini import prompt
from chunk_runner.processors.gemini.answers.plausibility import require_plausible
from chunk_runner.processors.gemini.answers.sentences import parse_sentences
from chunk_runner.processors.gemini.answers.validation import InvalidResponseError, parse_answer
from chunk_runner.processors.gemini.api.messages import Request
from chunk_runner.processors.gemini.execution.executor import answer_key
from chunk_runner.processors.gemini.page_text import lines_of_sentence, reference_text, running_text
from chunk_runner.processors.gemini.settings import GeminiSettings
from chunk_runner.text.entries import StructuredAnswer
from chunk_runner.text.layout.line import Line


_TOKENS_PER_PAGE = 800
"""The approximate tokens sent for a page: 560 for its picture, and its text (ai.google.dev/gemini-api/docs/
media-resolution)."""

_CHARACTERS_PER_TOKEN = 4


class Answer(NamedTuple):
    """The content of an answer: its entries, and running headers and footers, which stand beside these."""

    entries: list[Line | StructuredAnswer]
    running: list[Line]


@dataclass(frozen=True)
class ChunkRequests:
    """The requests about a chunk.

    Attributes:
        settings: The settings of the job's author.
        task: The chunk.
        pages: Its pages and their neighbors as they were read, by page of the source.
    """

    settings: GeminiSettings
    task: Task
    pages: Mapping[int, Page]

    def build(self, pages: Sequence[Page]) -> Request:
        """Return the request about consecutive pages.

        Raises:
            ChunkError: The pages cannot be copied out of the PDF.
        """
        before, after = (running_text(page, self.task.profile) for page in self._neighbors(pages))
        sends_text = self.settings.input == "text"
        built = prompt.build_prompt(
            self.settings,
            len(pages),
            before,
            after,
            self._texts(pages) if sends_text else None,
            keeps_running_lines=self._keeps_running_lines,
        )
        return Request(
            self.settings.model,
            prompt.SYSTEM,
            built.text,
            None
            if sends_text
            else extract(self.task.path, self.task.page_count, [page.ref.position for page in pages]),
            built.schema,
            built.max_output_tokens,
            self.settings.thinking_level,
            len(pages),
            len(built.text) // _CHARACTERS_PER_TOKEN + (0 if sends_text else _TOKENS_PER_PAGE * len(pages)),
        )

    def key(self, pages: Sequence[Page], *details: str) -> str:
        """Return the key of the answer about consecutive pages, made of everything it depends on."""
        numbers = [page.number for page in pages]
        has_neighbors = [page is not None for page in self._neighbors(pages)]
        settings = {**self.settings.answer_settings, "keeps_running_lines": self._keeps_running_lines}
        return answer_key(prompt.VERSION, settings, self.task.source_sha256, numbers, has_neighbors, *details)

    def parse(self, answer: str, pages: Sequence[Page], schema: Mapping[str, Any]) -> Answer:
        """Return what an answer about consecutive pages says.

        Raises:
            InvalidResponseError: The answer cannot be about these pages.
        """
        if self.settings.schema is not None:
            data = parse_answer(answer, schema, is_own=True)
            return Answer([StructuredAnswer(canonical(data), pages[0].number, pages[-1].number)], [])
        texts = self._texts(pages)
        entries = parse_sentences(answer, schema, len(pages))
        if not self.settings.prompt:
            references = [reference_text(page, text) for page, text in zip(pages, texts, strict=True)]
            sees_pictures = self.settings.input == "pdf"
            require_plausible(entries, references, has_picture=[sees_pictures and page.has_picture for page in pages])
            if not entries and any(references):
                raise InvalidResponseError("it is empty")
        sentences = [entry for entry in entries if not entry.is_running]
        return Answer(
            [
                line
                for at, sentence in enumerate(sentences)
                for line in lines_of_sentence(sentence, pages, texts, is_first=at == 0)
            ],
            [Line(pages[it.page - 1].number, it.text, starts=True) for it in entries if it.is_running],
        )

    @property
    def _keeps_running_lines(self) -> bool:
        return self.task.profile.layout.keeps_running_lines

    def _texts(self, pages: Sequence[Page]) -> list[str]:
        return [running_text(page, self.task.profile) for page in pages]

    def _neighbors(self, pages: Sequence[Page]) -> tuple[Page | None, Page | None]:
        """Return the pages before and after consecutive pages; `None` for those that may not be used as context."""
        return self.pages.get(pages[0].number - 1), self.pages.get(pages[-1].number + 1)
