"""The price of a fault: no page is paid for more than four times, no neighbour is taken along, nothing waits for ever.

Chunks are extracted in this process, through the real SDK, against a server that plays Gemini; waiting takes no time.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.stats import Tokens
from chunk_runner.coordination.coordinator import Coordinator
from chunk_runner.coordination.rate_limiter import LocalRateLimiter
from chunk_runner.errors import ChunkError, ConfigurationError, StageError, UnavailableError
from chunk_runner.pdf.page import Page, PageRef, PageState
from chunk_runner.processors.base import Task
from chunk_runner.processors.gemini.api.client import GeminiClient
from chunk_runner.processors.gemini.api.credentials import Credentials
from chunk_runner.processors.gemini.execution.executor import RequestExecutor
from chunk_runner.processors.gemini.extraction import Extraction
from chunk_runner.processors.gemini.settings import GeminiSettings
from chunk_runner.text.document_profile import DocumentProfile
from chunk_runner.text.layout.line import Line
from chunk_runner.text.sentences.joiner import MissingPage
from sizes import cases
from tools.documents import pdfs
from tools.fake_gemini.server import GeminiServer
from tools.fake_gemini.spoiling import SPOILT


MOST_ANSWERS_PER_PAGE = 4

COSTS_NOTHING = {"429", "429tpm", "429bare", "503", "500", "504", "502html", "408", "499", "reset", "hangup"}


@dataclass
class Answers:
    """An answer store in memory."""

    kept: dict[str, str] = field(default_factory=dict)
    spent: int = 0

    def record_usage(self, tokens: Tokens, outcome: str) -> None:
        assert outcome
        self.spent += tokens.total

    def record_rejected(self, answers: int) -> None:
        raise NotImplementedError(answers)

    def get(self, key: str) -> str | None:
        return self.kept.get(key)

    def put(self, key: str, answer: str) -> None:
        self.kept[key] = answer


class Time:
    """A clock that sleeping moves on."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Chunk:
    """A chunk of a book, and what became of it."""

    server: GeminiServer
    pages: int
    settings: dict[str, Any] = field(default_factory=dict)
    answers: Answers = field(default_factory=Answers)
    time: Time = field(default_factory=Time)
    require_budget: Callable[[], None] = lambda: None
    items: list[Any] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)

    def extract(self) -> StageError | None:
        """Extract it; the error, if there is one."""
        numbers = range(1, self.pages + 1)
        refs = [PageRef(number, number) for number in numbers]
        pages = {ref.number: Page(ref, PageState.OK, pdfs.sales(ref.number)) for ref in refs}
        task = Task(
            index=0,
            path=Path(os.devnull),
            page_count=self.pages,
            is_source=True,
            pages=refs,
            before=None,
            after=None,
            profile=DocumentProfile(is_segmented=True),
            source_sha256="",
            answers=self.answers,
            require_budget=self.require_budget,
        )
        client = GeminiClient(Credentials("AQ.key", self.server.url), 10)
        executor = RequestExecutor(
            client.send,
            Coordinator(LocalRateLimiter(clock=self.time)),
            self.answers,
            "",
            self.require_budget,
            sleep=self.time.sleep,
            clock=self.time,
        )
        settings = GeminiSettings.parse({"input": "text", **self.settings})
        extraction = Extraction(settings, task, pages, lambda: None, executor)
        try:
            self.items = list(extraction.items())
            extraction.require_success()
        except StageError as error:
            return error
        finally:
            self.reasons = {page: str(it.reason) for page, it in extraction.outcomes.items() if it.reason is not None}
        assert list(extraction.outcomes) == list(numbers)
        return None

    def require_whole(self, *missing: int) -> None:
        """Require the text of all other pages, in order, and a gap for each of these."""
        wanted: list[str | int] = []
        for page in range(1, self.pages + 1):
            wanted += [page] if page in missing else pdfs.sales(page)
        found = [it.page if isinstance(it, MissingPage) else it.text for it in self.items]
        assert all(isinstance(it, Line | MissingPage) for it in self.items)
        assert [str(it) for it in found] == [str(it) for it in wanted]
        assert set(self.reasons) == set(missing)

    def require_price(self) -> None:
        """Require that no page was in more than four requests that were answered, nor was there more a page."""
        answered = [it for it in self.server.log() if it["fault"] not in COSTS_NOTHING]
        times = Counter(text[:10] for it in answered for text in it["page_texts"])
        assert max(times.values()) <= MOST_ANSWERS_PER_PAGE, times
        assert len(answered) <= MOST_ANSWERS_PER_PAGE * self.pages


