"""What Kopf's requests become: a list asks for nothing, everything else is left alone."""

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from pdfjob_operator.triggers.empty_lists import EmptyLists


async def ask(method: str, url: str, status: int = 200) -> tuple[dict[str, str], list[str]]:
    """Send a request through the middleware; return the query that the server saw, and which watches have begun."""
    queries: list[dict[str, str]] = []
    began: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        queries.append(dict(request.query))
        return web.json_response({}, status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession(middlewares=(EmptyLists(began.append),)) as session,
        session.request(method, server.make_url(url)) as response,
    ):
        await response.read()
    (query,) = queries
    return query, began


@pytest.mark.parametrize("path", ["/apis/batch/v1/jobs", "/apis/batch/v1/namespaces/books/jobs"])
async def test_a_list_selects_nothing_and_a_watch_begins(path: str) -> None:
    query, began = await ask("GET", f"{path}?limit=1&labelSelector=pdfjob.dev/uid")

    assert query == {
        "limit": "1",
        "labelSelector": "pdfjob.dev/uid",
        "fieldSelector": "metadata.name=-",
        "resourceVersion": "0",
    }
    assert began == ["jobs"]


@pytest.mark.parametrize("status", [403, 410, 503])
async def test_after_a_list_that_fails_no_watch_begins(status: int) -> None:
    assert (await ask("GET", "/api/v1/pods?limit=1", status))[1] == []


@pytest.mark.parametrize(
    ("method", "url", "query"),
    [
        ("GET", "/api/v1/pods?watch=true&resourceVersion=7", {"watch": "true", "resourceVersion": "7"}),
        ("GET", "/apis/pdfjob.dev/v1alpha1", {}),
        ("PATCH", "/api/v1/namespaces/books/pods/a?limit=1", {"limit": "1"}),
    ],
)
async def test_any_other_request_is_left_alone(method: str, url: str, query: dict[str, str]) -> None:
    assert await ask(method, url) == (query, [])
