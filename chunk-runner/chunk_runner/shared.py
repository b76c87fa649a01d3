"""What all pods of all jobs with one API key share, through a Redis that may be there or not.

One budget of requests and tokens, the waits that the service asks for, the answers that were bought, and how far each
chunk is. Without Redis, or while it is away, each process keeps to the same rules alone: that costs speed or money,
never a result.

Knows Redis, nothing of Gemini. No key of an API goes to Redis, only its fingerprint; answers do, so whoever can read
this Redis can read them.
"""

from __future__ import annotations

import hashlib
import logging
import math
import random
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from chunk_runner.contract import Reason
from chunk_runner.errors import ConfigurationError


if TYPE_CHECKING:
    from redis import Redis

T = TypeVar("T")

log = logging.getLogger(__name__)

_WINDOW = 60
"""Seconds in which requests and tokens are counted: the service's limits are per minute."""

_LONGEST_HOLD = 3600
_ANSWER_SECONDS = 7 * 86400
_PROGRESS_SECONDS = 86400
_BIGGEST_ANSWER = 8 * 2**20

_REDIS_SECONDS = 2
"""For a connection, and for one command."""

_AWAY_SECONDS = 10
"""A Redis that does not answer is left alone so long."""


class Shared(Protocol):
    """What is shared."""

    def turn(self, tokens: int) -> float:
        """Ask to send a request of about so many tokens: 0 is yes, and it is counted; else how many seconds to wait."""

    def settle(self, estimated: int, used: int) -> None:
        """Correct the tokens of the request that was sent last."""

    def hold(self, seconds: float) -> None:
        """Nobody with this key sends before."""

    def recall(self, key: str) -> bytes | None:
        """An answer that somebody bought."""

    def keep(self, key: str, answer: bytes) -> None:
        """Let others have an answer."""

    def claim(self, key: str, seconds: float) -> bool:
        """Whether it is ours to buy; not, while somebody else is buying it."""

    def release(self, key: str) -> None:
        """Let others buy it."""

    def progress(self, job: str, chunk: int, pages: int) -> None:
        """Say how many pages of a chunk are done."""


@dataclass(frozen=True)
class Limits:
    """What may be sent in any window of so many seconds; `None` for no limit."""

    requests: int | None = None
    tokens: int | None = None
    window: float = _WINDOW

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return self.requests is not None or self.tokens is not None


@dataclass
class Alone:
    """The rules for one process."""

    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = time.monotonic
    _held_until: float = 0
    _sent: list[tuple[float, int]] = field(default_factory=list)
    """When, and how many tokens."""

    def turn(self, tokens: int) -> float:
        """See `Shared`."""
        seconds = self.wait(tokens)
        if not seconds:
            self.count(tokens)
        return seconds

    def wait(self, tokens: int) -> float:
        """The seconds until a request of so many tokens may be sent."""
        now = self.clock()
        if now < self._held_until:
            return self._held_until - now
        self._sent = [it for it in self._sent if it[0] > now - self.limits.window]
        for at in range(len(self._sent) + 1):  # once so many of the oldest are forgotten, is there room?
            rest = self._sent[at:]
            crowded = self.limits.requests is not None and len(rest) >= self.limits.requests
            full = self.limits.tokens is not None and sum(it[1] for it in rest) + tokens > self.limits.tokens
            if not (crowded or full) or not rest:
                return max(self._sent[at - 1][0] + self.limits.window - now, 0.01) if at else 0
        raise AssertionError  # without any, there is always room

    def count(self, tokens: int) -> None:
        """A request is being sent."""
        self._sent.append((self.clock(), tokens))

    def settle(self, estimated: int, used: int) -> None:
        """See `Shared`."""
        for at in range(len(self._sent) - 1, -1, -1):
            if self._sent[at][1] == estimated:
                self._sent[at] = (self._sent[at][0], used)
                return

    def hold(self, seconds: float) -> None:
        """See `Shared`."""
        self._held_until = max(self._held_until, self.clock() + min(seconds, _LONGEST_HOLD))

    def recall(self, key: str) -> bytes | None:  # noqa: ARG002 (receipts remember what this process bought)
        """See `Shared`."""
        return None

    def keep(self, key: str, answer: bytes) -> None:
        """See `Shared`."""

    def claim(self, key: str, seconds: float) -> bool:  # noqa: ARG002 (nobody else is known)
        """See `Shared`."""
        return True

    def release(self, key: str) -> None:
        """See `Shared`."""

    def progress(self, job: str, chunk: int, pages: int) -> None:
        """See `Shared`."""


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
        milliseconds = max(int(min(seconds, _LONGEST_HOLD) * 1000), 1)
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


def shared(
    url: str | None, api_key: str, *, requests_per_minute: int | None, tokens_per_minute: int | None, holder: str
) -> Shared:
    """What pods with this key share.

    Args:
        url: Of the Redis; `None` for none. It may hold a password, and is never shown.
        api_key: The key of the service's API.
        requests_per_minute: The limit; `None` for none.
        tokens_per_minute: Likewise.
        holder: A name that nobody else has.

    Raises:
        ConfigurationError: The URL is no URL of a Redis.
    """
    limits = Limits(requests_per_minute, tokens_per_minute)
    if url is None:
        return Alone(limits)
    from redis import ConnectionPool, Redis, RedisError  # noqa: PLC0415 (only who has one pays for it)
    from redis.backoff import NoBackoff  # noqa: PLC0415 (the same)
    from redis.connection import parse_url  # noqa: PLC0415 (the same)
    from redis.retry import Retry  # noqa: PLC0415 (the same)

    ours = {  # whatever the URL asks for
        "socket_timeout": _REDIS_SECONDS,
        "socket_connect_timeout": _REDIS_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        "decode_responses": False,
    }
    client = None
    with suppress(ValueError, TypeError, RedisError):
        pool = ConnectionPool(**{**parse_url(url), **ours})  # type: ignore[no-untyped-call]
        pool.make_connection()  # connects to nothing yet, but refuses options that there are not
        client = Redis.from_pool(pool)
    if client is None:
        raise ConfigurationError(
            Reason.CONFIGURATION_ERROR,
            "The URL of the Redis is none: write it like redis://:password@host:6379/0, with rediss:// for TLS.",
        )
    return WithRedis(client, hashlib.sha256(api_key.encode()).hexdigest()[:16], holder, limits)
