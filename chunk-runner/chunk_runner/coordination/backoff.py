"""Waits of random length, so that pods do not repeat their requests at the same time.

The only place where the chunk runner draws at random.
"""

from __future__ import annotations

import random


def exponential_backoff(failures: int, *, first: float, longest: float) -> float:
    """Return the longest time to wait after a number of failures in a row: `first`, then twice as long each time.

    Args:
        failures: The number of failures, 1 or more.
        first: The wait after the first failure, in seconds.
        longest: The limit of the wait, in seconds.
    """
    return min(first * 2.0 ** min(failures - 1, 10), longest)


def between(least: float, most: float) -> float:
    """Return a random number of seconds in this range."""
    return random.uniform(least, most)  # noqa: S311 (spreads load; nothing depends on a secret)
