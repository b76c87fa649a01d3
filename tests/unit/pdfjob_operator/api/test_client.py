"""Requests to an API server: how they are counted, and how their failures are reported."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from pdfjob_operator.api.client import Client, resource_of
from pdfjob_operator.api.cluster import JOBS, PDFJOBS
from pdfjob_operator.api.errors import ApiError, ConflictError, NotFoundError


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("/api/v1/namespaces/books", "namespaces"),
        ("/api/v1/namespaces/books/pods", "pods"),
        ("/apis/batch/v1/namespaces/books/jobs/germinal", "jobs"),
        ("/apis/pdfjob.dev/v1alpha1/namespaces/books/pdfjobs/germinal/status", "pdfjobs/status"),
        ("/k8s/clusters/c-1/api/v1/namespaces/books/pods/a-name", "pods"),
        ("/version", "other"),
        ("/api/v1", "other"),
    ],
)
def test_a_path_is_counted_without_a_name_in_it(path: str, resource: str) -> None:
    assert resource_of(path) == resource


@asynccontextmanager
async def connected(handler: Handler, folder: Path, patch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """A client of a server that answers every request with this handler."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "clusters": [{"name": "test", "cluster": {"server": f"http://{host}:{port}"}}],
        "users": [{"name": "test", "user": {"token": "none"}}],
    }
    file = folder / "kubeconfig.yaml"
    file.write_text(yaml.safe_dump(config))
    patch.setenv("KUBECONFIG", str(file))
    try:
        async with Client() as client:
            yield client
    finally:
        await runner.cleanup()


def answer(status: int, message: str, **headers: str) -> Handler:
    """A handler that answers with a `Status` object."""

    async def handler(_: web.Request) -> web.Response:
        body = f'{{"apiVersion": "v1", "kind": "Status", "message": "{message}", "code": {status}}}'
        content_type = {"Content-Type": "application/json"}  # without a charset, which the API server does not send
        return web.Response(body=body, status=status, headers=content_type | headers)

    return handler


@pytest.mark.parametrize(
    ("status", "error", "transient"),
    [
        (401, ApiError, True),
        (403, ApiError, True),
        (404, NotFoundError, False),
        (409, ConflictError, False),
        (422, ApiError, False),
        (429, ApiError, True),
        (503, ApiError, True),
    ],
)
async def test_an_answer_other_than_success_is_an_api_error(
    *, status: int, error: type[ApiError], transient: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(answer(status, "no, sorry"), tmp_path, monkeypatch) as client:
        with pytest.raises(ApiError, match="no, sorry") as raised:
            await client.get(PDFJOBS, "germinal", "books")

    assert type(raised.value) is error
    assert (raised.value.status, raised.value.is_transient, raised.value.retry_after) == (status, transient, 0)


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0), ("-1", 0.0), ("²", 0.0)]
)
async def test_the_server_says_how_long_to_wait(
    header: str, seconds: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = answer(429, "slow down", **{"Retry-After": header})
    async with connected(handler, tmp_path, monkeypatch) as client:
        with pytest.raises(ApiError) as raised:
            await client.delete(JOBS, "germinal", "books")

    assert raised.value.retry_after == seconds


async def test_a_lost_connection_is_transient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with connected(hang_up, tmp_path, monkeypatch) as client:
        with pytest.raises(ApiError) as raised:
            [raw async for raw in client.list(PDFJOBS, None)]

    assert (raised.value.status, raised.value.is_transient) == (None, True)
    assert str(raised.value)
