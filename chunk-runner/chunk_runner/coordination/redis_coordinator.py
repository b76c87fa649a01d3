"""The coordination through Redis: answers, claims and progress, and the connection of all parts.

Anyone who reaches the Redis may write into it: a value counts only if it was sealed with the API key. Anyone can make a
claim, which delays a request for a limited time.
"""

from __future__ import annotations

import logging
import time

from redis.exceptions import LockError, ResponseError
from redis.lock import Lock

from chunk_runner.contract.redis_keys import answer_key, claim_key, progress_key
from chunk_runner.coordination.coordinator import CLAIM_SECONDS, Coordinator
from chunk_runner.coordination.rate_limiter import RateLimits
from chunk_runner.coordination.redis_connection import RedisConnection
from chunk_runner.coordination.redis_rate_limiter import RedisRateLimiter
from chunk_runner.coordination.sealing import Seal


log = logging.getLogger(__name__)

_ANSWER_SECONDS = 7 * 86400
_PROGRESS_SECONDS = 86400

_ANSWER_BYTES_LIMIT = 8 * 2**20
"""A larger answer is not shared, and a larger value is none."""

_SEAL_BYTES = 28
"""Bytes by which a sealed answer is longer: a nonce and a tag."""

_PATIENCE_SECONDS = 3600
"""A claim of others is respected for this long, renewed or not: they may wait half an hour for a service that is down
and as long for the rate limit, but a claim that a stranger renews forever must not stop the job."""


def connect_redis(url: str, api_key: str, limits: RateLimits, holder: str) -> Coordinator:
    """Return the parts that all pods with an API key share.

    Args:
        url: The URL of the Redis. It may hold a password, and is never shown.
        api_key: The API key. Nothing from which it could be inferred goes to Redis.
        limits: The limits of that key.
        holder: A name that no other process has.

    Raises:
        ConfigurationError: The URL is not valid.
    """
    connection = RedisConnection(url)
    seal = Seal(api_key)
    return Coordinator(
        RedisRateLimiter(connection, seal.name("rate limit"), limits),
        RedisAnswerCache(connection, seal, holder),
        RedisProgress(connection).report,
    )


class RedisAnswerCache:
    """The answers in Redis. While it is down, there are none, and every claim succeeds.

    Args:
        connection: The Redis.
        seal: The seal of the API key.
        holder: A name that no other process has.
        claim_seconds: The time after which a claim expires.
        patience_seconds: The time after which the claims of others are ignored.
    """

    def __init__(
        self,
        connection: RedisConnection,
        seal: Seal,
        holder: str,
        claim_seconds: float = CLAIM_SECONDS,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        self._rejected: set[str] = set()
        self._connection = connection
        self._seal = seal
        self._holder = holder
        self._claim_seconds = claim_seconds
        self._patience_seconds = patience_seconds
        self._locks: dict[str, Lock] = {}
        self._refused_since: dict[str, float] = {}

    @property
    def rejected(self) -> int:
        """See `AnswerCache`."""
        return len(self._rejected)

    def get(self, key: str) -> bytes | None:
        """See `AnswerCache`."""
        name = self._seal.name("answer", key)

        def read() -> object:
            try:  # a range, because a stranger's value may be larger than this pod's memory
                return self._connection.redis.getrange(answer_key(name), 0, _ANSWER_BYTES_LIMIT + _SEAL_BYTES)
            except ResponseError:  # a stranger's value that is no string
                return None

        found = self._connection.call(read, lambda: b"")
        if found == b"":
            return None
        answer = self._seal.open(name, found) if isinstance(found, bytes) else None
        if answer is None and name not in self._rejected:
            self._rejected.add(name)
            log.warning("ignored so far: %d answers in Redis that no pod with this API key wrote", self.rejected)
        return answer

    def put(self, key: str, answer: bytes) -> None:
        """See `AnswerCache`."""
        if len(answer) <= _ANSWER_BYTES_LIMIT:
            name, redis = self._seal.name("answer", key), self._connection.redis
            sealed = self._seal.close(name, answer)
            self._connection.call(lambda: redis.set(answer_key(name), sealed, ex=_ANSWER_SECONDS), lambda: None)

    def claim(self, key: str) -> bool:
        """See `AnswerCache`. A claim of others that does not end is ignored: at worst, an answer is bought twice."""
        lock = self._locks.setdefault(
            key,
            Lock(
                self._connection.redis,
                claim_key(self._seal.name("claim", key)),
                timeout=self._claim_seconds,
                blocking=False,
                thread_local=False,  # a thread renews it
            ),
        )

        def renew_or_acquire() -> bool:
            try:
                return bool(lock.reacquire())
            except LockError:  # not claimed yet, or expired
                return bool(lock.acquire(token=self._holder))

        if self._connection.call(renew_or_acquire, lambda: True):
            self._refused_since.pop(key, None)
            return True
        refused_for = time.monotonic() - self._refused_since.setdefault(key, time.monotonic())
        return refused_for >= self._patience_seconds

    def release(self, key: str) -> None:
        """See `AnswerCache`."""
        lock = self._locks.pop(key, None)
        self._refused_since.pop(key, None)

        def release() -> None:
            try:
                if lock is not None:
                    lock.release()
            except LockError:
                return  # another pod holds it

        self._connection.call(release, lambda: None)


class RedisProgress:
    """The progress of chunks in Redis, where the operator reads it.

    Args:
        connection: The Redis.
    """

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection

    def report(self, job: str, chunk: int, pages: int) -> None:
        """Report how many pages of a chunk are processed.

        Args:
            job: The PdfJob's uid.
            chunk: The 0-based chunk.
            pages: The number of its pages that are processed.
        """

        def write() -> None:
            with self._connection.redis.pipeline() as pipeline:
                pipeline.hset(progress_key(job), str(chunk), str(pages))
                pipeline.expire(progress_key(job), _PROGRESS_SECONDS)
                pipeline.execute()

        self._connection.call(write, lambda: None)
