"""A Redis that is away, hangs, or is none: pods go on without it, and come back to it."""

import logging
import socket
import time
from contextlib import suppress
from threading import Thread
from traceback import format_exception

import pytest

from chunk_runner.coordination.rate_limiter import RateLimits
from chunk_runner.coordination.redis_connection import TIMEOUT_SECONDS
from chunk_runner.errors import ConfigurationError
from integration.coordination.pod import KEY, MILLISECOND, SPREAD, pod, pod_at
from processes.redis_server import RedisServer
from processes.running import until


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
