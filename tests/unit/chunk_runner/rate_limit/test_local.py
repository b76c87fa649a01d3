import pytest

from chunk_runner.rate_limit.limiter import shared
from chunk_runner.rate_limit.local import Alone, Limits


class Clock:
    """Time that passes when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_without_limits_there_is_always_room(clock: Clock) -> None:
    alone = Alone(clock=clock)

    assert [alone.turn(10**9) for _ in range(100)] == [0] * 100


def test_requests_are_limited_in_any_minute(clock: Clock) -> None:
    alone = Alone(Limits(requests=2), clock)

    assert alone.turn(1) == 0
    clock.now += 10
    assert alone.turn(1) == 0
    assert alone.turn(1) == 50
    clock.now += 50.1
    assert alone.turn(1) == 0
    assert alone.turn(1) == pytest.approx(9.9)


def test_tokens_are_limited_as_they_were_used(clock: Clock) -> None:
    alone = Alone(Limits(tokens=100), clock)

    assert alone.turn(80) == 0
    assert alone.turn(30) == 60
    alone.settle(80, 70)
    assert alone.turn(30) == 0


def test_what_is_bigger_than_the_limit_goes_when_nothing_else_does(clock: Clock) -> None:
    alone = Alone(Limits(tokens=100), clock)

    assert alone.turn(1000) == 0
    assert alone.turn(1) == 60


def test_a_longer_hold_stays(clock: Clock) -> None:
    alone = Alone(clock=clock)

    alone.hold(30)
    alone.hold(5)
    assert alone.turn(1) == 30
    alone.hold(10**9)
    assert alone.turn(1) == 3600


def test_who_has_no_redis_buys_for_itself() -> None:
    alone = shared(None, "key", requests_per_minute=1, tokens_per_minute=None, holder="me")

    assert alone.claim("page", 1)
    alone.keep("page", b"what it says")
    assert alone.recall("page") is None
