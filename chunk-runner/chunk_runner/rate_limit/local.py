"""The rules for one process: what was sent in the last minute, and how long the service wants it to wait. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


_WINDOW = 60
"""Seconds in which requests and tokens are counted: the service's limits are per minute."""

LONGEST_HOLD = 3600
"""Seconds that a service may ask for."""


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
        self._held_until = max(self._held_until, self.clock() + min(seconds, LONGEST_HOLD))

    def recall(self, key: str) -> bytes | None:  # noqa: ARG002 (the workspace remembers what this process bought)
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
