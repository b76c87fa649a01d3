import pytest

from chunk_runner.coordination.rate_limiter import LocalRateLimiter, RateLimits


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_without_limits_every_request_may_be_sent(clock: Clock) -> None:
    limiter = LocalRateLimiter(clock=clock)

    assert [limiter.acquire(10**9) for _ in range(100)] == [0] * 100


def test_requests_are_limited_in_any_minute(clock: Clock) -> None:
    limiter = LocalRateLimiter(RateLimits(requests=2), clock)

    assert limiter.acquire(1) == 0
    clock.now += 10
    assert limiter.acquire(1) == 0
    assert limiter.acquire(1) == 50
    clock.now += 50.1
    assert limiter.acquire(1) == 0
    assert limiter.acquire(1) == pytest.approx(9.9)


def test_tokens_are_limited_as_they_were_used(clock: Clock) -> None:
    limiter = LocalRateLimiter(RateLimits(tokens=100), clock)

    assert limiter.acquire(80) == 0
    assert limiter.acquire(30) == 60
    limiter.adjust(80, 70)
    assert limiter.acquire(30) == 0


def test_a_request_beyond_the_limit_is_sent_alone(clock: Clock) -> None:
    limiter = LocalRateLimiter(RateLimits(tokens=100), clock)

    assert limiter.acquire(1000) == 0
    assert limiter.acquire(1) == 60


def test_a_longer_pause_stays_in_effect(clock: Clock) -> None:
    limiter = LocalRateLimiter(clock=clock)

    limiter.pause(30)
    limiter.pause(5)
    assert limiter.acquire(1) == 30
    limiter.pause(10**9)
    assert limiter.acquire(1) == 3600
