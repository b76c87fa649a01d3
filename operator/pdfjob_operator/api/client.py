"""Reads and writes any kind of object: plain dicts in and out, every failure an `ApiError`, every answer counted.

The only module that knows the HTTP library. Knows nothing of what the objects mean, and trusts none of them: names are
checked before they become part of a path, and a list is read in parts of bounded size.
"""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx2
from lightkube import AsyncClient
from lightkube.core.selector import build_selector
from lightkube.types import CascadeType, PatchType

from chunk_runner.contract.limits import shorten
from pdfjob_operator.api.errors import ApiError, ConflictError, NotFoundError
from pdfjob_operator.api.paths import check_names, resource_of
from pdfjob_operator.metrics import registry


if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from typing import Self

    from pdfjob_operator.objects.kubernetes import Manifest


_REQUEST_TIMEOUT_SECONDS = 30

PAGE_SIZE = 500
"""Maximum number of objects in one answer to a list request."""

PAGE_BYTES = 4 * 2**20
"""Maximum size of an answer to a list request. Of a longer one, no more is read, and fewer objects are requested:
anybody's objects are in the list, and an object may have more than a mebibyte."""

_MESSAGE_LIMIT = 2000
"""Maximum length of an error message, in characters: webhooks and validation rules word it."""

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
        check_names(name, namespace)
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
        if namespace is not None:
            check_names(namespace)
        params = {
            "labelSelector": build_selector(dict(labels)) if labels else None,
            "fieldSelector": build_selector(dict(fields), for_fields=True) if fields else None,
        }
        number = 0
        with _translated_errors():
            size = min(limit or PAGE_SIZE, PAGE_SIZE)
            async for raw in self._lightkube.list_in_parts(kind, namespace or "*", params, most=size):
                yield raw
                number += 1
                if number == limit:
                    break

    async def create(self, kind: Any, manifest: Mapping[str, Any]) -> None:
        """Create an object."""
        check_names(manifest["metadata"]["namespace"])
        with _translated_errors():
            await self._lightkube.create(kind.from_dict(manifest))

    async def replace(self, kind: Any, manifest: Mapping[str, Any]) -> Manifest:
        """Replace an object, or its status, if its `resourceVersion` is still the same; return the new object."""
        meta = manifest["metadata"]
        check_names(meta["name"], meta["namespace"])
        with _translated_errors():
            replaced: Manifest = await self._lightkube.replace(
                kind.from_dict(manifest), meta["name"], namespace=meta["namespace"]
            )
        return replaced

    async def patch(self, kind: Any, name: str, namespace: str, patch: Manifest) -> None:
        """Apply a merge patch to an object."""
        check_names(name, namespace)
        with _translated_errors():
            await self._lightkube.patch(kind, name, patch, namespace=namespace, patch_type=PatchType.MERGE)

    async def delete(
        self, kind: Any, name: str, namespace: str, *, uid: str, resource_version: str | None = None
    ) -> None:
        """Delete an object as it was read and, in the background, what it owns.

        Args:
            kind: A resource of lightkube.
            name: Name of the object.
            namespace: Its namespace.
            uid: Its uid; raises `ConflictError` if the object of this name has another.
            resource_version: Its resourceVersion; raises `ConflictError` if it has changed since. `None` to delete it
                all the same.
        """
        check_names(name, namespace)
        preconditions = {"uid": uid} if resource_version is None else {"uid": uid, "resourceVersion": resource_version}
        with _translated_errors():
            await self._lightkube.delete_exactly(kind, name, namespace=namespace, preconditions=preconditions)


class _Lightkube(AsyncClient):
    """lightkube's client, with counted answers, lists of bounded size, and deletion under a precondition."""

    def __init__(self) -> None:
        super().__init__(timeout=httpx2.Timeout(_REQUEST_TIMEOUT_SECONDS), field_manager="pdfjob-operator")
        self._client._client.event_hooks = {"response": [_count]}  # noqa: SLF001 (lightkube offers no hook)

    async def delete_exactly(self, kind: Any, name: str, *, namespace: str, preconditions: Mapping[str, str]) -> None:
        request = self._client.prepare_request(
            "delete", kind, None, name, namespace, params={"propagationPolicy": CascadeType.BACKGROUND.value}
        )
        request.data = {"preconditions": dict(preconditions)}
        response = await self._client.send(self._client.build_adapter_request(request))  # type: ignore[no-untyped-call]
        self._client.handle_response("delete", response, request)

    async def list_in_parts(
        self, kind: Any, namespace: str, params: dict[str, Any], *, most: int
    ) -> AsyncIterator[Manifest]:
        """Yield objects; of those that are not yielded yet, hold no more than one answer.

        Args:
            kind: The resource.
            namespace: Name of the namespace, or `*`.
            params: Selectors.
            most: Maximum number of objects in one answer.
        """
        request = self._client.prepare_request("list", kind, namespace=namespace, params=params)
        size, more = most, True
        while more:
            request.params["limit"] = str(size)
            response = await self._receive(request, most_bytes=PAGE_BYTES if size > 1 else None)
            if response is None:
                size = max(size // 4, 1)
                continue
            more, _, objects = self._client.handle_response("list", response, request)  # also sets `continue`
            if 2 * len(response.content) <= PAGE_BYTES:
                size = min(2 * size, most)
            del response
            objects.reverse()
            while objects:
                yield objects.pop()

    async def _receive(self, request: Any, *, most_bytes: int | None) -> httpx2.Response | None:
        """Send a request, and read the answer; return `None` if it is longer than `most_bytes`."""
        adapted = self._client.build_adapter_request(request)
        answer: httpx2.Response = await self._client.send(adapted, stream=True)  # type: ignore[no-untyped-call]
        try:
            if answer.is_error:
                await answer.aread()
                return answer
            body = bytearray()
            async for part in answer.aiter_bytes():
                body += part
                if most_bytes is not None and len(body) > most_bytes:
                    return None
            return httpx2.Response(answer.status_code, content=bytes(body), request=answer.request)
        finally:
            await answer.aclose()


async def _count(response: httpx2.Response) -> None:
    resource = resource_of(response.request.url.path)
    registry.API_REQUESTS.labels(response.request.method, resource, response.status_code).inc()


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Raise errors of the HTTP library as `ApiError`."""
    try:
        yield
    except httpx2.HTTPStatusError as error:
        status = error.response.status_code
        raise _ERRORS.get(status, ApiError)(
            shorten(str(error), _MESSAGE_LIMIT),
            status=status,
            is_transient=status in _TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR,
            retry_after=_retry_after(error.response),
        ) from error
    except (httpx2.HTTPError, OSError) as error:
        message = shorten(str(error), _MESSAGE_LIMIT) or type(error).__name__
        raise ApiError(message, is_transient=isinstance(error, (httpx2.TransportError, TimeoutError))) from error


def _retry_after(response: httpx2.Response) -> float:
    """Return the seconds in the header `Retry-After`; 0 if it is missing or a date (RFC 9110, section 10.2.3)."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdecimal() else 0.0
