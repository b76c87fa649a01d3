"""How long the work queue waits after a pass that failed, by what went wrong."""

from __future__ import annotations

from http import HTTPStatus

import httpx2

from pdfjob_operator.api.client import RefusedError
from pdfjob_operator.runtime.work_queue import RetryPolicy


_PASSING = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,  # seen while a control plane is upgraded
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
}

LAST_PASSING_BACKOFF_SECONDS = 30.0
"""What mends itself, or is mended by somebody, is tried again this soon at the latest."""


def retry_policy(error: Exception) -> RetryPolicy:
    """How long to wait after a pass that ended so.

    A server that is away, overloaded or refuses will change its mind; anything else is a poisoned object or a fault of
    ours, and is not tried so often.
    """
    if isinstance(error, httpx2.HTTPStatusError):
        status = error.response.status_code
        if status not in _PASSING and status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return RetryPolicy()
        after = error.response.headers.get("Retry-After", "")
        return RetryPolicy(float(after) if after.isdecimal() else 0.0, LAST_PASSING_BACKOFF_SECONDS)
    passing = isinstance(error, (httpx2.TransportError, TimeoutError, RefusedError))
    return RetryPolicy(most=LAST_PASSING_BACKOFF_SECONDS) if passing else RetryPolicy()
