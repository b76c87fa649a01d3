"""What one pod shares with the others through Redis."""

from dataclasses import dataclass

from chunk_runner.coordination.rate_limiter import RateLimits
from chunk_runner.coordination.redis_connection import RedisConnection
from chunk_runner.coordination.redis_coordinator import RedisAnswerCache, RedisProgress, connect_redis
from chunk_runner.coordination.redis_rate_limiter import RedisRateLimiter
from chunk_runner.coordination.sealing import Seal
from processes.redis_server import RedisServer


KEY = "AQ.the-key-of-an-api"

MILLISECOND = 0.001
"""Redis counts in these."""

SPREAD = 1
"""By how many seconds, at most, a pod waits longer than it must, so that not all wake at once."""


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
