"""What pods share, through a real Redis that comes and goes."""

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from traceback import format_exception
from typing import Any

import pytest

from chunk_runner.contract.redis_keys import answer_key, claim_key, pause_key
from chunk_runner.coordination.rate_limiter import RateLimiter, RateLimits
from chunk_runner.coordination.redis_connection import TIMEOUT_SECONDS, RedisConnection
from chunk_runner.coordination.redis_coordinator import RedisAnswerCache, RedisProgress, connect_redis
from chunk_runner.coordination.redis_rate_limiter import RedisRateLimiter
from chunk_runner.coordination.sealing import Seal
from chunk_runner.errors import ConfigurationError
from processes import until
from redis_server import RedisServer


KEY = "AQ.the-key-of-an-api"

MILLISECOND = 0.001
"""Redis counts in these."""

SPREAD = 1
"""By how many seconds, at most, a pod waits longer than it must, so that not all wake at once."""


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


@pytest.fixture
def redis(server: RedisServer) -> RedisServer:
    server.client.flushall()
    return server


@dataclass(frozen=True)
class Pod:
    """What one process shares with the others."""

    connection: RedisConnection
    limiter: RedisRateLimiter
    answers: RedisAnswerCache
    progress: RedisProgress


def pod_at(url: str, name: str, limits: RateLimits, key: str = KEY, claim_seconds: float = 60) -> Pod:
    coordinator = connect_redis(url, key, limits, name)
    assert isinstance(coordinator.rate_limiter, RedisRateLimiter)
    connection, limiter = coordinator.rate_limiter.connection, coordinator.rate_limiter
    answers = RedisAnswerCache(connection, Seal(key), name, claim_seconds)
    return Pod(connection, limiter, answers, RedisProgress(connection))


def pod(
    redis: RedisServer, name: str, limits: RateLimits | None = None, key: str = KEY, claim_seconds: float = 60
) -> Pod:
    made = pod_at(redis.url, name, limits or RateLimits(), key, claim_seconds)
    made.connection.pause_seconds = 0.2
    return made


def callers(server: socket.socket) -> list[socket.socket]:
    """The connections to a server that nobody has accepted until now; each one closed."""
    found = []
    server.settimeout(0)
    with suppress(BlockingIOError):
        while True:
            caller, _ = server.accept()
            caller.close()
            found.append(caller)
    return found


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


def test_an_answer_is_bought_by_one_and_known_to_all(redis: RedisServer) -> None:
    one, two = pod(redis, "one"), pod(redis, "two")

    assert one.answers.claim("page")
    assert one.answers.claim("page")
    assert not two.answers.claim("page")
    two.answers.release("page")
    assert not two.answers.claim("page")
    one.answers.put("page", b"what it says")
    one.answers.release("page")

    assert two.answers.claim("page")
    assert two.answers.get("page") == b"what it says"


def test_an_answer_cannot_be_read_or_guessed_without_the_key_of_the_api(redis: RedisServer) -> None:
    answer = b"what the confidential page says"
    pod(redis, "one").answers.put("page", answer)
    (name,) = redis.client.keys("*")
    stored = redis.client.get(name)
    assert isinstance(stored, bytes)
    assert not any(answer[at : at + 8] in stored for at in range(len(answer) - 7))
    assert b"page" not in name
    assert name == answer_key(Seal(KEY).name("answer", "page")).encode()
    assert pod(redis, "two", key="another").answers.get("page") is None


