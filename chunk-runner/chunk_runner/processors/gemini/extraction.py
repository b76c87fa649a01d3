"""The extraction of a chunk: as a whole first, then in smaller parts, down to single pages.

A page that fails alone is failed, or gets the text of its text layer. Knows which pages are sent when; `chunk_requests`
builds the requests and reads the answers, `executor` pays, waits and remembers, `repetition` limits the price.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ChunkError, UnavailableError
from chunk_runner.pdf.page import Page, PageOutcome, PageState
from chunk_runner.processors.base import Task, with_breaks
from chunk_runner.processors.gemini.api.messages import ResponseKind
from chunk_runner.processors.gemini.chunk_requests import Answer, ChunkRequests
from chunk_runner.processors.gemini.execution.executor import RequestExecutor, UnusableResponseError
from chunk_runner.processors.gemini.execution.repetition import ANSWERS_PER_PAGE, UNANSWERED, divide
from chunk_runner.processors.gemini.page_text import sentence_lines
from chunk_runner.processors.gemini.settings import GeminiSettings
from chunk_runner.text.entries import StructuredAnswer
from chunk_runner.text.layout.arrangement import arrange
from chunk_runner.text.layout.line import Line
from chunk_runner.text.sentences.joiner import Item, MissingPage, UnselectedPages


class _Part(NamedTuple):
    """Consecutive pages that are sent together.

    Attributes:
        pages: The pages.
        answers_left: The number of answers that may still be bought for each of them.
        known_responses: The number of responses to other requests when the service first failed at these pages; `None`
            if it has not.
        is_postponed: True if other parts were tried since.
    """

    pages: Sequence[Page]
    answers_left: int = ANSWERS_PER_PAGE
    known_responses: int | None = None
    is_postponed: bool = False


@dataclass
class Extraction:
    """A chunk that is being extracted.

    Attributes:
        settings: The settings of the job's author.
        task: The chunk.
        pages: Its pages and their neighbors as they were read, by page of the source.
        on_page: Called after each page, to report progress.
        executor: Sends requests.
        outcomes: The outcomes of the pages so far, by page of the source; in order once all are known.
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
    _queue: deque[_Part] = field(default_factory=deque)
    _items: dict[int, Sequence[Item]] = field(default_factory=dict)
    """The text of each part, by its first page."""
    _notes: dict[int, Sequence[Line]] = field(default_factory=dict)
    _responses_at_lone_fault: int = -1

    def items(self) -> Iterator[Item]:
        """Yield the text of the chunk, in order. Runs of consecutive pages that can be read are sent together."""
        content = list(with_breaks(self.pages[ref.number] for ref in self.task.pages))
        for is_run, group in groupby(content, lambda item: isinstance(item, Page) and item.reason is None):
            pages = [item for item in group if isinstance(item, Page)]
            if is_run:
                self._queue.append(_Part(pages))
            else:
                for page in pages:
                    self._fail(page, page.reason or Reason.PAGE_UNREADABLE)
        while self._queue:
            self._extract(self._queue.popleft())
        outcomes = [(ref.number, self.outcomes[ref.number]) for ref in self.task.pages]
        self.outcomes.clear()
        self.outcomes.update(outcomes)
        for number in sorted(self._notes):
            self.notes += self._notes[number]
        for item in content:
            if isinstance(item, UnselectedPages):
                yield item
            else:
                yield from self._items.get(item.number, ())

    def require_success(self) -> None:
        """Raise if every page has failed: then the chunk has failed, and can be retried.

        Raises:
            ChunkError: Every page has failed; the reason is the most frequent one.
            UnavailableError: That reason is the service; another attempt may succeed.
        """
        if all(outcome.state is PageState.FAILED for outcome in self.outcomes.values()):
            reasons = Counter(outcome.reason for outcome in self.outcomes.values() if outcome.reason is not None)
            reason = Reason(reasons.most_common(1)[0][0])
            error = UnavailableError if reason is Reason.MODEL_UNAVAILABLE else ChunkError
            raise error(reason, self.last_error or "No page of the chunk can be read.")

    @property
    def _requests(self) -> ChunkRequests:
        return ChunkRequests(self.settings, self.task, self.pages)

    def _extract(self, part: _Part) -> None:
        """Extract the pages of a part, or put smaller parts into the queue."""
        if not any(map(self._has_content, part.pages)):
            for page in part.pages:
                self._record(page, page.outcome)
            return
        if len(part.pages) > 1 and (answers_left := self._known_division(part)) is not None:
            self._divide(part, answers_left)
            return
        try:
            request = self._requests.build(part.pages)
            answer = self.executor.execute(
                request,
                self._requests.key(part.pages),
                lambda text: self._requests.parse(text, part.pages, request.schema),
                part.answers_left,
            )
        except UnusableResponseError as error:
            self._handle(error, part)
        except ChunkError as error:
            self.last_error = error.message
            if len(part.pages) > 1 and error.reason is not Reason.TOKEN_BUDGET_REACHED:  # a part can be copied, perhaps
                self._divide(part, part.answers_left)
            else:
                self._replace(part.pages, error.reason)
        else:
            self._accept(answer, part.pages)

    def _handle(self, error: UnusableResponseError, part: _Part) -> None:
        """Decide on a part for which there is no valid answer."""
        self.last_error = error.message
        several = len(part.pages) > 1
        if error.kind in UNANSWERED:
            self._handle_fault(error, part)
        # An answer that violates the author's own schema would do so again.
        elif several and not (error.kind is ResponseKind.SCHEMA_MISMATCH and self.settings.schema is not None):
            self._divide(part, error.answers_left)
        else:
            self._replace(part.pages, error.reason)

    def _handle_fault(self, error: UnusableResponseError, part: _Part) -> None:
        """Decide whether the service fails because of these pages, because there are too many, or altogether.

        While nothing else is answered either, parts are tried by turns: the executor ends the attempt if that goes on.
        """
        responses = self.executor.service.responses
        known = responses if part.known_responses is None else part.known_responses
        part = part._replace(answers_left=error.answers_left, known_responses=known)
        is_outage = self._responses_at_lone_fault == responses
        if len(part.pages) > 1 and (part.is_postponed or not is_outage):
            self._divide(part, error.answers_left)
        elif len(part.pages) == 1 and part.is_postponed and responses > known:
            self._replace(part.pages, error.reason)
        else:
            if len(part.pages) == 1:
                self._responses_at_lone_fault = responses
            self._queue.append(part._replace(is_postponed=True))

    def _known_division(self, part: _Part) -> int | None:
        """Return the answers left for a part that an earlier attempt found to be too much at once, or `None`."""
        known = self.executor.answers.get(self._division_key(part))
        if known is None:
            return None
        is_valid = known.isdecimal() and 0 < int(known) <= ANSWERS_PER_PAGE
        return int(known) if is_valid else ANSWERS_PER_PAGE - 1

    def _divide(self, part: _Part, answers_left: int) -> None:
        """Put the smaller parts of a part first into the queue, and remember that the part is too much at once."""
        self.executor.answers.put(self._division_key(part), str(answers_left))
        parts = [_Part(pages, answers_left, part.known_responses) for pages in divide(part.pages, answers_left)]
        self._queue.extendleft(reversed(parts))

    def _division_key(self, part: _Part) -> str:
        return self._requests.key(part.pages, "too much at once")

    def _accept(self, answer: Answer, pages: Sequence[Page]) -> None:
        covered = {number for item in (*answer.entries, *answer.running) for number in _covered_pages(item)}
        for page in pages:
            has_text = page.number in covered and page.state is not PageState.EMPTY
            self._record(page, PageOutcome(PageState.OK) if has_text else page.outcome)
            if self.settings.input == "text":
                self._count(page, arrange(page, self.task.profile.layout).dropped)
        self._items[pages[0].number] = answer.entries
        self._notes[pages[0].number] = answer.running

    def _has_content(self, page: Page) -> bool:
        return page.state is PageState.OK or (page.state is PageState.NO_TEXT and self.settings.input == "pdf")

    def _replace(self, pages: Sequence[Page], reason: Reason) -> None:
        """Fail pages that the model does not return, or replace its answer by their text layer."""
        uses_text = (
            self.settings.fallback and self.settings.schema is None and reason is not Reason.TOKEN_BUDGET_REACHED
        )
        for page in pages:
            if not uses_text or page.state is not PageState.OK:
                self._fail(page, reason)
                continue
            text = sentence_lines(page, self.task.profile)
            self._record(page, PageOutcome(PageState.OK, reason))
            self._count(page, text.dropped)
            self._items[page.number], self._notes[page.number] = text.body, text.notes

    def _fail(self, page: Page, reason: Reason) -> None:
        self._record(page, PageOutcome(PageState.FAILED, reason))
        self._items[page.number] = [MissingPage(page.number, reason)]

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
