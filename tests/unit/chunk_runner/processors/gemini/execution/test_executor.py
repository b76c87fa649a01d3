from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest

from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.stats import Tokens
from chunk_runner.coordination.coordinator import Coordinator
from chunk_runner.coordination.rate_limiter import LocalRateLimiter
from chunk_runner.errors import ChunkError, ConfigurationError, UnavailableError, UnwritableError
from chunk_runner.processors.gemini.answers.validation import InvalidResponseError
from chunk_runner.processors.gemini.api.messages import Request, Response, ResponseKind
from chunk_runner.processors.gemini.execution.executor import RequestExecutor, UnusableResponseError


REQUEST = Request("gemini-x", "", "", None, {}, 100)
GOOD = Response(ResponseKind.OK, "STOP", "good", Tokens(prompt=5, output=2, total=7))


@dataclass
class Book:
    """An answer store in memory."""

    spent: list[Tokens] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)

    def record_usage(self, tokens: Tokens, outcome: str) -> None:
        assert outcome
        self.spent.append(tokens)

    def record_rejected(self, answers: int) -> None:
        raise NotImplementedError(answers)

    def get(self, key: str) -> str | None:
        return self.kept.get(key)

    def put(self, key: str, answer: str) -> None:
        self.kept[key] = answer


class Time:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


def check(answer: str) -> str:
    if answer != "good":
        raise InvalidResponseError("it is not good")
    return answer


def executor(answers: Callable[[], Response], time: Time, book: Book | None = None) -> RequestExecutor:
    def send(_: Request, record: Callable[[Response], None]) -> Response:
        answer = answers()
        record(answer)
        return answer

    return RequestExecutor(
        send, Coordinator(LocalRateLimiter(clock=time)), book or Book(), "my-secret", sleep=time.sleep, clock=time
    )


def in_turn(*answers: Response) -> Callable[[], Response]:
    left: Iterator[Response] = iter(answers)
    return lambda: next(left)


def test_what_was_kept_is_not_asked_for(time: Time) -> None:
    book = Book(kept={"key": "good"})

    assert executor(in_turn(), time, book).execute(REQUEST, "key", check) == "good"
    assert book.spent == []


def test_what_was_kept_is_trusted_no_more_than_the_model(time: Time) -> None:
    book = Book(kept={"key": "spoilt"})

    assert executor(in_turn(GOOD), time, book).execute(REQUEST, "key", check) == "good"
    assert book.kept == {"key": "good"}


