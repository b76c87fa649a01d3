"""The API server, as those who play the rest of the cluster use it: HTTP, JSON, and watches that never end.

Knows nothing of what the objects mean.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import aiohttp

from tools.testcluster.layout import Cluster


Manifest = dict[str, Any]

_WATCH_SECONDS = 300
_PAUSE_SECONDS = 0.5
_CLOSE_SECONDS = 0.25


class Api:
    """The API server of a cluster, with the administrator's rights; used in one event loop.

    Args:
        cluster: Which.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._server = cluster.server
        self._tls = ssl.create_default_context(cafile=cluster.pki / "ca.crt")
        self._tls.load_cert_chain(cluster.pki / "admin.crt", cluster.pki / "admin.key")
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=30)
        connector = aiohttp.TCPConnector(ssl=self._tls, limit=24)
        self._session = aiohttp.ClientSession(self._server, connector=connector, timeout=timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connector = self._session.connector
        assert connector is not None
        await connector.close(abort_ssl=True)
        await self._session.close()
        await asyncio.sleep(_CLOSE_SECONDS)  # aiohttp says that it is done before its sockets are closed

    async def get(self, path: str, **params: str) -> Manifest | None:
        """Return an object, or `None` if there is none."""
        async with self._session.get(path, params=params) as answer:
            if answer.status == HTTPStatus.NOT_FOUND:
                return None
            await _require(answer)
            found: Manifest = await answer.json()
            return found

    async def create(self, path: str, manifest: Manifest) -> None:
        """Create an object in a collection."""
        async with self._session.post(path, json=manifest) as answer:
            assert answer.ok, await answer.text()

    async def patch_status(self, path: str, status: Manifest) -> bool:
        """Merge something into an object's status; returns whether the object was there."""
        headers = {"Content-Type": "application/merge-patch+json"}
        body = json.dumps({"status": status})
        async with self._session.patch(f"{path}/status", data=body, headers=headers) as answer:
            if answer.status == HTTPStatus.NOT_FOUND:
                return False
            assert answer.ok, await answer.text()
            return True

    async def watch(self, path: str, selector: str = "") -> AsyncIterator[tuple[str, Manifest]]:
        """Every object that is there, then every change, for ever. An object may come twice."""
        chosen = {"labelSelector": selector} if selector else {}
        version = ""
        while True:
            try:
                if not version:
                    async with self._session.get(path, params=chosen) as answer:
                        await _require(answer)
                        found = await answer.json()
                    for item in found["items"]:
                        yield "ADDED", item
                    version = found["metadata"]["resourceVersion"]
                query = {"watch": "1", "allowWatchBookmarks": "1", "timeoutSeconds": str(_WATCH_SECONDS)}
                async for change in self._changes(path, {**chosen, **query, "resourceVersion": version}):
                    if change["type"] == "ERROR":  # the version is too old by now
                        version = ""
                        break
                    version = change["object"]["metadata"]["resourceVersion"]
                    if change["type"] != "BOOKMARK":
                        yield change["type"], change["object"]
            except aiohttp.ClientError:
                await asyncio.sleep(_PAUSE_SECONDS)  # the API server is away, or not ready for this kind yet

    async def _changes(self, path: str, query: dict[str, str]) -> AsyncIterator[Manifest]:
        async with self._session.get(path, params=query) as answer:
            await _require(answer)
            rest = b""
            async for data in answer.content.iter_any():
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    yield json.loads(line)


async def _require(answer: aiohttp.ClientResponse) -> None:
    """Raise a `ClientError` for what passes, and something else for what does not."""
    if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS) or answer.status >= 500:
        answer.raise_for_status()
    assert answer.ok, await answer.text()
