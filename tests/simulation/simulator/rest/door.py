"""The door of a client: a port of its own.

What a client does can be told apart by it, and a killed one reaches nothing any more, whatever it still tries.
"""

import asyncio
import json

from aiohttp import web

from simulation.simulator.rest.apiserver import ApiServer


class Door:
    """A client's way in.

    Args:
        server: What is behind it.
        client: Whose it is.
    """

    def __init__(self, server: ApiServer, client: str) -> None:
        self.client = client
        self.closed = False
        self._behind = server
        # Never closes an idle connection: the wait for the next request may be hours of virtual time.
        self._http = web.Server(self._handle, handler_cancellation=True, keepalive_timeout=1e9, access_log=None)
        self._listening: asyncio.Server | None = None

    async def open(self) -> str:
        """Listen; returns the URL."""
        self._listening = await asyncio.get_running_loop().create_server(self._http, "127.0.0.1", 0)
        return "http://{}:{}".format(*self._listening.sockets[0].getsockname())

    def close(self) -> None:
        """Let nothing through any more, from this moment on."""
        self.closed = True
        if self._listening is not None:
            self._listening.close()
        for connection in self._http.connections:
            if connection.transport is not None:
                connection.transport.abort()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = json.loads(await request.read() or b"{}")
        if self.closed:
            return _reset(request)
        response = await self._behind.handle(request, self.client, body)
        return _reset(request) if self.closed or response is None else response


def _reset(request: web.BaseRequest) -> web.Response:
    """End the connection; the response goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
