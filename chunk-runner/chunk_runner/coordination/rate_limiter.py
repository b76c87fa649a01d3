"""The rate limit of an API key: a sliding window of requests and tokens, and pauses that the service asks for. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


_WINDOW_SECONDS = 60
"""The service's limits are per minute."""

LONGEST_PAUSE_SECONDS = 3600
"""The longest pause that a service may ask for."""

_SHORTEST_WAIT_SECONDS = 0.01


@dataclass(frozen=True)
class RateLimits:
    """The limits in any window of time.

    Attributes:
        requests: The number of requests; `None` for no limit.
        tokens: The number of input tokens; `None` for no limit.
        window: The length of the window, in seconds.
    """

    requests: int | None = None
    tokens: int | None = None
    window: float = _WINDOW_SECONDS

    @property
    def exist(self) -> bool:
        """True if there is any limit."""
        return self.requests is not None or self.tokens is not None


class RateLimiter(Protocol):
    """A rate limit that several callers may share."""

    def acquire(self, tokens: int) -> float:
        """Ask to send a request.

        Args:
            tokens: The estimated number of input tokens.

        Returns:
            0 if the request may be sent, which counts it; otherwise the seconds to wait before asking again.
        """

    def adjust(self, estimated: int, used: int) -> None:
        """Correct the number of tokens of the last request from the estimate to the number used."""

    def pause(self, seconds: float) -> None:
        """Let nobody send a request for some time. A longer pause stays in effect."""


@dataclass
class LocalRateLimiter:
    """The rate limit of one process.

    Attributes:
        limits: The limits.
        clock: Returns a time in seconds.
    """

    limits: RateLimits = field(default_factory=RateLimits)
    clock: Callable[[], float] = time.monotonic
    _paused_until: float = 0
    _sent: list[tuple[float, int]] = field(default_factory=list)
    """The time and the tokens of each request in the window."""

    def acquire(self, tokens: int) -> float:
        """See `RateLimiter`."""
        seconds = self.wait_time(tokens)
        if not seconds:
            self.count(tokens)
        return seconds

    def wait_time(self, tokens: int) -> float:
        """Return the seconds until a request with this number of tokens may be sent."""
        now = self.clock()
        if now < self._paused_until:
            return self._paused_until - now
        self._sent = [(sent, used) for sent, used in self._sent if sent > now - self.limits.window]
        for expired in range(len(self._sent)):  # the oldest requests that must leave the window before there is room
            if self._has_room(self._sent[expired:], tokens):
                return self._seconds_until_expired(expired, now)
        return self._seconds_until_expired(len(self._sent), now)  # alone, even a request beyond the limit may be sent

    def _has_room(self, sent: list[tuple[float, int]], tokens: int) -> bool:
        has_requests = self.limits.requests is None or len(sent) < self.limits.requests
        return has_requests and (
            self.limits.tokens is None or sum(used for _, used in sent) + tokens <= self.limits.tokens
        )

    def _seconds_until_expired(self, count: int, now: float) -> float:
        if count == 0:
            return 0
        return max(self._sent[count - 1][0] + self.limits.window - now, _SHORTEST_WAIT_SECONDS)

    def count(self, tokens: int) -> None:
        """Count a request that is being sent."""
        self._sent.append((self.clock(), tokens))

    def adjust(self, estimated: int, used: int) -> None:
        """See `RateLimiter`."""
        for at in range(len(self._sent) - 1, -1, -1):
            if self._sent[at][1] == estimated:
                self._sent[at] = (self._sent[at][0], used)
                return

    def pause(self, seconds: float) -> None:
        """See `RateLimiter`."""
        self._paused_until = max(self._paused_until, self.clock() + min(seconds, LONGEST_PAUSE_SECONDS))
