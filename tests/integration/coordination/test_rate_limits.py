"""Pods with one key have one budget, and hold what the service tells one of them."""

import time
from threading import Thread

from chunk_runner.contract.redis_keys import pause_key
from chunk_runner.coordination.rate_limiter import RateLimiter, RateLimits
from integration.coordination.pod import MILLISECOND, SPREAD, pod
from processes.redis_server import RedisServer


def send(sender: RateLimiter, tokens: int, asked: list[float], told: list[float]) -> None:
    """Wait for a turn as a caller does; it was given some time between the two that are noted."""
    before = time.monotonic()
    while wait := sender.acquire(tokens):
        time.sleep(wait)
        before = time.monotonic()
    asked.append(before)
    told.append(time.monotonic())


def test_pods_with_one_key_have_one_budget_of_requests(redis: RedisServer) -> None:
    limits = RateLimits(requests=5, window=2)
    asked: list[float] = []
    told: list[float] = []

    def work(name: str) -> None:
        sender = pod(redis, name, limits)
        for _ in range(7):
            send(sender.limiter, 1, asked, told)

    threads = [Thread(target=work, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(told) == 14
    # The sixth is told no earlier than a window after the first asked, but for the milliseconds that Redis counts in.
    pairs = zip(sorted(asked), sorted(told)[5:], strict=False)
    assert all(sixth - first > 1.99 for first, sixth in pairs)


def test_pods_with_one_key_have_one_budget_of_tokens(redis: RedisServer) -> None:
    one, two = (pod(redis, name, RateLimits(tokens=100, window=60)) for name in ("one", "two"))

    assert one.limiter.acquire(60) == 0
    assert two.limiter.acquire(60) > 0
    assert two.limiter.acquire(40) == 0
    assert one.limiter.acquire(1) > 0


def test_tokens_are_counted_as_they_were_used(redis: RedisServer) -> None:
    one, two = (pod(redis, name, RateLimits(tokens=100, window=60)) for name in ("one", "two"))

    assert one.limiter.acquire(90) == 0
    one.limiter.adjust(90, 20)
    assert two.limiter.acquire(80) == 0
    assert two.limiter.acquire(1) > 0


def test_what_is_counted_of_a_minute_is_gone_with_it(redis: RedisServer) -> None:
    one = pod(redis, "one", RateLimits(requests=5, window=60))
    assert one.limiter.acquire(90) == 0
    (name,) = redis.client.keys("pdfjob:requests:*")

    for estimated, used in ((90, 90), (90, 20)):
        one.limiter.adjust(estimated, used)
        assert 0 < redis.client.pttl(name) <= 60_000
        assert redis.client.zcard(name) == 1


def test_a_request_that_is_bigger_than_the_budget_goes_when_nothing_else_does(redis: RedisServer) -> None:
    one = pod(redis, "one", RateLimits(tokens=100, window=60))

    assert one.limiter.acquire(500) == 0
    assert one.limiter.acquire(500) > 0


def test_pods_with_different_keys_do_not_wait_for_each_other(redis: RedisServer) -> None:
    limits = RateLimits(requests=1, window=60)

    assert pod(redis, "one", limits).limiter.acquire(1) == 0
    assert pod(redis, "two", limits, key="another").limiter.acquire(1) == 0


def test_what_the_service_tells_one_pod_holds_for_all(redis: RedisServer) -> None:
    one, two = pod(redis, "one"), pod(redis, "two")

    began = time.monotonic()
    one.limiter.pause(50)
    two.limiter.pause(5)

    for told in (two.limiter.acquire(1), one.limiter.acquire(1)):
        assert 50 - (time.monotonic() - began) - MILLISECOND <= told <= 50 + SPREAD
    assert pod(redis, "three", key="another").limiter.acquire(1) == 0


def test_a_hold_that_somebody_else_wrote_lasts_an_hour_at_most(redis: RedisServer) -> None:
    one = pod(redis, "one")
    redis.client.set(pause_key(one.limiter.name), "", px=30 * 24 * 3600 * 1000)

    assert 3600 <= one.limiter.acquire(1) <= 3601
