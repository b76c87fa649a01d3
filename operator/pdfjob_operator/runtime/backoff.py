"""Waits before the next attempt: exponential back-off and jitter. The only place where the operator draws at random."""

from __future__ import annotations

import random


def exponential_backoff(failures: int, *, first: float, longest: float) -> float:
    """Return the seconds to wait after this many failures in a row: `first`, then twice as long each time.

    Args:
        failures: Number of failures, 1 or more.
        first: Wait after the first failure, in seconds.
        longest: Limit of the wait, in seconds.
    """
    return min(first * 2.0 ** min(failures - 1, 30), longest)


def with_jitter(seconds: float, *, less: float = 0.0, more: float = 0.5) -> float:
    """Return a random duration around this one, so that clients do not repeat their requests at the same time.

    Args:
        seconds: The duration.
        less: The share by which it may be shorter.
        more: The share by which it may be longer.
    """
    return seconds * random.uniform(1 - less, 1 + more)  # noqa: S311 (spreads load; nothing depends on a secret)