@pytest.fixture
def server() -> Iterator[GeminiServer]:
    with GeminiServer() as running:
        yield running


@pytest.fixture
def chunk(server: GeminiServer) -> Chunk:
    return Chunk(server, 8)


WAITED_OUT = ["503", "429tpm", "429bare"]
"""The faults of a service without capacity, which is asked for as much as before for five minutes."""

TOO_MUCH = [
    *("payload", "references", "pagelimit", "badrequest", "unknown", "413", "toolong", "badpdf"),
    *("500", "504", "502html", "499", "reset", "hangup", "maxtokens", "allthought", "cut", "badjson"),
    *("safety", "recitation", "malformed", "texts", "singlequotes"),
    *WAITED_OUT,
]


@pytest.mark.parametrize("fault", cases(TOO_MUCH, quick=["payload", "unknown", "500", "503", "cut"]))
@pytest.mark.parametrize("pages", cases([2, 8, 30], quick=[8]))
def test_what_is_too_much_at_once_is_asked_for_in_smaller_parts(fault: str, pages: int, server: GeminiServer) -> None:
    server.rules([{"match": ".", "fault": fault, "least": min(pages, 4)}])
    chunk = Chunk(server, pages)

    assert chunk.extract() is None

    chunk.require_whole()
    chunk.require_price()
    assert chunk.time.now < (1200 if fault in WAITED_OUT else 600)
    assert chunk.answers.spent == server.tokens()["total"]


@pytest.mark.parametrize("fault", cases(TOO_MUCH, quick=["maxtokens"]))
def test_pages_that_can_only_be_asked_for_one_by_one_are(fault: str, server: GeminiServer) -> None:
    server.rules([{"match": ".", "fault": fault, "least": 2}])
    chunk = Chunk(server, 30)

    assert chunk.extract() is None

    chunk.require_whole()
    chunk.require_price()


ONE_PAGE = {
    **dict.fromkeys(["badpdf", "badrequest", "unknown", "413", "payload"], "RequestRefused"),
    **dict.fromkeys(["500", "504", "reset", "503", "429tpm"], "ModelUnavailable"),
    **dict.fromkeys(["other", "malformed", "nan", "twokeys", "two", "cut", "wrongshape", "invented"], "OutputInvalid"),
    **dict.fromkeys(["nocandidates", "html200", "badbody"], "OutputInvalid"),
    "safety": "ContentRefused",
    "recitation": "Recitation",
    "maxtokens": "OutputTruncated",
}


@pytest.mark.parametrize("fault", cases(ONE_PAGE, quick=["unknown", "500", "503", "recitation", "two"]))
@pytest.mark.parametrize("bad", cases([(1,), (5,), (8,), (1, 2, 3), (2, 7)], quick=[(5,)]))
def test_a_page_that_is_refused_takes_no_other_along(
    fault: str, bad: tuple[int, ...], chunk: Chunk, server: GeminiServer
) -> None:
    server.rules([{"match": rf"On page [{''.join(map(str, bad))}]\b", "fault": fault}])

    assert chunk.extract() is None

    chunk.require_whole(*bad)
    chunk.require_price()
    assert set(chunk.reasons.values()) == {ONE_PAGE[fault]}
    assert chunk.time.now < 1800


@pytest.mark.parametrize(
    "fault", cases(sorted(SPOILT), quick=["rawlines", "latex", "preface", "barelist", "textpages"])
)
@pytest.mark.parametrize("pages", cases([1, 8, 30], quick=[8]))
def test_an_answer_that_is_nearly_json_is_read_or_fails_at_a_bounded_price(
    fault: str, pages: int, server: GeminiServer
) -> None:
    server.rules([{"match": ".", "fault": fault}])
    chunk = Chunk(server, pages)
    unreadable = {"singlequotes", "nan", "twokeys", "cut", "two"} | ({"zerobased"} if pages == 1 else set())

    error = chunk.extract()

    if fault in unreadable:
        assert isinstance(error, ChunkError)
        assert error.reason is Reason.OUTPUT_INVALID
        assert chunk.reasons == dict.fromkeys(range(1, pages + 1), "OutputInvalid")
    elif fault == "latex":
        assert error is None
        assert len(server.log()) == 1
        assert [it.text.replace(" \\xi", "") for it in chunk.items] == [
            sentence for page in range(1, pages + 1) for sentence in pdfs.sales(page)
        ]
    else:
        assert error is None
        chunk.require_whole()
        assert len(server.log()) == 1 or fault == "texts"
    chunk.require_price()
    assert chunk.answers.spent == server.tokens()["total"]


