"""Page progress: reads from Redis how many pages the pods of a PdfJob have processed. Nothing depends on it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chunk_runner.contract.redis_keys import progress_key


log = logging.getLogger(__name__)

POLL_SECONDS = 5
"""Interval at which the progress of a PdfJob is worth reading."""

_TIMEOUT_SECONDS = 1
"""Timeout for connecting to Redis, and for each answer."""

_PAUSE_SECONDS = 30
"""Time for which a Redis that failed is not asked again, so that it does not slow down the operator."""

_SUM = """
local total = false
for _, count in ipairs(redis.call('HVALS', KEYS[1])) do
  total = (total or 0) + (string.match(count, '^%d%d?%d?%d?%d?%d?%d?$') or 0)
end
return total and string.format('%d', math.min(total, 2 ^ 52))
"""
"""Adds up in Redis: anyone who can write to it may have written more than the operator's memory holds."""


class PageProgress:
    """A connection to the Redis to which pods write their progress.

    Args:
        url: URL of the Redis.

    Raises:
        ValueError: The URL is not valid.
    """

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._paused_until = 0.0

    async def pages_processed(self, uid: str) -> int | None:
        """Return the number of pages processed in all chunks of a PdfJob, or `None` if it is unknown."""
        now = asyncio.get_running_loop().time
        if now() < self._paused_until:
            return None
        try:
            total = await self._redis.eval(_SUM, 1, progress_key(uid))
        except (RedisError, OSError) as error:
            self._paused_until = now() + _PAUSE_SECONDS
            log.warning("cannot read progress from Redis (%s): it is only shown per chunk", type(error).__name__)
            return None
        return int(total) if isinstance(total, bytes) else None

    async def close(self) -> None:
        """Close the connection."""
        with suppress(RedisError, OSError):
            await self._redis.aclose()
