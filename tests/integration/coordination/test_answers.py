"""Answers and progress in Redis: bought once, read by all pods with the key, and by nobody else."""

import logging
from pathlib import Path
from typing import Any

import pytest

from chunk_runner.contract import environment
from chunk_runner.contract.redis_keys import answer_key, claim_key
from chunk_runner.coordination.rate_limiter import RateLimits
from chunk_runner.coordination.redis_coordinator import RedisAnswerCache
from chunk_runner.coordination.sealing import Seal
from integration.coordination.pod import KEY, pod
from integration.gemini.book import spec
from processes.pods import Pods
from processes.redis_server import RedisServer
from processes.running import until
from tools.documents import pdfs
from tools.fake_gemini.server import GeminiServer


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

    assert one.answers.rejected == 1
    assert caplog.text.count("1 answers in Redis that no pod with this API key wrote") == 1
    one.answers.put("page", b"what it says")
    assert pod(redis, "two").answers.get("page") == b"what it says"


def test_a_job_reports_answers_that_somebody_forged(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(environment.REDIS_URL_ENV, redis.url)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    found = []
    with GeminiServer() as server:
        monkeypatch.setenv(environment.BASE_URL_ENV, server.url)
        for attempt in ("first", "second"):
            pods = Pods(tmp_path / attempt / "volume", tmp_path / attempt / "workspace")
            pods.volume.mkdir(parents=True)
            pods.workspace.mkdir()
            pdfs.write_pages(pods.volume / "book.pdf", [pdfs.sales(1)])
            _, report = pods.prepare(spec())
            assert report.merged is not None
            assert report.merged.stats is not None
            found.append(report.merged.stats.rejected_answers)
            for name in redis.client.keys("pdfjob:answer:*"):
                redis.client.set(name, b"It is a lie.")

        assert found == [0, 1]
        assert len(server.log()) == 2


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