STOPPING = {
    **dict.fromkeys(["402", "429cap", "429credits", "429rpd"], Reason.QUOTA_EXHAUSTED),
    **dict.fromkeys(["thinking", "field", "badkey", "403", "404", "region"], Reason.CONFIGURATION_ERROR),
}


@pytest.mark.parametrize("fault", cases(STOPPING, quick=["402", "429cap", "thinking"]))
def test_what_no_smaller_part_would_mend_stops_the_job_at_once(fault: str, chunk: Chunk, server: GeminiServer) -> None:
    server.rules([{"match": ".", "fault": fault}])

    error = chunk.extract()

    assert isinstance(error, ConfigurationError)
    assert error.reason is STOPPING[fault]
    assert len(server.log()) == 1


def test_settings_that_were_accepted_are_not_the_fault_of_a_page(chunk: Chunk, server: GeminiServer) -> None:
    server.configure(plan=["maxtokens"], rules=[{"match": "On page 5", "fault": "thinking"}])

    assert chunk.extract() is None

    chunk.require_whole(5)
    assert chunk.reasons == {5: "RequestRefused"}


@pytest.mark.parametrize("fault", ["503", "429", "500", "504", "reset"])
@pytest.mark.parametrize("pages", cases([1, 8], quick=[8]))
def test_an_outage_is_given_up_after_half_an_hour(fault: str, pages: int, server: GeminiServer) -> None:
    server.rules([{"match": ".", "fault": fault}])
    chunk = Chunk(server, pages)

    error = chunk.extract()

    assert isinstance(error, UnavailableError)
    assert error.reason is Reason.MODEL_UNAVAILABLE
    assert 1700 < chunk.time.now < 1900  # a part of each wait that the service asks for counts twice
    assert len(server.log()) < 120


@pytest.mark.parametrize("fault", cases(["503", "500", "429bare"], quick=["500"]))
def test_an_outage_that_ends_loses_no_page(fault: str, chunk: Chunk, server: GeminiServer) -> None:
    server.rules([{"match": ".", "fault": fault, "times": 25}])

    assert chunk.extract() is None

    chunk.require_whole()
    chunk.require_price()
    assert chunk.time.now > 300


def test_a_limit_that_is_never_named_is_a_quota_after_a_quarter_of_an_hour(chunk: Chunk, server: GeminiServer) -> None:
    server.rules([{"match": ".", "fault": "429bare"}])

    error = chunk.extract()

    assert isinstance(error, ConfigurationError)
    assert error.reason is Reason.QUOTA_EXHAUSTED
    assert 900 < chunk.time.now < 1000


@pytest.mark.parametrize("fault", cases(["maxtokens", "500", "unknown"], quick=["500"]))
def test_a_chunk_that_goes_on_buys_no_answer_again(fault: str, chunk: Chunk, server: GeminiServer) -> None:
    server.rules([{"match": ".", "fault": fault, "least": 4}])
    chunk.extract()
    server.configure(clear=True, rules=[])

    assert chunk.extract() is None

    chunk.require_whole()
    assert server.log() == []


def test_pages_for_which_there_is_no_budget_fail_and_the_others_are_kept(chunk: Chunk, server: GeminiServer) -> None:
    server.rules([{"match": ".", "fault": "maxtokens", "least": 8}])

    def require_budget() -> None:
        if len(server.log()) >= 2:
            raise ChunkError(Reason.TOKEN_BUDGET_REACHED, "enough")

    chunk.require_budget = require_budget
    assert chunk.extract() is None
    chunk.require_whole(5, 6, 7, 8)
    assert set(chunk.reasons.values()) == {"TokenBudgetReached"}

    chunk.require_budget = lambda: None
    assert chunk.extract() is None
    chunk.require_whole()
    assert [it["pages"] for it in server.log()] == [8, 4, 4]
