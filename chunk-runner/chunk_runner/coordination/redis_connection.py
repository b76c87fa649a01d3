"""A Redis that may fail at any time: each command has a fallback, and a Redis that failed is not used for a while."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import TypeVar

from redis import ConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.retry import Retry

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ConfigurationError


ResultT = TypeVar("ResultT")

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 5
"""For a connection, and for one command: long enough for a pod on a busy node to keep to the shared budget."""

_PAUSE_SECONDS = 10
"""A Redis that has failed is not used for this long."""


class RedisConnection:
    """A connection to a Redis.

    Attributes:
        redis: The client.
        pause_seconds: A Redis that has failed is not used for this long.

    Args:
        url: The URL of the Redis. It may hold a password, and is never shown.

    Raises:
        ConfigurationError: The URL is not valid.
    """

    def __init__(self, url: str, pause_seconds: float = _PAUSE_SECONDS) -> None:
        self.redis = _client(url)
        self.pause_seconds = pause_seconds
        self._paused_until = 0.0
        self._is_down = False
        self._lock = Lock()  # claims are renewed in a thread

    def call(self, command: Callable[[], ResultT], fallback: Callable[[], ResultT]) -> ResultT:
        """Return the result of a command, or that of its fallback while Redis is down."""
        if time.monotonic() < self._paused_until:
            return fallback()
        try:
            result = command()
        except Exception as error:  # redis-py raises many kinds of errors if the server is not a Redis
            log.debug("Redis failed", exc_info=True)
            self._paused_until = time.monotonic() + self.pause_seconds
            if self._has_changed(is_down=True):
                log.warning("cannot reach Redis (%s): this pod continues without it", type(error).__name__)
            return fallback()
        if self._has_changed(is_down=False):
            log.warning("Redis is available again")
        return result

    def _has_changed(self, *, is_down: bool) -> bool:
        with self._lock:
            was_down, self._is_down = self._is_down, is_down
        return was_down != is_down


def _client(url: str) -> Redis:
    fixed = {  # not to be changed by options of the URL
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        "decode_responses": False,
    }
    with suppress(ValueError, TypeError, RedisError):
        pool = ConnectionPool(**{**parse_url(url), **fixed})  # type: ignore[no-untyped-call] # redis-py is partly typed
        pool.make_connection()  # does not connect, but rejects unknown options
        return Redis.from_pool(pool)
    raise ConfigurationError(
        Reason.CONFIGURATION_ERROR,
        "Invalid Redis URL: expected redis://:password@host:6379/0, or rediss:// for TLS.",
    )