@pytest.mark.parametrize(
    "foreign",
    [
        b"x",
        b'{"sentences": [{"page": 1, "text": "It is a lie."}]}',
        Seal("another").close(Seal(KEY).name("answer", "page"), b"a lie"),
        Seal(KEY).close(Seal(KEY).name("answer", "other"), b"the answer about another page"),
        bytes(9 * 2**20),
        ["a", "list"],
    ],
    ids=["short", "plain", "other key", "other page", "large", "list"],
)
def test_a_value_that_no_pod_with_the_key_wrote_is_absent_and_counted(
    redis: RedisServer, caplog: pytest.LogCaptureFixture, foreign: bytes | list[str]
) -> None:
    one = pod(redis, "one")
    name = answer_key(Seal(KEY).name("answer", "page"))
    if isinstance(foreign, bytes):
        redis.client.set(name, foreign)
    else:
        redis.client.rpush(name, *foreign)

    with caplog.at_level(logging.WARNING):
        assert [one.answers.get("page") for _ in range(2)] == [None, None]

    assert one.answers.rejected == 2
    assert "2 answers in Redis are ignored" in caplog.text
    one.answers.put("page", b"what it says")
    assert pod(redis, "two").answers.get("page") == b"what it says"


def test_a_flushed_redis_loses_answers_and_nothing_else(redis: RedisServer) -> None:
    one, two = pod(redis, "one"), pod(redis, "two")
    one.answers.put("page", b"what it says")
    assert one.answers.claim("page")
    redis.client.flushall()

    assert one.answers.get("page") is None
    assert one.answers.rejected == 0
    assert two.answers.claim("page")
    one.answers.release("page")  # not its own any more
    assert not pod(redis, "three").answers.claim("page")


def test_a_claim_that_a_stranger_renews_for_ever_is_ignored_in_the_end(redis: RedisServer) -> None:
    redis.client.set(claim_key(Seal(KEY).name("claim", "page")), "a stranger")
    connection = pod(redis, "one").connection

    assert not RedisAnswerCache(connection, Seal(KEY), "patient").claim("page")
    impatient = RedisAnswerCache(connection, Seal(KEY), "impatient", patience_seconds=0.05)
    until(lambda: impatient.claim("page"))
    impatient.release("page")
    assert redis.client.get(claim_key(Seal(KEY).name("claim", "page"))) == b"a stranger"


def test_a_claim_ends_with_its_time(redis: RedisServer) -> None:
    one, two = pod(redis, "one", claim_seconds=0.05), pod(redis, "two")

    assert one.answers.claim("page")
    until(lambda: two.answers.claim("page"))


def test_progress_is_there_for_whoever_looks(redis: RedisServer) -> None:
    pod(redis, "one").progress.report("uid", 3, 12)

    assert redis.client.hgetall("pdfjob:progress:uid") == {b"3": b"12"}


def test_the_key_of_the_api_is_not_in_redis(redis: RedisServer) -> None:
    one = pod(redis, "one", RateLimits(requests=3))
    one.limiter.acquire(1)
    one.limiter.pause(1)
    one.answers.put("page", b"what it says")
    one.answers.claim("page")

    one.progress.report("uid", 3, 12)

    names: list[Any] = redis.client.keys("*")
    assert len(names) == 5
    assert all(redis.client.ttl(name) > 0 for name in names)
    assert not any(KEY.encode() in name + (redis.client.dump(name) or b"") for name in names)


