"""How long the work queue waits before it retries a failed reconcile, by the kind of error."""

from __future__ import annotations

from pdfjob_operator.api.errors import ApiError
from pdfjob_operator.runtime.work_queue import RetryPolicy


MAX_TRANSIENT_BACKOFF_SECONDS = 30.0
"""Longest wait after an error that is likely to go away."""


def retry_policy(error: Exception) -> RetryPolicy:
    """Return the policy for a reconcile that ended with this error.

    An API server that is down, overloaded or refuses a request will accept it sooner or later, so retries stay
    frequent. Any other error comes from a malformed object or a bug; its retries become rare.
    """
    if isinstance(error, ApiError) and error.is_transient:
        return RetryPolicy(error.retry_after, MAX_TRANSIENT_BACKOFF_SECONDS)
    if isinstance(error, TimeoutError):
        return RetryPolicy(max_seconds=MAX_TRANSIENT_BACKOFF_SECONDS)
    return RetryPolicy()
