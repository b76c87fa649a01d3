"""A middleware of Kopf's HTTP session by which each of its lists is empty, so that it watches at once.

Kopf lists all objects before it watches them. It would hold whole answers in memory, however large, and hear of nothing
new until the last of a hundred thousand objects is listed. Nobody needs its lists: the resync lists all PdfJobs itself,
in parts of bounded size. What Kopf needs of a list is the version from which to watch. The API server's cache has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Callable

    import aiohttp


_NOTHING = {"fieldSelector": "metadata.name=-", "resourceVersion": "0"}
"""Selects no object, since none can have this name, and accepts the version that the API server's cache has."""


class EmptyLists:
    """The middleware.

    Args:
        began: Called with the plural name of a resource when a list has returned, so that a watch begins: what happened
            before may never be told.
    """

    def __init__(self, began: Callable[[str], None]) -> None:
        self._began = began

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request; one for a list asks for nothing."""
        if request.method != "GET" or "limit" not in request.url.query:
            return await handler(request)
        request.url = request.url.update_query(_NOTHING)
        response = await handler(request)
        if response.ok:
            self._began(request.url.name)
        return response
