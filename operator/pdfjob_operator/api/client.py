"""HTTP to the API server: lightkube's client with what it lacks, what may go wrong, and how long to wait after that.

Counts every answer. Knows nothing of what is asked.
"""

from __future__ import annotations

from typing import Any

import httpx2
from lightkube import AsyncClient
from lightkube.types import CascadeType

from pdfjob_operator.metrics import registry


_REQUEST_SECONDS = 30

API_ERRORS = (httpx2.HTTPError, OSError, TimeoutError)
"""Whatever a call may raise that is not for its caller to decide upon."""


class RefusedError(Exception):
    """The API server will not do this, and says why: a quota, an admission policy, a rule of the API."""


class ConflictError(Exception):
    """The object changed since it was read: read it again and decide anew."""


class GoneError(Exception):
    """The namespace is gone."""


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
    registry.API_REQUESTS.labels(response.request.method, resource, response.status_code).inc()


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
