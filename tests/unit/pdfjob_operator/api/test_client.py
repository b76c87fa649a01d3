"""Requests to an API server: how their failures are reported, what they name, and what is read of an answer."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from pdfjob_operator.api.client import PAGE_BYTES, Client
from pdfjob_operator.api.cluster import JOBS, PDFJOBS
from pdfjob_operator.api.errors import ApiError, ConflictError, NotFoundError


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


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
            await client.delete(JOBS, "germinal", "books", uid="1")

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


async def test_the_message_of_an_error_is_one_line_of_bounded_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = answer(403, "denied\\nWARNING forged line " + "x" * 9999)
    async with connected(handler, tmp_path, monkeypatch) as client:
        with pytest.raises(ApiError) as raised:
            await client.get(PDFJOBS, "germinal", "books")

    assert str(raised.value).startswith("denied WARNING forged line")
    assert len(str(raised.value)) <= 2000


NO_NAMES = ["../../../../api/v1/pods", "..", ".", "", "a/b", "a?watch=1", "a%2fb", "Upper", "a\nb", "x" * 254]


@pytest.mark.parametrize("name", NO_NAMES)
async def test_what_cannot_be_a_name_never_becomes_part_of_a_path(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({"items": [], "metadata": {}})

    def manifest(name: str, namespace: str) -> dict[str, object]:
        return {"metadata": {"name": name, "namespace": namespace}}

    async with connected(handler, tmp_path, monkeypatch) as client:
        for call in (
            lambda: client.get(PDFJOBS, name, "books"),
            lambda: client.get(PDFJOBS, "germinal", name),
            lambda: client.create(JOBS, manifest("germinal", name)),
            lambda: client.replace(JOBS, manifest(name, "books")),
            lambda: client.replace(JOBS, manifest("germinal", name)),
            lambda: client.patch(JOBS, name, "books", {}),
            lambda: client.patch(JOBS, "germinal", name, {}),
            lambda: client.delete(JOBS, name, "books", uid="some-uid"),
            lambda: client.delete(JOBS, "germinal", name, uid="some-uid"),
            lambda: anext(client.list(JOBS, name)),
        ):
            with pytest.raises(ApiError, match="is not the name of an object"):
                await call()

    assert asked == []


class LargeObjects:
    """A server of objects of these sizes in bytes, which remembers what it was asked for.

    Attributes:
        limits: The number of objects that each request asked for.
        accepted: The size of each answer after which the client went on.
    """

    def __init__(self, sizes: list[int]) -> None:
        self._sizes = sizes
        self._last = (0, 0)  # where the answer ended, and its size
        self.limits: list[int] = []
        self.accepted: list[int] = []

    async def serve(self, request: web.Request) -> web.StreamResponse:
        begin, limit = int(request.query.get("continue", "0")), int(request.query["limit"])
        if begin and begin == self._last[0]:
            self.accepted.append(self._last[1])
        self.limits.append(limit)
        end = min(begin + limit, len(self._sizes))
        self._last = (end, sum(self._sizes[begin:end]))
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        try:
            await response.write(b'{"items": [')
            for number in range(begin, end):
                meta = {"name": f"job-{number}", "annotations": {"heavy": "x" * self._sizes[number]}}
                await response.write(
                    (", " if number > begin else "").encode() + json.dumps({"metadata": meta}).encode()
                )
            more = {"continue": str(end)} if end < len(self._sizes) else {}
            await response.write(b'], "metadata": ' + json.dumps(more).encode() + b"}")
            await response.write_eof()
        except ConnectionResetError:
            pass  # the client read enough
        return response


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([255 * 1024] * 150, id="large"),
        pytest.param([10] * 900 + [1024 * 1024] * 20 + [10] * 300, id="large among small"),
        pytest.param([10, 2 * PAGE_BYTES, 10], id="one that is larger than an answer may be"),
    ],
)
async def test_a_list_is_read_in_parts_that_fit_in_memory(
    sizes: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = LargeObjects(sizes)

    async with connected(server.serve, tmp_path, monkeypatch) as client:
        names = [raw["metadata"]["name"] async for raw in client.list(PDFJOBS, "books")]

    assert names == [f"job-{number}" for number in range(len(sizes))]
    assert max(server.accepted) <= max(PAGE_BYTES, *sizes)
    assert len(server.limits) < len(sizes) / 2 + 10


async def test_small_objects_are_read_in_few_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = LargeObjects([4000] * 1000)

    async with connected(server.serve, tmp_path, monkeypatch) as client:
        assert len([raw async for raw in client.list(PDFJOBS, "books")]) == 1000

    assert server.limits == [500, 500]


async def test_no_more_is_requested_than_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = LargeObjects([10] * 1000)

    async with connected(server.serve, tmp_path, monkeypatch) as client:
        assert len([raw async for raw in client.list(PDFJOBS, "books", limit=20)]) == 20

    assert server.limits == [20]
