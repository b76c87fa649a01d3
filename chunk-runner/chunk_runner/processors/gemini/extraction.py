"""The extraction of a chunk: as a whole first, then by halves, down to single pages.

A page that fails alone is failed, or gets the text of its text layer. Knows pages, their text, and what an answer about
them must look like; `executor` pays, waits and remembers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ChunkError
from chunk_runner.output.pieces import canonical
from chunk_runner.pdf.page import Page, PageOutcome, PageState
from chunk_runner.pdf.splitter import extract
from chunk_runner.processors.base import Task, with_breaks
from chunk_runner.processors.gemini import prompt
from chunk_runner.processors.gemini.executor import RequestExecutor, UnusableResponseError, answer_key
from chunk_runner.processors.gemini.messages import Request, ResponseKind
from chunk_runner.processors.gemini.page_text import lines_of_sentence, reference_text, running_text, sentence_lines
from chunk_runner.processors.gemini.settings import GeminiSettings
from chunk_runner.processors.gemini.validation import (
    InvalidResponseError,
    parse_answer,
    parse_sentences,
    require_plausible,
)
from chunk_runner.text.entries import StructuredAnswer
from chunk_runner.text.layout.arrangement import arrange
from chunk_runner.text.layout.line import Line
from chunk_runner.text.sentences import Item, MissingPage, UnselectedPages


_TOKENS_PER_PAGE = 800
"""The approximate tokens sent for a page: 560 for its picture, and its text (ai.google.dev/gemini-api/docs/
media-resolution)."""

_CHARACTERS_PER_TOKEN = 4


class _Answer(NamedTuple):
    """The content of an answer: its entries, and running headers and footers, which stand beside these."""

    entries: list[Line | StructuredAnswer]
    running: list[Line]


@dataclass
class Extraction:
    """A chunk that is being extracted.

    Attributes:
        settings: The settings of the job's author.
        task: The chunk.
        pages: Its pages and their neighbors as they were read, by page of the source.
        on_page: Called after each page, to report progress.
        executor: Sends requests.
        outcomes: The outcomes of the pages so far, by page of the source.
        notes: What stands beside the text of these pages, such as running headers that are kept, in order of pages.
        dropped_lines: Running headers and footers that were left out of the text layers that were used.
        unmapped_characters: Characters in these text layers without a usable Unicode mapping.
        last_error: The message of the last page that failed.
    """

    settings: GeminiSettings
    task: Task
    pages: Mapping[int, Page]
    on_page: Callable[[], None]
    executor: RequestExecutor
    outcomes: dict[int, PageOutcome] = field(default_factory=dict)
    notes: list[Line] = field(default_factory=list)
    dropped_lines: int = 0
    unmapped_characters: int = 0
    last_error: str = ""

    def items(self) -> Iterator[Item]:
        """Yield the text of the chunk, in order. Runs of consecutive pages that can be read are sent together."""
        run: list[Page] = []
        for item in with_breaks(self.pages[ref.number] for ref in self.task.pages):
            if isinstance(item, Page) and item.reason is None:
                run.append(item)
                continue
            yield from self._extract(run)
            run = []
            if isinstance(item, UnselectedPages):
                yield item
            elif item.reason is not None:
                yield self._fail(item, item.reason)
        yield from self._extract(run)

    def require_success(self) -> None:
        """Raise if every page has failed: then the chunk has failed, and can be retried.

        Raises:
            ChunkError: Every page has failed; the reason is the most frequent one.
        """
        if all(outcome.state is PageState.FAILED for outcome in self.outcomes.values()):
            reasons = Counter(outcome.reason for outcome in self.outcomes.values() if outcome.reason is not None)
            reason, _ = reasons.most_common(1)[0]
            raise ChunkError(Reason(reason), self.last_error or "No page of the chunk can be read.")

    def _extract(self, pages: Sequence[Page]) -> Iterator[Item]:
        """Extract consecutive pages."""
        if not any(map(self._has_content, pages)):
            for page in pages:
                self._record(page, page.outcome)
            return
        half, halving_key = len(pages) // 2, self._key(pages, "too much at once")
        if half and self.executor.answers.get(halving_key) is not None:  # an earlier attempt paid to find this out
            yield from chain(self._extract(pages[:half]), self._extract(pages[half:]))
            return
        try:
            answer = self._request(pages)
        except (UnusableResponseError, ChunkError) as error:
            if error.reason is Reason.TOKEN_BUDGET_REACHED:
                raise
            self.last_error = error.message
            if half and self._may_succeed_halved(error):
                self.executor.answers.put(halving_key, error.message)
                yield from chain(self._extract(pages[:half]), self._extract(pages[half:]))
            else:
                for page in pages:
                    yield from self._replace(page, error.reason)
            return
        covered = {number for item in (*answer.entries, *answer.running) for number in _covered_pages(item)}
        for page in pages:
            has_text = page.number in covered and page.state is not PageState.EMPTY
            self._record(page, PageOutcome(PageState.OK) if has_text else page.outcome)
            if self.settings.input == "text":
                self._count(page, arrange(page, self.task.profile.layout).dropped)
        self.notes += answer.running
        yield from answer.entries

    def _may_succeed_halved(self, error: UnusableResponseError | ChunkError) -> bool:
        """Return True if fewer pages may succeed; an answer that violates the author's own schema would do so again."""
        if isinstance(error, ChunkError):
            return True
        return error.fewer_pages_may_succeed and not (
            error.kind is ResponseKind.SCHEMA_MISMATCH and self.settings.schema is not None
        )

    def _has_content(self, page: Page) -> bool:
        return page.state is PageState.OK or (page.state is PageState.NO_TEXT and self.settings.input == "pdf")

    @property
    def _keeps_running_lines(self) -> bool:
        return self.task.profile.layout.keeps_running_lines

    def _request(self, pages: Sequence[Page]) -> _Answer:
        texts = [running_text(page, self.task.profile) for page in pages]
        before, after = (running_text(page, self.task.profile) for page in self._neighbors(pages))
        sends_text = self.settings.input == "text"
        built = prompt.build_prompt(
            self.settings,
            len(pages),
            before,
            after,
            texts if sends_text else None,
            keeps_running_lines=self._keeps_running_lines,
        )
        request = Request(
            self.settings.model,
            prompt.SYSTEM,
            built.text,
            None
            if sends_text
            else extract(self.task.path, self.task.page_count, [page.ref.position for page in pages]),
            built.schema,
            built.max_output_tokens,
            self.settings.thinking_level,
        )
        tokens = len(built.text) // _CHARACTERS_PER_TOKEN + (0 if sends_text else _TOKENS_PER_PAGE * len(pages))
        return self.executor.execute(
            request, self._key(pages), tokens, lambda answer: self._parse(answer, pages, texts, built.schema)
        )

    def _neighbors(self, pages: Sequence[Page]) -> tuple[Page | None, Page | None]:
        """Return the pages before and after consecutive pages; `None` for those that may not be used as context."""
        return self.pages.get(pages[0].number - 1), self.pages.get(pages[-1].number + 1)

    def _key(self, pages: Sequence[Page], *details: str) -> str:
        """Return the key of an answer, made of everything it depends on."""
        numbers = [page.number for page in pages]
        has_neighbors = [page is not None for page in self._neighbors(pages)]
        settings = {**self.settings.answer_settings, "keeps_running_lines": self._keeps_running_lines}
        return answer_key(prompt.VERSION, settings, self.task.source_sha256, numbers, has_neighbors, *details)

    def _parse(self, answer: str, pages: Sequence[Page], texts: Sequence[str], schema: Mapping[str, Any]) -> _Answer:
        """Return what an answer says.

        Raises:
            InvalidResponseError: The answer cannot be about these pages.
        """
        data = parse_answer(answer, schema, is_own=self.settings.schema is not None)
        if self.settings.schema is not None:
            return _Answer([StructuredAnswer(canonical(data), pages[0].number, pages[-1].number)], [])
        entries = parse_sentences(data, len(pages))
        if not self.settings.prompt:
            references = [reference_text(page, text) for page, text in zip(pages, texts, strict=True)]
            sees_pictures = self.settings.input == "pdf"
            require_plausible(entries, references, has_picture=[sees_pictures and page.has_picture for page in pages])
            if not entries and any(references):
                raise InvalidResponseError("it is empty")
        sentences = [entry for entry in entries if not entry.is_running]
        return _Answer(
            [
                line
                for at, sentence in enumerate(sentences)
                for line in lines_of_sentence(sentence, pages, texts, is_first=at == 0)
            ],
            [Line(pages[it.page - 1].number, it.text, starts=True) for it in entries if it.is_running],
        )

    def _replace(self, page: Page, reason: Reason) -> Iterator[Item]:
        """Fail a page that the model does not return, or replace its answer by its text layer."""
        if not self.settings.fallback or page.state is not PageState.OK or self.settings.schema is not None:
            yield self._fail(page, reason)
            return
        text = sentence_lines(page, self.task.profile)
        self._record(page, PageOutcome(PageState.OK, reason))
        self._count(page, text.dropped)
        self.notes += text.notes
        yield from text.body

    def _fail(self, page: Page, reason: Reason) -> MissingPage:
        self._record(page, PageOutcome(PageState.FAILED, reason))
        return MissingPage(page.number, reason)

    def _count(self, page: Page, dropped: int) -> None:
        """Count a page of which the text layer was used, and so many lines of it left out."""
        self.dropped_lines += dropped
        self.unmapped_characters += page.unmapped_characters

    def _record(self, page: Page, outcome: PageOutcome) -> None:
        self.outcomes[page.number] = outcome
        self.on_page()


def _covered_pages(item: Line | StructuredAnswer) -> range:
    if isinstance(item, Line):
        return range(item.page, item.page + 1)
    return range(item.first_page, item.last_page + 1)
