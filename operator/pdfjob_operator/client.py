"""HTTP to the API server: lightkube's client with what it lacks, what may go wrong, and how long to wait after that.

Counts every answer. Knows nothing of what is asked.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import httpx2
from lightkube import AsyncClient
from lightkube.types import CascadeType

from pdfjob_operator import metrics
from pdfjob_operator.queue import Patience


_PASSING = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,  # seen while a control plane is upgraded
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
}

_REQUEST_SECONDS = 30

LAST_PASSING_BACKOFF_SECONDS = 30.0
"""What mends itself, or is mended by somebody, is tried again this soon at the latest."""

API_ERRORS = (httpx2.HTTPError, OSError, TimeoutError)
"""Whatever a call may raise that is not for its caller to decide upon."""


class RefusedError(Exception):
    """The API server will not do this, and says why: a quota, an admission policy, a rule of the API."""


class ConflictError(Exception):
    """The object changed since it was read: read it again and decide anew."""


class GoneError(Exception):
    """The namespace is gone."""


def patience(error: Exception) -> Patience:
    """How long to wait after a pass that ended so.

    A server that is away, overloaded or refuses will change its mind; anything else is a poisoned object or a fault of
    ours, and is not tried so often.
    """
    if isinstance(error, httpx2.HTTPStatusError):
        status = error.response.status_code
        if status not in _PASSING and status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Patience()
        after = error.response.headers.get("Retry-After", "")
        return Patience(float(after) if after.isdecimal() else 0.0, LAST_PASSING_BACKOFF_SECONDS)
    passing = isinstance(error, (httpx2.TransportError, TimeoutError, RefusedError))
    return Patience(most=LAST_PASSING_BACKOFF_SECONDS) if passing else Patience()


def resource_of(path: str) -> str:
    """What a path of the API is about, without names: `jobs`, `pdfjobs/status`."""
    parts = path.strip("/").split("/")
    begin = next((at for at, part in enumerate(parts) if part in ("api", "apis")), None)
    if begin is None:
        return "other"
    parts = parts[begin:]  # the server may be behind a prefix
    parts = parts[3 if parts[0] == "apis" else 2 :]
    if parts[0] == "namespaces" and len(parts) > 2:  # noqa: PLR2004 (what follows a namespace's name is in it)
        parts = parts[2:]
    return "/".join([parts[0], *parts[2:]])


async def _count(response: httpx2.Response) -> None:
    resource = resource_of(response.request.url.path)
    metrics.API_CALLS.labels(response.request.method, resource, response.status_code).inc()


class Client(AsyncClient):
    """lightkube's client, as every call of the operator uses it."""

    def __init__(self) -> None:
        super().__init__(timeout=httpx2.Timeout(_REQUEST_SECONDS), field_manager="pdfjob-operator")
        self._client._client.event_hooks = {"response": [_count]}  # noqa: SLF001 (lightkube has no way in)

    async def delete_exactly(self, kind: Any, name: str, *, namespace: str, uid: str) -> None:
        """Delete the object of this name if it has this uid, and what it owns."""
        request = self._client.prepare_request(
            "delete", kind, None, name, namespace, params={"propagationPolicy": CascadeType.BACKGROUND.value}
        )
        request.data = {"preconditions": {"uid": uid}}
        response = await self._client.send(self._client.build_adapter_request(request))  # type: ignore[no-untyped-call]
        self._client.handle_response("delete", response, request)
