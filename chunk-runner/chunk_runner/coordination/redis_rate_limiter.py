"""The rate limit of all pods with one API key, in Redis.

A script takes a place in the window, so that no two pods take the same one. It uses the clock of Redis, so that the
pods' clocks do not matter.
"""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass, field

from chunk_runner.contract.redis_keys import pause_key, requests_key
from chunk_runner.coordination.backoff import between
from chunk_runner.coordination.rate_limiter import LONGEST_PAUSE_SECONDS, LocalRateLimiter, RateLimits
from chunk_runner.coordination.redis_connection import RedisConnection


_ACQUIRE = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local paused = math.max(redis.call('PTTL', KEYS[1]), tonumber(ARGV[6]))
if paused > 0 then return paused end
local requests, tokens, window, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if requests < 0 and tokens < 0 then return 0 end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - window)
local sent = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
local count, used = #sent / 2, 0
for at = 1, #sent, 2 do used = used + tonumber(string.match(sent[at], ':(%d+)$')) end
local expired = 0
while expired < #sent / 2 and ((requests >= 0 and count >= requests) or (tokens >= 0 and used + wanted > tokens)) do
  used = used - tonumber(string.match(sent[2 * expired + 1], ':(%d+)$'))
  count, expired = count - 1, expired + 1
end
if expired > 0 then return math.max(tonumber(sent[2 * expired]) + window - now, 1) end
redis.call('ZADD', KEYS[2], now, ARGV[5] .. ':' .. ARGV[4])
redis.call('PEXPIRE', KEYS[2], window)
return 0
"""
"""Returns the milliseconds to wait, or 0 after counting the request."""

_ADJUST = """
local before, after = ARGV[1] .. ':' .. ARGV[2], ARGV[1] .. ':' .. ARGV[3]
local score = redis.call('ZSCORE', KEYS[1], before)
if score and before ~= after then
  redis.call('ZADD', KEYS[1], score, after)
  redis.call('ZREM', KEYS[1], before)
end
"""
"""Adds before it removes: a set that becomes empty in between would lose its expiry."""

_PAUSE = """
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '', 'PX', ARGV[1]) end
"""
"""Keeps a pause that lasts longer."""


@dataclass
class RedisRateLimiter:
    """The rate limit of all pods; that of this process while Redis is down.

    Attributes:
        connection: The Redis.
        name: Stands for the API key.
        limits: The limits.
        local: Follows everything that this process sends and is told, for when Redis is down, and for when it is
            available again and has missed it.
    """

    connection: RedisConnection
    name: str
    limits: RateLimits
    local: LocalRateLimiter = field(init=False)
    _last_request: str = ""

    def __post_init__(self) -> None:
        self.local = LocalRateLimiter(self.limits)

    def acquire(self, tokens: int) -> float:
        """See `RateLimiter`."""
        local_wait = self.local.wait_time(tokens)
        request = uuid.uuid4().hex
        limits = [-1 if limit is None else limit for limit in (self.limits.requests, self.limits.tokens)]
        arguments = [*limits, int(self.limits.window * 1000), tokens, request, math.ceil(local_wait * 1000)]
        script = (_ACQUIRE, 2, pause_key(self.name), requests_key(self.name), *map(str, arguments))
        wait = self.connection.call(
            lambda: int(self.connection.redis.eval(*script)) / 1000,  # type: ignore[arg-type] # no types for scripts
            lambda: local_wait,
        )
        wait = min(wait, LONGEST_PAUSE_SECONDS)  # anyone who can write to Redis could ask for a pause without end
        if wait:
            return wait + between(0, min(1, self.limits.window / 20))
        self._last_request = request
        self.local.count(tokens)
        return 0

    def adjust(self, estimated: int, used: int) -> None:
        """See `RateLimiter`."""
        self.local.adjust(estimated, used)
        if self.limits.exist:
            script = (_ADJUST, 1, requests_key(self.name), self._last_request, str(estimated), str(used))
            self.connection.call(lambda: self.connection.redis.eval(*script), lambda: None)

    def pause(self, seconds: float) -> None:
        """See `RateLimiter`."""
        self.local.pause(seconds)
        milliseconds = max(int(min(seconds, LONGEST_PAUSE_SECONDS) * 1000), 1)
        script = (_PAUSE, 1, pause_key(self.name), str(milliseconds))
        self.connection.call(lambda: self.connection.redis.eval(*script), lambda: None)
