"""The rules for all, in a Redis: whatever takes a place is one script, so that no two pods take the same one.

Nothing here may fail because of Redis: each command has an answer for when there is none.
"""

from __future__ import annotations

import logging
import math
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from chunk_runner.rate_limit.local import LONGEST_HOLD, Alone, Limits


if TYPE_CHECKING:
    from redis import Redis

T = TypeVar("T")

log = logging.getLogger(__name__)

_ANSWER_SECONDS = 7 * 86400
_PROGRESS_SECONDS = 86400
_BIGGEST_ANSWER = 8 * 2**20

_AWAY_SECONDS = 10
"""A Redis that does not answer is left alone so long."""

_TURN = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local held = math.max(redis.call('PTTL', KEYS[1]), tonumber(ARGV[6]))
if held > 0 then return held end
local requests, tokens, window, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if requests < 0 and tokens < 0 then return 0 end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - window)
local sent = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
local count, used = #sent / 2, 0
for at = 1, #sent, 2 do used = used + tonumber(string.match(sent[at], ':(%d+)$')) end
local gone = 0
while gone < #sent / 2 and ((requests >= 0 and count >= requests) or (tokens >= 0 and used + wanted > tokens)) do
  used = used - tonumber(string.match(sent[2 * gone + 1], ':(%d+)$'))
  count, gone = count - 1, gone + 1
end
if gone > 0 then return math.max(tonumber(sent[2 * gone]) + window - now, 1) end
redis.call('ZADD', KEYS[2], now, ARGV[5] .. ':' .. ARGV[4])
redis.call('PEXPIRE', KEYS[2], window)
return 0
"""
"""Milliseconds to wait, or 0 and the request is counted. All in one script, so that no two pods take the same place;
by the clock of Redis, so that the pods' clocks do not matter."""

_SETTLE = """
local before, after = ARGV[1] .. ':' .. ARGV[2], ARGV[1] .. ':' .. ARGV[3]
local score = redis.call('ZSCORE', KEYS[1], before)
if score and before ~= after then
  redis.call('ZADD', KEYS[1], score, after)
  redis.call('ZREM', KEYS[1], before)
end
"""
"""In this order: a set that is empty in between is another one after, which would stay for ever."""

_HOLD = """
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '', 'PX', ARGV[1]) end
"""
"""A hold that is longer stays."""

_CLAIM = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) return 1 end
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
return 0
"""

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


@dataclass
class WithRedis:
    """The rules for all, as long as Redis answers."""

    redis: Redis
    fingerprint: str
    """Of the API key."""
    holder: str
    """Who claims: nobody else has this name."""
    limits: Limits
    away_seconds: float = _AWAY_SECONDS
    alone: Alone = field(init=False)
    _away_until: float = 0
    _is_away: bool = False
    _last: str = ""
    """The request that was sent last."""
    _lock: Lock = field(default_factory=Lock, repr=False)
    """Claims are renewed in a thread."""

    def __post_init__(self) -> None:
        self.alone = Alone(self.limits)

    def turn(self, tokens: int) -> float:
        """See `Shared`.

        What this process sent and was told is known here too: it holds while Redis is away, and when it is back, which
        missed it.
        """
        here = self.alone.wait(tokens)
        request = uuid.uuid4().hex
        limits = [-1 if it is None else it for it in (self.limits.requests, self.limits.tokens)]
        arguments = [*limits, int(self.limits.window * 1000), tokens, request, math.ceil(here * 1000)]
        wait = self._ask(
            lambda: int(self.redis.eval(_TURN, 2, self._key("hold"), self._key("sent"), *arguments)) / 1000,  # type: ignore[arg-type] # redis-py takes numbers
            lambda: here,
        )
        wait = min(wait, LONGEST_HOLD)  # whoever can write to Redis could ask for eternity
        if wait:
            # A little more, and not the same for all, or they would all wake at once.
            return wait + random.uniform(0, min(1, self.limits.window / 20))  # noqa: S311 (nothing to guess)
        self._last = request
        self.alone.count(tokens)
        return 0

    def settle(self, estimated: int, used: int) -> None:
        """See `Shared`."""
        self.alone.settle(estimated, used)
        if self.limits.any:
            script = (_SETTLE, 1, self._key("sent"), self._last, str(estimated), str(used))
            self._ask(lambda: self.redis.eval(*script), lambda: None)

    def hold(self, seconds: float) -> None:
        """See `Shared`."""
        self.alone.hold(seconds)
        milliseconds = max(int(min(seconds, LONGEST_HOLD) * 1000), 1)
        self._ask(lambda: self.redis.eval(_HOLD, 1, self._key("hold"), str(milliseconds)), lambda: None)

    def recall(self, key: str) -> bytes | None:
        """See `Shared`."""
        found: Any = self._ask(lambda: self.redis.get(f"pdfjob:answer:{key}"), lambda: None)
        return found if isinstance(found, bytes) else None

    def keep(self, key: str, answer: bytes) -> None:
        """See `Shared`."""
        if len(answer) <= _BIGGEST_ANSWER:
            self._ask(lambda: self.redis.set(f"pdfjob:answer:{key}", answer, ex=_ANSWER_SECONDS), lambda: None)

    def claim(self, key: str, seconds: float) -> bool:
        """See `Shared`."""
        script = (_CLAIM, 1, f"pdfjob:claim:{key}", self.holder, str(max(int(seconds * 1000), 1)))
        return self._ask(lambda: bool(self.redis.eval(*script)), lambda: True)

    def release(self, key: str) -> None:
        """See `Shared`."""
        self._ask(lambda: self.redis.eval(_RELEASE, 1, f"pdfjob:claim:{key}", self.holder), lambda: None)

    def progress(self, job: str, chunk: int, pages: int) -> None:
        """See `Shared`."""

        def say() -> None:
            with self.redis.pipeline() as pipeline:
                pipeline.hset(f"pdfjob:progress:{job}", str(chunk), str(pages))
                pipeline.expire(f"pdfjob:progress:{job}", _PROGRESS_SECONDS)
                pipeline.execute()

        self._ask(say, lambda: None)

    def _key(self, what: str) -> str:
        return f"pdfjob:{what}:{self.fingerprint}"

    def _ask(self, command: Callable[[], T], otherwise: Callable[[], T]) -> T:
        """Ask Redis; if it is away, do without, and leave it alone for a while."""
        if time.monotonic() < self._away_until:
            return otherwise()
        try:
            answer = command()
        except Exception as error:  # noqa: BLE001 (its client fails in many ways at a server that is no Redis)
            self._away_until = time.monotonic() + self.away_seconds
            if self._is_news(away=True):
                log.warning("Redis does not answer (%s): this pod goes on alone", type(error).__name__)
            return otherwise()
        if self._is_news(away=False):
            log.warning("Redis is back")
        return answer

    def _is_news(self, *, away: bool) -> bool:
        with self._lock:
            was_away, self._is_away = self._is_away, away
        return was_away != away
