"""What the operator costs: its memory by the number of PdfJobs, and what it writes for one, by the number of chunks.

A real control plane, pods played by plan (`tests/control_plane`), and between operator and API server a proxy that
counts.
"""

import asyncio
import json
import os
import ssl
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from cluster.kubectl import pdfjob
from control_plane.arena import Arena
from control_plane.chronicle import ENDED
from control_plane.plan import Plan
from control_plane.stand import arena_in, control_plane_in
from control_plane.world import World, world
from testcluster.layout import Cluster


COUNTS = [int(it) for it in os.environ.get("PDFJOB_BENCHMARK_COUNTS", "10,100,1000").split(",")]
CHUNKS = (4, 400)
KEPT = ("Accept", "Content-Type")


class CountingProxy:
    """Passes everything on to the API server, as its administrator, and counts what is written."""

    def __init__(self, cluster: Cluster) -> None:
        self.writes: Counter[str] = Counter()
        self._server = cluster.server
        self._tls = ssl.create_default_context(cafile=cluster.pki / "ca.crt")
        self._tls.load_cert_chain(cluster.pki / "admin.crt", cluster.pki / "admin.key")

    async def serve(self, port: Future[int], end: asyncio.Event) -> None:
        """Serve until told to end."""
        connector = aiohttp.TCPConnector(ssl=self._tls, limit=0)
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(self._server, connector=connector, timeout=timeout) as session:

            async def pass_on(request: web.Request) -> web.StreamResponse:
                if request.method != "GET":
                    self.writes[_what(request)] += 1
                headers = {key: request.headers[key] for key in KEPT if key in request.headers}
                body = await request.read()
                async with session.request(request.method, request.path_qs, data=body, headers=headers) as answer:
                    answering = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
                    await answering.prepare(request)
                    async for data in answer.content.iter_any():
                        await answering.write(data)
                    return answering

            app = web.Application(client_max_size=2**24)
            app.router.add_route("*", "/{path:.*}", pass_on)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            port.set_result(runner.addresses[0][1])
            await end.wait()
            await runner.cleanup()


def _what(request: web.Request) -> str:
    """A write in words: `post jobs`, `put pdfjobs/status`."""
    parts = request.path.strip("/").split("/")
    parts = parts[parts.index("namespaces") + 2 :] if "namespaces" in parts else parts[-2:]
    return f"{request.method.lower()} {'/'.join([parts[0], *parts[2:]])}"


@contextmanager
def counting(cluster: Cluster, folder: Path) -> Iterator[tuple[CountingProxy, Path]]:
    """A proxy, and the kubeconfig that leads to it."""
    proxy, port, stop = CountingProxy(cluster), Future[int](), Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]()

    async def run() -> None:
        end = asyncio.Event()
        stop.set_result((asyncio.get_running_loop(), end))
        await proxy.serve(port, end)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        server = {"server": f"http://127.0.0.1:{port.result(60)}"}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "proxy",
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
            "clusters": [{"name": "proxy", "cluster": server}],
            "users": [{"name": "proxy", "user": {"token": "none"}}],
        }
        kubeconfig = folder / "proxy.json"
        kubeconfig.write_text(json.dumps(config))
        yield proxy, kubeconfig
    finally:
        loop, end = stop.result(60)
        loop.call_soon_threadsafe(end.set)
        thread.join()


def measure_writes(cluster: Cluster, here: World, folder: Path) -> None:
    """Writes per PdfJob, the second of its namespace: the first one also leaves a note for the sweep."""
    sys.stdout.write("| chunks | writes | of these progress or status | what |\n| --- | --- | --- | --- |\n")
    for chunks in CHUNKS:
        with (
            counting(cluster, folder) as (proxy, kubeconfig),
            arena_in(cluster, here, folder, operators_kubeconfig=kubeconfig) as arena,
        ):
            operator = arena.operator()
            arena.create("first", Plan(chunks=2))
            arena.end_of("first")
            operator.wait_metric_at_most("pdfjob_queue_depth", 0)
            proxy.writes.clear()
            arena.create("measured", Plan(chunks=chunks), workers=20)
            arena.end_of("measured")
            operator.end()  # whatever it had yet to write, it has written or never will
            what = ", ".join(f"{number} × {name}" for name, number in sorted(proxy.writes.items()))
            status = proxy.writes["put pdfjobs/status"]
            sys.stdout.write(f"| {chunks} | {proxy.writes.total()} | {status} | {what} |\n")
            sys.stdout.flush()


def measure_memory(cluster: Cluster, here: World, folder: Path) -> None:
    """Resident memory with so many PdfJobs that have ended, after they did and after a fresh start; and at work."""
    sys.stdout.write("\n| PdfJobs | at work | ended | ended, started anew |\n| --- | --- | --- | --- |\n")
    for number in COUNTS:
        with arena_in(cluster, here, folder) as arena:
            operator = arena.operator()
            names = [f"job-{index}" for index in range(number)]
            for name in names:
                arena.plan(name, Plan(chunks=2, holds=frozenset({"chunks"})))
            arena.make_all([pdfjob(name, "a.pdf", chunking={"pagesPerChunk": 1}) for name in names])
            _until_all(arena, number, "Processing")
            operator.wait_metric_at_most("pdfjob_queue_depth", 0)
            at_work = operator.resident_bytes()
            for name in names:
                arena.release(name, "chunks")
            _until_all(arena, number, *ENDED)
            operator.wait_metric_at_most("pdfjob_queue_depth", 0)
            ended = operator.resident_bytes()
            operator.end()
            fresh = arena.operator()
            fresh.wait_metric("pdfjob_reconciles_total", number)  # every Job makes for a pass
            fresh.wait_metric_at_most("pdfjob_queue_depth", 0)
            figures = " | ".join(f"{it / 2**20:.0f} MiB" for it in (at_work, ended, fresh.resident_bytes()))
            sys.stdout.write(f"| {number} | {figures} |\n")
            sys.stdout.flush()


def _until_all(arena: Arena, number: int, *phases: str) -> None:
    def there() -> int:
        return len({it.name for it in arena.chronicle.of(arena.namespace, "PdfJob") if it.phase in phases})

    arena.chronicle.until(lambda: there() >= number, f"{number} PdfJobs are in {phases}", seconds=1800)


def main() -> None:
    """Print the tables."""
    with (
        tempfile.TemporaryDirectory() as folder,
        control_plane_in(Path(folder) / "cluster") as cluster,
        world(cluster) as here,
    ):
        measure_writes(cluster, here, Path(folder))
        measure_memory(cluster, here, Path(folder))


if __name__ == "__main__":
    main()