def test_without_redis_everything_goes_on_and_comes_back(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    one = pod(redis, "one", RateLimits(requests=100))
    assert one.limiter.acquire(1) == 0
    redis.stop()
    try:
        with caplog.at_level(logging.WARNING):
            for _ in range(5):
                assert one.limiter.acquire(1) == 0
                one.limiter.adjust(1, 2)
                one.answers.put("page", b"what it says")
                assert one.answers.get("page") is None
                assert one.answers.claim("page")
                one.answers.release("page")
                one.progress.report("uid", 1, 1)
    finally:
        redis.start()

    def is_kept() -> bool:
        one.answers.put("page", b"what it says")
        return one.answers.get("page") is not None

    with caplog.at_level(logging.WARNING):
        until(is_kept)

    said = [record.message for record in caplog.records]
    assert len(said) == 2
    assert "continues without it" in said[0]
    assert "is available again" in said[1]


def test_a_hold_that_somebody_else_wrote_lasts_an_hour_at_most(redis: RedisServer) -> None:
    one = pod(redis, "one")
    redis.client.set(pause_key(one.limiter.name), "", px=30 * 24 * 3600 * 1000)

    assert 3600 <= one.limiter.acquire(1) <= 3601


def test_a_hold_is_kept_to_without_redis_too(redis: RedisServer) -> None:
    one = pod(redis, "one")
    redis.stop()
    try:
        began = time.monotonic()
        one.limiter.pause(30)
        told = one.limiter.acquire(1)
        assert 30 - (time.monotonic() - began) - MILLISECOND <= told <= 30 + SPREAD
    finally:
        redis.start()


def test_what_was_sent_through_redis_counts_without_it(redis: RedisServer) -> None:
    one = pod(redis, "one", RateLimits(tokens=100, window=60))
    assert one.limiter.acquire(90) == 0
    one.limiter.adjust(90, 60)
    redis.stop()
    try:
        assert one.limiter.acquire(50) > 0
        assert one.limiter.acquire(40) == 0
    finally:
        redis.start()

    until(lambda: one.answers.claim("page") and bool(redis.client.keys("pdfjob:claim:*")))
    assert one.limiter.acquire(1) > 0


def test_what_the_service_tells_while_redis_is_away_holds_when_it_is_back(redis: RedisServer) -> None:
    one = pod(redis, "one")
    redis.stop()
    try:
        began = time.monotonic()
        one.limiter.pause(600)
    finally:
        redis.start()

    until(lambda: one.answers.claim("page") and bool(redis.client.keys("pdfjob:claim:*")))
    told = one.limiter.acquire(1)
    assert 600 - (time.monotonic() - began) - MILLISECOND <= told <= 600 + SPREAD + MILLISECOND


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"+OK\r\n" * 9, b":1\r\n" * 9, b"*-5\r\n", b"\xff"]
)
def test_a_server_that_is_no_redis_costs_nothing_else(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:

        def answer() -> None:
            while True:
                try:
                    caller, _ = foreign.accept()
                except OSError:
                    return
                with caller:
                    caller.recv(4096)
                    caller.sendall(said)

        talking = Thread(target=answer)
        talking.start()
        try:
            url = f"redis://127.0.0.1:{foreign.getsockname()[1]}/0"
            one = pod_at(url, "one", RateLimits(requests=10))
            one.connection.pause_seconds = 0

            assert one.limiter.acquire(1) == 0
            one.limiter.adjust(1, 2)
            one.answers.put("page", b"what it says")
            one.answers.get("page")
            one.answers.claim("page")
            one.answers.release("page")
            one.progress.report("uid", 3, 12)
            one.limiter.pause(50)
            assert one.limiter.acquire(1) > 0
        finally:
            foreign.shutdown(socket.SHUT_RDWR)  # wakes who waits for a caller
            talking.join()


def test_a_redis_that_hangs_costs_the_patience_for_one_command_and_not_for_each() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        one = pod_at(url, "one", RateLimits(requests=10))
        one.connection.pause_seconds = 3600

        assert one.limiter.acquire(1) == 0
        assert one.answers.get("page") is None
        assert one.answers.claim("page")

        assert len(callers(silent)) == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://:s3cret@host",
        "redis://:s3cret@host:port/0",
        "redis://:s3cret@host?socket_timeout=long",
        "redis://:s3cret@host?option=unheard-of",
        "rediss://:s3cret@host?ssl_cert_reqs=perhaps",
    ],
)
def test_a_url_that_is_none_is_told_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="redis://") as caught:
        pod_at(url, "one", RateLimits())

    whole = "".join(format_exception(caught.value))
    assert "s3cret" not in whole
    assert KEY not in whole


def test_a_url_cannot_make_redis_slow() -> None:
    url = "redis://:s3cret@host?socket_timeout=100&socket_connect_timeout=100&retry_on_timeout=yes"
    one = pod_at(url, "one", RateLimits())

    options = one.connection.redis.connection_pool.connection_kwargs
    assert (options["socket_timeout"], options["socket_connect_timeout"]) == (TIMEOUT_SECONDS, TIMEOUT_SECONDS)
    assert "s3cret" not in repr(one)
