"""Progress by pages, as the operator reads it from a real Redis that comes and goes."""

import asyncio

import pytest

from chunk_runner.coordination.rate_limiter import RateLimits
from chunk_runner.coordination.redis_coordinator import connect_redis
from pdfjob_operator.observation import page_progress
from pdfjob_operator.observation.page_progress import PageProgress
from processes.redis_server import RedisServer


def pages_processed(*urls: str) -> list[int | None]:
    async def look() -> list[int | None]:
        found = []
        for url in urls:
            progress = PageProgress(url)
            found.append(await progress.pages_processed("uid"))
            await progress.close()
        return found

    return asyncio.run(look())


def test_the_pages_of_all_chunks_are_told_together(redis: RedisServer) -> None:
    pod = connect_redis(redis.url, "key", RateLimits(), "pod")
    assert pages_processed(redis.url) == [None]
    pod.report_progress("uid", 0, 12)
    pod.report_progress("uid", 1, 5)
    pod.report_progress("uid", 1, 7)
    pod.report_progress("another", 0, 100)

    assert pages_processed(redis.url) == [19]


def test_what_is_no_number_is_no_progress(redis: RedisServer) -> None:
    redis.client.hset("pdfjob:progress:uid", mapping={"0": "12", "1": "many"})

    assert pages_processed(redis.url) == [12]


def test_more_than_fits_into_memory_is_added_up_in_redis(redis: RedisServer) -> None:
    key = "pdfjob:progress:uid"
    redis.client.delete(key)
    redis.client.hset(key, mapping={str(chunk): "9" * 100_000 for chunk in range(50)})
    redis.client.hset(key, mapping={"a": "-1", "b": "1e3", "c": " 5", "d": "0x10", "e": "٣", "f": "9999999"})
    before = redis.client.info("stats")["total_net_output_bytes"]

    assert pages_processed(redis.url) == [9_999_999]

    assert redis.client.info("stats")["total_net_output_bytes"] - before < 100_000


def test_something_else_in_its_place_is_no_progress(redis: RedisServer) -> None:
    redis.client.set("pdfjob:progress:other", "x" * 100)
    redis.client.rename("pdfjob:progress:other", "pdfjob:progress:uid")

    assert pages_processed(redis.url) == [None]


def test_a_redis_that_does_not_answer_is_asked_once_and_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_progress, "_PAUSE_SECONDS", 3600)
    callers = 0

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal callers
        callers += 1
        writer.close()

    async def look_often() -> list[int | None]:
        async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
            progress = PageProgress(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
            return [await progress.pages_processed("uid") for _ in range(100)]

    assert asyncio.run(look_often()) == [None] * 100
    assert callers == 1