def test_an_answer_that_cannot_be_kept_is_counted(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book()

    def full(_key: str, _answer: str) -> None:
        raise UnwritableError(Reason.WORKSPACE_UNAVAILABLE, "The volume is full.")

    monkeypatch.setattr(book, "put", full)
    with pytest.raises(UnwritableError):
        executor(in_turn(GOOD), time, book).execute(REQUEST, "key", check)

    assert book.spent == [GOOD.tokens]


def test_the_server_says_how_long_to_wait(time: Time) -> None:
    busy = Response(ResponseKind.BUSY, "429", retry_after=53)

    executor(in_turn(busy, GOOD), time).execute(REQUEST, "key", check)

    assert 1053 <= time.now <= 1053 + 5.3


def test_pods_that_know_nothing_of_each_other_do_not_come_back_at_once() -> None:
    back = set()
    for _ in range(8):
        time = Time()
        executor(in_turn(Response(ResponseKind.BUSY, "429", retry_after=53), GOOD), time).execute(REQUEST, "key", check)
        back.add(time.now)

    assert len(back) == 8
    assert max(back) - min(back) > 0.1


def test_what_was_kept_is_shared(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, bytes] = {}
    one = executor(in_turn(), time, Book(kept={"key": "good"}))
    monkeypatch.setattr(one.coordinator.answers, "put", told.__setitem__)

    assert one.execute(REQUEST, "key", check) == "good"
    assert told == {"key": b"good"}


def test_an_answer_that_comes_after_its_time_is_not_bought_again(time: Time) -> None:
    book = Book()

    def too_late() -> Response:
        book.put("key", "good")  # by the thread that went on waiting
        return Response(ResponseKind.TIMEOUT, "no response within 10 s")

    assert executor(too_late, time, book).execute(REQUEST, "key", check) == "good"
    assert len(book.spent) == 1


def test_a_server_that_asks_for_no_time_gets_some(time: Time) -> None:
    hasty = [Response(ResponseKind.BUSY, "429", retry_after=0)] * 10

    executor(in_turn(*hasty, GOOD), time).execute(REQUEST, "key", check)

    assert time.now - 1000 > 60


def test_waiting_for_a_turn_is_not_silence(time: Time) -> None:
    crowded = executor(in_turn(Response(ResponseKind.BUSY, "503"), GOOD), time)
    crowded.coordinator.rate_limiter.pause(3000)

    assert crowded.execute(REQUEST, "key", check) == "good"


def test_what_is_no_answer_is_not_asked_for_without_end(time: Time) -> None:
    book = Book()

    with pytest.raises(UnusableResponseError) as caught:
        executor(lambda: Response(ResponseKind.EMPTY, "no candidates"), time, book).execute(REQUEST, "key", check)

    assert len(book.spent) == 4
    assert caught.value.answers_left == 0


def test_an_answer_that_breaks_the_check_is_no_answer(time: Time) -> None:
    def breaks(answer: str) -> str:
        raise OverflowError(answer)

    with pytest.raises(UnusableResponseError, match="OverflowError"):
        executor(in_turn(GOOD, GOOD), time).execute(REQUEST, "key", breaks)


def test_every_answer_is_counted_whatever_it_is_worth(time: Time) -> None:
    book = Book()
    bad = Response(ResponseKind.OK, "STOP", "bad", Tokens(total=3))

    executor(in_turn(bad, GOOD), time, book).execute(REQUEST, "key", check)

    assert [it.total for it in book.spent] == [3, 7]


def ask_again_and_again(executor: RequestExecutor) -> None:
    """Ask as an extraction does, which leaves pages to others in between."""
    while True:
        with suppress(UnusableResponseError):
            executor.execute(REQUEST, "key", check)


def test_a_service_that_stays_away_is_given_up_after_half_an_hour(time: Time) -> None:
    with pytest.raises(UnavailableError, match="30 minutes") as caught:
        ask_again_and_again(executor(lambda: Response(ResponseKind.BUSY, "no connection"), time))

    assert caught.value.reason is Reason.MODEL_UNAVAILABLE
    assert 1800 < time.now - 1000 < 1900


def test_a_limit_that_lasts_longer_than_any_rate_limit_is_an_exhausted_quota(time: Time) -> None:
    with pytest.raises(ConfigurationError, match="quota of the API key in Secret “my-secret”") as caught:
        ask_again_and_again(executor(lambda: Response(ResponseKind.LIMITED, "429"), time))

    assert caught.value.reason is Reason.QUOTA_EXHAUSTED
    assert 900 < time.now - 1000 < 1000


def test_what_only_the_service_can_mend_is_left_to_fewer_pages_after_a_few_attempts(time: Time) -> None:
    book = Book()

    with pytest.raises(UnusableResponseError) as caught:
        executor(lambda: Response(ResponseKind.FAULT, "500"), time, book).execute(REQUEST, "key", check)

    assert len(book.spent) == 3
    assert (caught.value.reason, caught.value.answers_left) == (Reason.MODEL_UNAVAILABLE, 4)
    assert time.now - 1000 < 10


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (ResponseKind.CONFIGURATION, Reason.CONFIGURATION_ERROR),
        (ResponseKind.SETTINGS, Reason.CONFIGURATION_ERROR),
        (ResponseKind.QUOTA, Reason.QUOTA_EXHAUSTED),
    ],
)
def test_what_no_chunk_can_do_better_stops_the_job(kind: ResponseKind, reason: Reason, time: Time) -> None:
    with pytest.raises(ConfigurationError, match="my-secret") as caught:
        executor(in_turn(Response(kind, "no")), time).execute(REQUEST, "key", check)

    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        (ResponseKind.TRUNCATED, 1),
        (ResponseKind.REJECTED, 1),
        (ResponseKind.REFUSED, 1),
        (ResponseKind.RECITATION, 2),
        (ResponseKind.INVALID, 2),
        (ResponseKind.TIMEOUT, 2),
    ],
)
def test_what_asking_again_does_not_mend_is_left_to_fewer_pages(kind: ResponseKind, asked: int, time: Time) -> None:
    book = Book()

    with pytest.raises(UnusableResponseError) as caught:
        executor(lambda: Response(kind, "no"), time, book).execute(REQUEST, "key", check)

    assert len(book.spent) == asked
    assert caught.value.answers_left == 4 - asked


def test_nothing_is_asked_once_the_budget_is_used(time: Time) -> None:
    book = Book()

    def require_budget() -> None:
        if book.spent:
            raise ChunkError(Reason.TOKEN_BUDGET_REACHED, "enough")

    poor = replace(executor(lambda: Response(ResponseKind.INVALID, "no"), time, book), require_budget=require_budget)
    with pytest.raises(ChunkError, match="enough"):
        poor.execute(REQUEST, "key", check)

    assert len(book.spent) == 1


def test_an_answer_that_comes_while_told_to_stop_is_kept(time: Time) -> None:
    book = Book()
    late = Response(GOOD.kind, GOOD.detail, GOOD.answer, GOOD.tokens, stop=SystemExit(143))

    with pytest.raises(SystemExit):
        executor(in_turn(late), time, book).execute(REQUEST, "key", check)

    assert book.kept == {"key": "good"}
    assert book.spent == [GOOD.tokens]
