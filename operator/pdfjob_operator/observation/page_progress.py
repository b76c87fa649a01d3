"""How many pages are done, as pods tell through Redis while they work. A convenience: nothing depends on it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError


log = logging.getLogger(__name__)

POLL_SECONDS = 5
"""Between two looks."""

_DIGITS = 9
"""Of a number that anybody may have written there."""

_PATIENCE = 1
_AWAY_SECONDS = 30
"""A Redis that does not answer is left alone so long: it must not hold up passes."""


class PageProgress:
    """Reads what pods tell.

    Args:
        url: Of the Redis.

    Raises:
        ValueError: It is no such URL.
    """

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE, retry=Retry(NoBackoff(), 0)
        )
        self._away_until = 0.0

    async def pages_done(self, uid: str) -> int | None:
        """Pages of a PdfJob that are done in any of its chunks; `None` where nobody knows."""
        clock = asyncio.get_running_loop().time
        if clock() < self._away_until:
            return None
        try:
            counts = await self._redis.hvals(f"pdfjob:progress:{uid}")
        except (RedisError, OSError) as error:
            self._away_until = clock() + _AWAY_SECONDS
            log.warning("Redis does not answer (%s): progress is told by chunks", type(error).__name__)
            return None
        return sum(int(count[:_DIGITS]) for count in counts if count.isdigit()) if counts else None

    async def close(self) -> None:
        """Let go of the connection."""
        with suppress(RedisError, OSError):
            await self._redis.aclose()
