"""What all pods of all jobs with one API key share, through a Redis that may be there or not.

One budget of requests and tokens, the waits that the service asks for, the answers that were bought, and how far each
chunk is. Without Redis, or while it is away, each process keeps to the same rules alone: that costs speed or money,
never a result.

Knows Redis, nothing of Gemini. No key of an API goes to Redis, only its fingerprint; answers do, so whoever can read
this Redis can read them.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Protocol

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ConfigurationError
from chunk_runner.rate_limit.local import Alone, Limits


REDIS_SECONDS = 5
"""For a connection, and for one command: enough for a pod on a busy node, which is no reason to give up the budget."""


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

    from chunk_runner.rate_limit.redis import WithRedis  # noqa: PLC0415 (the same)

    ours = {  # whatever the URL asks for
        "socket_timeout": REDIS_SECONDS,
        "socket_connect_timeout": REDIS_SECONDS,
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
