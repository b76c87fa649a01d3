"""The coordination through Redis: answers, claims and progress, and the connection of all parts."""

from __future__ import annotations

import hashlib

from redis.exceptions import LockError
from redis.lock import Lock

from chunk_runner.contract.redis_keys import answer_key, claim_key, progress_key
from chunk_runner.coordination.coordinator import CLAIM_SECONDS, Coordinator
from chunk_runner.coordination.rate_limiter import RateLimits
from chunk_runner.coordination.redis_connection import RedisConnection
from chunk_runner.coordination.redis_rate_limiter import RedisRateLimiter


_ANSWER_SECONDS = 7 * 86400
_PROGRESS_SECONDS = 86400

_ANSWER_BYTES_LIMIT = 8 * 2**20
"""A larger answer is not shared."""


def connect_redis(url: str, api_key: str, limits: RateLimits, holder: str) -> Coordinator:
    """Return the parts that all pods with an API key share.

    Args:
        url: The URL of the Redis. It may hold a password, and is never shown.
        api_key: The API key, of which only a fingerprint goes to Redis.
        limits: The limits of that key.
        holder: A name that no other process has.

    Raises:
        ConfigurationError: The URL is not valid.
    """
    connection = RedisConnection(url)
    fingerprint = hashlib.sha256(api_key.encode()).hexdigest()[:16]
    return Coordinator(
        RedisRateLimiter(connection, fingerprint, limits),
        RedisAnswerCache(connection, holder),
        RedisProgress(connection).report,
    )


class RedisAnswerCache:
    """The answers in Redis. While it is down, there are none, and every claim succeeds.

    Args:
        connection: The Redis.
        holder: A name that no other process has.
        claim_seconds: The time after which a claim expires.
    """

    def __init__(self, connection: RedisConnection, holder: str, claim_seconds: float = CLAIM_SECONDS) -> None:
        self._connection = connection
        self._holder = holder
        self._claim_seconds = claim_seconds
        self._locks: dict[str, Lock] = {}

    def get(self, key: str) -> bytes | None:
        """See `AnswerCache`."""
        answer: object = self._connection.call(lambda: self._connection.redis.get(answer_key(key)), lambda: None)
        return answer if isinstance(answer, bytes) else None

    def put(self, key: str, answer: bytes) -> None:
        """See `AnswerCache`."""
        if len(answer) <= _ANSWER_BYTES_LIMIT:
            redis = self._connection.redis
            self._connection.call(lambda: redis.set(answer_key(key), answer, ex=_ANSWER_SECONDS), lambda: None)

    def claim(self, key: str) -> bool:
        """See `AnswerCache`."""
        lock = self._locks.setdefault(
            key,
            Lock(
                self._connection.redis,
                claim_key(key),
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

        return self._connection.call(renew_or_acquire, lambda: True)

    def release(self, key: str) -> None:
        """See `AnswerCache`."""
        lock = self._locks.pop(key, None)

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
