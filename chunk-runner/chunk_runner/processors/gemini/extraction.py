"""Asking about a chunk: as a whole first, then by halves, down to a page, which fails alone or gets its text layer.

Knows pages and their text, and what an answer about them is worth; who pays, waits and remembers is for `buyer`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise
from typing import Any

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ChunkError
from chunk_runner.output import canonical
from chunk_runner.pdf.page import Page, PageState
from chunk_runner.pdf.splitter import extract
from chunk_runner.processors.base import ChunkResult, Task
from chunk_runner.processors.gemini import prompt
from chunk_runner.processors.gemini.executor import Buyer, UnusableError, key_of
from chunk_runner.processors.gemini.messages import Kind, Request
from chunk_runner.processors.gemini.settings import GeminiSettings
from chunk_runner.processors.gemini.validation import InvalidError, Sentence, require_true, sentences, value
from chunk_runner.text import language
from chunk_runner.text.layout import Line, read
from chunk_runner.text.sentences import Missing, Seam, Skipped, Value
from chunk_runner.text.sentences import Sentence as WholeSentence


_TOKENS_OF_PAGE = 800
"""About so many tokens are sent for a page: 560 for its picture, and its text (ai.google.dev/gemini-api/docs/
media-resolution)."""

_LETTERS_OF_TOKEN = 4

_SHORTEST_END = 8
_LONGEST_END = 3_000
"""Characters of a sentence that are looked for on the next page, whatever the model says."""


@dataclass
class Asking:
    """A chunk being asked for.

    Attributes:
        settings: What the job's author asks for.
        task: The chunk.
        found: Its pages and their neighbours as they were read, by place.
        on_page: Called after each page, for progress.
        buyer: Buys answers.
        result: What came of it so far, but for the segments.
        message: Why the last page failed that did.
    """

    settings: GeminiSettings
    task: Task
    found: Mapping[int, Page]
    on_page: Callable[[], None]
    buyer: Buyer
    result: ChunkResult = field(default_factory=lambda: ChunkResult({}))
    message: str = ""

    def stream(self) -> Iterator[Line | Missing | Skipped | Value]:
        """What comes of its pages, in order."""
        at, before = 0, self.task.pages[0] - 1
        while at < len(self.task.pages):
            if self.task.pages[at] != before + 1:
                yield Skipped()
            failure = self._unreadable(at)
            if failure is not None:
                yield self._fail(at, failure)
                end = at + 1
            else:
                end = at + 1
                while self._goes_on(end):
                    end += 1
                yield from self._asked(range(at, end))
            before, at = self.task.pages[end - 1], end

    def require_anything(self) -> None:
        """A chunk of which every page failed has failed itself: so it can be run again.

        Raises:
            ChunkError: That is so.
        """
        if all(state is PageState.FAILED for state in self.result.states.values()):
            reason, _ = Counter(self.result.reasons.values()).most_common(1)[0]
            raise ChunkError(Reason(reason), self.message or "Not one page of the chunk can be read.")

    def _page(self, at: int) -> Page:
        return self.found[self.task.places[at]]

    def _unreadable(self, at: int) -> Reason | None:
        """Why a page is not even asked for."""
        page = self._page(at)
        if page.state is PageState.FAILED:
            return page.reason or Reason.PAGE_UNREADABLE
        lost = self.task.pages[at] in self.task.lost and page.state is PageState.EMPTY
        return Reason.PAGE_UNREADABLE if lost else None

    def _goes_on(self, at: int) -> bool:
        """Whether this page can be asked for together with the one before it."""
        pages = self.task.pages
        return at < len(pages) and pages[at] == pages[at - 1] + 1 and self._unreadable(at) is None

    def _beside(self, at: int, step: int) -> int:
        """Where the source's page before or after this one is, if it may be known; 0 for nowhere."""
        if not 0 <= at + step < len(self.task.pages):
            return self.task.before if step < 0 else self.task.after
        return self.task.places[at + step] if self.task.pages[at + step] == self.task.pages[at] + step else 0

    def _asked(self, places: range) -> Iterator[Line | Missing | Value]:
        """Ask for pages that stand in a row, the ones with these numbers in the chunk."""
        if not any(map(self._has_anything, places)):
            for at in places:
                self._enter(at, self._page(at).state)
            return
        half, too_much = len(places) // 2, self._key(places, "too much at once")
        if half and self.buyer.answers.recall(too_much) is not None:  # an earlier attempt paid to find out
            yield from chain(self._asked(places[:half]), self._asked(places[half:]))
            return
        try:
            found = self._bought(places)
        except (UnusableError, ChunkError) as error:
            if error.reason is Reason.TOKEN_BUDGET_REACHED:
                raise
            self.message = error.message
            if half and self._may_help(error):
                self.buyer.answers.keep(too_much, error.message)
                yield from chain(self._asked(places[:half]), self._asked(places[half:]))
            else:
                for at in places:
                    yield from self._failed(at, error.reason)
            return
        told = {page for it in found for page in _pages(it)}
        for at in places:
            silent = self.task.pages[at] not in told or self._page(at).state is PageState.EMPTY
            self._enter(at, self._page(at).state if silent else PageState.OK)
        yield from found

    def _may_help(self, error: UnusableError | ChunkError) -> bool:
        """Whether fewer pages may fare better. What is not of the author's own schema will not be for fewer pages."""
        if isinstance(error, ChunkError):
            return True
        return error.smaller_may_help and not (error.kind is Kind.MISSHAPEN and self.settings.schema is not None)

    def _has_anything(self, at: int) -> bool:
        page = self._page(at)
        return page.state is PageState.OK or (page.state is PageState.NO_TEXT and self.settings.input == "pdf")

    def _bought(self, places: range) -> list[Line | Value]:
        on_pdf = [self.task.places[at] for at in places]
        before, after = self._beside(places[0], -1), self._beside(places[-1], 1)
        texts = [self._text(place) for place in on_pdf]
        by_text = self.settings.input == "text"
        asked = prompt.ask(
            self.settings, len(places), self._text(before), self._text(after), texts if by_text else None
        )
        request = Request(
            self.settings.model,
            prompt.SYSTEM,
            asked.text,
            None if by_text else extract(self.task.path, self.task.size, on_pdf),
            asked.schema,
            asked.max_output_tokens,
            self.settings.thinking_level,
        )
        tokens = len(asked.text) // _LETTERS_OF_TOKEN + (0 if by_text else _TOKENS_OF_PAGE * len(places))
        return self.buyer.buy(
            request,
            self._key(places),
            tokens,
            lambda answer: self._checked(answer, places, texts, asked.schema),
        )

    def _key(self, places: range, *what: str) -> str:
        """Names an answer by all that it depends on."""
        numbers = [self.task.pages[at] for at in places]
        beside = [bool(self._beside(places[0], -1)), bool(self._beside(places[-1], 1))]
        return key_of(prompt.VERSION, self.settings.asked, self.task.source, numbers, beside, *what)

    def _checked(
        self, answer: str, places: range, texts: Sequence[str], schema: Mapping[str, Any]
    ) -> list[Line | Value]:
        numbers = [self.task.pages[at] for at in places]
        found = value(answer, schema)
        if self.settings.schema is not None:
            return [Value(canonical(found), numbers[0], numbers[-1])]
        entries = sentences(found, len(numbers))
        if not self.settings.prompt:
            layer = [*map(self._layer, places, texts)]
            require_true(entries, layer, has_picture=[*map(self._has_picture, places)])
            if not entries and any(layer):
                raise InvalidError("it is empty")
        return [*chain.from_iterable(_lines(entry, at, numbers, texts) for at, entry in enumerate(entries))]

    def _layer(self, at: int, text: str) -> str | None:
        """What an answer about a page is compared with; `None` if nothing can be: a scan, letters without meaning."""
        return text if self._page(at).state is PageState.EMPTY or _is_language(text) else None

    def _has_picture(self, at: int) -> bool:
        """Whether the model sees more on a page than its text layer has."""
        return self.settings.input == "pdf" and self._page(at).has_picture

    def _text(self, place: int) -> str:
        """The running text of a page, without headers and notes apart."""
        page = self.found.get(place)
        if page is None or page.state is not PageState.OK:
            return ""
        text, notes = read(place, page, self.task.decisions.layout)
        lines = [line.text for line in (*text, *notes)]
        hyphens = self.task.decisions.joiner.hyphens
        return "".join(hyphens.before(hyphens.unbroken(line), next_) for line, next_ in pairwise([*lines, " "]))

    def _failed(self, at: int, reason: Reason) -> Iterator[Line | Missing]:
        """A page that the model does not give: it is missing, or has the text of its text layer."""
        if not self.settings.fallback or self._page(at).state is not PageState.OK or self.settings.schema is not None:
            yield self._fail(at, reason)
            return
        number = self.task.pages[at]
        text, notes = read(number, self._page(at), self.task.decisions.layout)
        seam = Seam(replace(self.task.decisions.joiner, whole=False))
        segments = seam.joiner.segment(text, notes)
        entries = [*seam.join(segments), *segments.entries, *seam.close()]
        self.result.reasons[number] = reason
        self._enter(at, PageState.OK)
        yield from (
            Line(number, entry.text, starts=bool(place))
            for place, entry in enumerate(entries)
            if isinstance(entry, WholeSentence)
        )

    def _fail(self, at: int, reason: Reason) -> Missing:
        self.result.reasons[self.task.pages[at]] = reason
        self._enter(at, PageState.FAILED)
        return Missing(self.task.pages[at], reason)

    def _enter(self, at: int, state: PageState) -> None:
        self.result.states[self.task.pages[at]] = state
        self.on_page()


def _is_language(text: str) -> bool:
    """Whether a page's text is one: some fonts give their letters names that mean nothing."""
    return bool(text) and language.detect([text]) is not None


def _pages(it: Line | Value) -> range:
    return range(it.page, it.page + 1) if isinstance(it, Line) else range(it.first_page, it.last_page + 1)


def _lines(entry: Sentence, at: int, numbers: Sequence[int], texts: Sequence[str]) -> Iterator[Line]:
    """A sentence as a line; as two, if the next page begins with its end: the model says only where it begins."""
    number = numbers[entry.page - 1]
    following = texts[entry.page] if entry.page < len(texts) and entry.text not in texts[entry.page - 1] else ""
    space = max(len(entry.text) - min(len(following), _LONGEST_END), 0)
    while following and (space := entry.text.find(" ", space) + 1):
        end = entry.text[space:]
        if len(end) >= _SHORTEST_END and f"{following} ".startswith(f"{end} "):
            yield Line(number, entry.text[: space - 1], starts=at > 0)
            yield Line(numbers[entry.page], end)
            return
    yield Line(number, entry.text, starts=at > 0)
