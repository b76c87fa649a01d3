from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.stats import Tokens
from chunk_runner.errors import ConfigurationError, UnavailableError
from chunk_runner.processors.gemini.executor import Buyer, UnusableError
from chunk_runner.processors.gemini.messages import Answer, Kind, Request
from chunk_runner.processors.gemini.validation import InvalidError
from chunk_runner.rate_limit.local import Alone


REQUEST = Request("gemini-x", "", "", None, {}, 100)
GOOD = Answer(Kind.OK, "STOP", "good", Tokens(prompt=5, output=2, total=7))


@dataclass
class Book:
    """An answer store in memory."""

    spent: list[Tokens] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)

    def record_usage(self, tokens: Tokens, outcome: str) -> None:
        assert outcome
        self.spent.append(tokens)

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
        raise InvalidError("it is not good")
    return answer


def buyer(answers: Callable[[], Answer], time: Time, book: Book | None = None) -> Buyer:
    def ask(_: Request, record: Callable[[Answer], None]) -> Answer:
        answer = answers()
        record(answer)
        return answer

    return Buyer(ask, Alone(clock=time), book or Book(), "my-secret", pause=time.sleep, clock=time)


def in_turn(*answers: Answer) -> Callable[[], Answer]:
    left: Iterator[Answer] = iter(answers)
    return lambda: next(left)


def test_what_was_kept_is_not_asked_for(time: Time) -> None:
    book = Book(kept={"key": "good"})

    assert buyer(in_turn(), time, book).buy(REQUEST, "key", 1, check) == "good"
    assert book.spent == []


def test_what_was_kept_is_trusted_no_more_than_the_model(time: Time) -> None:
    book = Book(kept={"key": "spoilt"})

    assert buyer(in_turn(GOOD), time, book).buy(REQUEST, "key", 1, check) == "good"
    assert book.kept == {"key": "good"}


def test_the_server_says_how_long_to_wait(time: Time) -> None:
    busy = Answer(Kind.TRANSIENT, "429", wait=53)

    buyer(in_turn(busy, GOOD), time).buy(REQUEST, "key", 1, check)

    assert 1053 <= time.now <= 1053 + 5.3


def test_pods_that_know_nothing_of_each_other_do_not_come_back_at_once() -> None:
    back = set()
    for _ in range(8):
        time = Time()
        buyer(in_turn(Answer(Kind.TRANSIENT, "429", wait=53), GOOD), time).buy(REQUEST, "key", 1, check)
        back.add(time.now)

    assert len(back) == 8
    assert max(back) - min(back) > 0.1


def test_what_was_kept_is_shared(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, bytes] = {}
    one = buyer(in_turn(), time, Book(kept={"key": "good"}))
    monkeypatch.setattr(one.shared, "keep", told.__setitem__)

    assert one.buy(REQUEST, "key", 1, check) == "good"
    assert told == {"key": b"good"}


def test_an_answer_that_comes_after_its_time_is_not_bought_again(time: Time) -> None:
    book = Book()

    def too_late() -> Answer:
        book.put("key", "good")  # by the thread that went on waiting
        return Answer(Kind.TRANSIENT, "no answer within 10 s")

    assert buyer(too_late, time, book).buy(REQUEST, "key", 1, check) == "good"
    assert len(book.spent) == 1


def test_a_server_that_asks_for_no_time_gets_some(time: Time) -> None:
    hasty = [Answer(Kind.TRANSIENT, "429", wait=0)] * 10

    buyer(in_turn(*hasty, GOOD), time).buy(REQUEST, "key", 1, check)

    assert time.now - 1000 > 60


def test_waiting_for_a_turn_is_not_silence(time: Time) -> None:
    crowded = buyer(in_turn(Answer(Kind.TRANSIENT, "503"), GOOD), time)
    crowded.shared.hold(3000)

    assert crowded.buy(REQUEST, "key", 1, check) == "good"


def test_what_is_no_answer_is_not_asked_for_without_end(time: Time) -> None:
    book = Book()

    with pytest.raises(UnusableError) as caught:
        buyer(lambda: Answer(Kind.EMPTY, "no candidates"), time, book).buy(REQUEST, "key", 1, check)

    assert len(book.spent) == 5
    assert caught.value.smaller_may_help


def test_an_answer_that_breaks_the_check_is_no_answer(time: Time) -> None:
    def breaks(answer: str) -> str:
        raise OverflowError(answer)

    with pytest.raises(UnusableError, match="OverflowError"):
        buyer(in_turn(GOOD, GOOD), time).buy(REQUEST, "key", 1, breaks)


def test_every_answer_is_counted_whatever_it_is_worth(time: Time) -> None:
    book = Book()
    bad = Answer(Kind.OK, "STOP", "bad", Tokens(total=3))

    buyer(in_turn(bad, GOOD), time, book).buy(REQUEST, "key", 1, check)

    assert [it.total for it in book.spent] == [3, 7]


def test_a_service_that_stays_away_is_given_up_after_half_an_hour(time: Time) -> None:
    with pytest.raises(UnavailableError, match="30 minutes") as caught:
        buyer(lambda: Answer(Kind.TRANSIENT, "no connection"), time).buy(REQUEST, "key", 1, check)

    assert caught.value.reason is Reason.MODEL_UNAVAILABLE
    assert 1800 < time.now - 1000 < 1900


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(Kind.CONFIGURATION, Reason.CONFIGURATION_ERROR), (Kind.QUOTA, Reason.QUOTA_EXHAUSTED)],
)
def test_what_no_chunk_can_do_better_stops_the_job(kind: Kind, reason: Reason, time: Time) -> None:
    with pytest.raises(ConfigurationError, match="my-secret") as caught:
        buyer(in_turn(Answer(kind, "no")), time).buy(REQUEST, "key", 1, check)

    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        (Kind.TRUNCATED, 1),
        (Kind.TOO_BIG, 1),
        (Kind.REFUSED, 1),
        (Kind.RECITATION, 2),
        (Kind.INVALID, 2),
        (Kind.BAD_REQUEST, 1),
    ],
)
def test_what_asking_again_does_not_mend_is_left_to_fewer_pages(kind: Kind, asked: int, time: Time) -> None:
    book = Book()

    with pytest.raises(UnusableError) as caught:
        buyer(lambda: Answer(kind, "no"), time, book).buy(REQUEST, "key", 1, check)

    assert len(book.spent) == asked
    assert caught.value.smaller_may_help is (kind is not Kind.BAD_REQUEST)


def test_an_answer_that_comes_while_told_to_stop_is_kept(time: Time) -> None:
    book = Book()
    late = Answer(GOOD.kind, GOOD.what, GOOD.text, GOOD.tokens, stopped=SystemExit(143))

    with pytest.raises(SystemExit):
        buyer(in_turn(late), time, book).buy(REQUEST, "key", 1, check)

    assert book.kept == {"key": "good"}
    assert book.spent == [GOOD.tokens]
