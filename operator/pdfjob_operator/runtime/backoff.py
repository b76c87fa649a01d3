"""Waits before the next attempt: exponential backoff, jitter, and their limits by the kind of error.

The only place where the operator draws at random.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from pdfjob_operator.api.errors import ApiError


MAX_BACKOFF_SECONDS = 300.0
"""Longest wait after an error that a malformed object or a bug causes."""

MAX_TRANSIENT_BACKOFF_SECONDS = 30.0
"""Longest wait after an error that is likely to go away."""


class RetryPolicy(NamedTuple):
    """The limits of an exponential backoff.

    Attributes:
        min_seconds: Shortest wait before a retry.
        max_seconds: Longest wait that the backoff grows to.
    """

    min_seconds: float = 0.0
    max_seconds: float = MAX_BACKOFF_SECONDS


def retry_policy(error: Exception) -> RetryPolicy:
    """Return the policy for retries after this error.

    An API server that is down, overloaded or refuses a request will accept it sooner or later, so retries stay
    frequent. Any other error comes from a malformed object or a bug; its retries become rare.
    """
    if isinstance(error, ApiError) and error.is_transient:
        return RetryPolicy(error.retry_after, MAX_TRANSIENT_BACKOFF_SECONDS)
    if isinstance(error, TimeoutError):
        return RetryPolicy(max_seconds=MAX_TRANSIENT_BACKOFF_SECONDS)
    return RetryPolicy()


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
