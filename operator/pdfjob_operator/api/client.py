"""Reads and writes any kind of object: plain dicts in and out, every failure an `ApiError`, every answer counted.

The only module that knows the HTTP library. Knows nothing of what the objects mean.
"""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx2
from lightkube import AsyncClient
from lightkube.types import CascadeType, PatchType

from pdfjob_operator.api.errors import ApiError, ConflictError, NotFoundError
from pdfjob_operator.metrics import registry


if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from typing import Self

    from pdfjob_operator.objects.kubernetes import Manifest


_REQUEST_TIMEOUT_SECONDS = 30

_PAGE_SIZE = 500
"""Objects in one answer to a list request."""

_ERRORS: Mapping[int, type[ApiError]] = {HTTPStatus.NOT_FOUND: NotFoundError, HTTPStatus.CONFLICT: ConflictError}

_TRANSIENT = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,  # seen while a control plane is upgraded
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
}


class Client:
    """A connection to the API server, configured by the pod's service account or a kubeconfig file.

    Every method raises `ApiError`, `NotFoundError` or `ConflictError`.
    """

    def __init__(self) -> None:
        self._lightkube = _Lightkube()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._lightkube.close()

    async def get(self, kind: Any, name: str, namespace: str | None = None) -> Manifest:
        """Return an object; `namespace` is for namespaced kinds."""
        scope = {} if namespace is None else {"namespace": namespace}
        with _translated_errors():
            found: Manifest = await self._lightkube.get(kind, name, **scope)
        return found

    async def list(
        self,
        kind: Any,
        namespace: str | None,
        *,
        labels: Mapping[str, Any] | None = None,
        fields: Mapping[str, Any] | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Manifest]:
        """Yield the objects of a namespace, or of all namespaces for `None`, that match the selectors.

        Args:
            kind: A resource of lightkube.
            namespace: Name of the namespace.
            labels: Label selector, as lightkube takes it.
            fields: Field selector, as lightkube takes it.
            limit: Maximum number of objects.
        """
        number = 0
        with _translated_errors():
            async for raw in self._lightkube.list(
                kind,
                namespace=namespace or "*",
                labels=None if labels is None else dict(labels),
                fields=None if fields is None else dict(fields),
                chunk_size=limit or _PAGE_SIZE,
            ):
                yield raw
                number += 1
                if number == limit:
                    break

    async def create(self, kind: Any, manifest: Mapping[str, Any]) -> None:
        """Create an object."""
        with _translated_errors():
            await self._lightkube.create(kind.from_dict(manifest))

    async def replace(self, kind: Any, manifest: Mapping[str, Any]) -> None:
        """Replace an object, or its status, provided that its `resourceVersion` is still the same."""
        meta = manifest["metadata"]
        with _translated_errors():
            await self._lightkube.replace(kind.from_dict(manifest), meta["name"], namespace=meta["namespace"])

    async def patch(self, kind: Any, name: str, namespace: str, patch: Manifest) -> None:
        """Apply a merge patch to an object."""
        with _translated_errors():
            await self._lightkube.patch(kind, name, patch, namespace=namespace, patch_type=PatchType.MERGE)

    async def delete(self, kind: Any, name: str, namespace: str, *, uid: str | None = None) -> None:
        """Delete an object and, in the background, what it owns.

        Args:
            kind: A resource of lightkube.
            name: Name of the object.
            namespace: Its namespace.
            uid: Only delete the object if it has this uid; raises `ConflictError` if it has another.
        """
        with _translated_errors():
            if uid is None:
                await self._lightkube.delete(kind, name, namespace=namespace, cascade=CascadeType.BACKGROUND)
            else:
                await self._lightkube.delete_exactly(kind, name, namespace=namespace, uid=uid)


class _Lightkube(AsyncClient):
    """lightkube's client, with counted answers and deletion under a precondition."""

    def __init__(self) -> None:
        super().__init__(timeout=httpx2.Timeout(_REQUEST_TIMEOUT_SECONDS), field_manager="pdfjob-operator")
        self._client._client.event_hooks = {"response": [_count]}  # noqa: SLF001 (lightkube offers no hook)

    async def delete_exactly(self, kind: Any, name: str, *, namespace: str, uid: str) -> None:
        request = self._client.prepare_request(
            "delete", kind, None, name, namespace, params={"propagationPolicy": CascadeType.BACKGROUND.value}
        )
        request.data = {"preconditions": {"uid": uid}}
        response = await self._client.send(self._client.build_adapter_request(request))  # type: ignore[no-untyped-call]
        self._client.handle_response("delete", response, request)


async def _count(response: httpx2.Response) -> None:
    resource = resource_of(response.request.url.path)
    registry.API_REQUESTS.labels(response.request.method, resource, response.status_code).inc()


def resource_of(path: str) -> str:
    """Return the resource in a path of the API, without names: `jobs`, `pdfjobs/status`."""
    parts = path.strip("/").split("/")
    begin = next((at for at, part in enumerate(parts) if part in ("api", "apis")), None)
    if begin is None:
        return "other"
    parts = parts[begin:]  # the server may be behind a prefix
    parts = parts[3 if parts[0] == "apis" else 2 :]
    match parts:
        case ["namespaces", _, resource, *rest]:
            return "/".join([resource, *rest[1:]])
        case [resource, *rest]:
            return "/".join([resource, *rest[1:]])
    return "other"


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Raise errors of the HTTP library as `ApiError`."""
    try:
        yield
    except httpx2.HTTPStatusError as error:
        status = error.response.status_code
        raise _ERRORS.get(status, ApiError)(
            str(error),
            status=status,
            is_transient=status in _TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR,
            retry_after=_retry_after(error.response),
        ) from error
    except (httpx2.HTTPError, OSError) as error:
        message = str(error) or type(error).__name__
        raise ApiError(message, is_transient=isinstance(error, (httpx2.TransportError, TimeoutError))) from error


def _retry_after(response: httpx2.Response) -> float:
    """Return the seconds in the header `Retry-After`; 0 if it is missing or a date (RFC 9110, section 10.2.3)."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdecimal() else 0.0
