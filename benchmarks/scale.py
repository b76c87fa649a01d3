"""Measures what strangers cost the operator: its memory, and how long a neighbour's PdfJob waits.

    python -m benchmarks.scale [idle large flood limited failed listed]

A real control plane, and pods played by plan (`tools/control_plane`). Each row starts an operator of its own, for all
namespaces. A neighbour's namespace creates a PdfJob every second; the wait is the time until it has its first status.
Part of the wait is the API server's, which serves the stranger, too.
"""

import asyncio
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.control_plane.api import Api, Manifest
from tools.control_plane.environment import control_plane_in, harness_in
from tools.control_plane.fake_pods import HeldPlan
from tools.control_plane.harness import Harness
from tools.control_plane.world import World, world
from tools.kubectl.manifests import pdfjob
from tools.testcluster.layout import Cluster


LISTED = int(os.environ.get("PDFJOB_BENCHMARK_LISTED", "100000"))
FAILED_CHUNKS = int(os.environ.get("PDFJOB_BENCHMARK_FAILED_CHUNKS", "10000"))
LARGE = 500
LARGE_BYTES = 255 * 1024
FLOOD_PER_SECOND = 50
FLOOD_SECONDS = 60
NEIGHBOUR_SECONDS = 60
CONNECTIONS = 16
POLL_SECONDS = 0.1
SETTLED: Manifest = {"phase": "Succeeded", "observedGeneration": 1, "round": 0, "conditions": []}
RESYNC_SECONDS = 20
"""Short, so that a minute has several resyncs in it."""


@dataclass
class Neighbour:
    """A namespace that creates a PdfJob every second, and how long each waited for its first status.

    It is asked for and not watched: the API server tells a watch late if it has much to tell.

    Attributes:
        waits: Seconds, by the name of the PdfJob.
    """

    api: Api
    harness: Harness
    waits: dict[str, float] = field(default_factory=dict)

    async def run(self, stranger: asyncio.Task[None] | None) -> None:
        """Create PdfJobs for a minute, and as long as the stranger is at work; wait until each has a status."""
        path = _path(self.harness)
        end = time.monotonic() + NEIGHBOUR_SECONDS
        async with asyncio.TaskGroup() as group:
            for number in itertools.count():
                if time.monotonic() >= end and (stranger is None or stranger.done()):
                    break
                name = f"neighbour-{number}"
                self.harness.plan(name, HeldPlan(pages=2))
                await self.api.create(path, _one_page_chunks(name))
                group.create_task(self._wait(path, name, time.monotonic()))
                await asyncio.sleep(1)

    async def _wait(self, path: str, name: str, created: float) -> None:
        while True:
            found = await self.api.get(f"{path}/{name}")
            if found is not None and found.get("status"):
                break
            await asyncio.sleep(POLL_SECONDS)
        self.waits[name] = time.monotonic() - created


def _path(harness: Harness) -> str:
    return f"/apis/pdfjob.dev/v1alpha1/namespaces/{harness.namespace}/pdfjobs"


def _one_page_chunks(name: str, annotations: dict[str, str] | None = None) -> Manifest:
    manifest = pdfjob(name, "a.pdf", chunking={"pagesPerChunk": 1})
    manifest["metadata"]["annotations"] = annotations or {}
    return manifest


@dataclass(frozen=True)
class Row:
    """A measurement: the operator's peak memory in bytes and the neighbour's waits in seconds."""

    what: str
    peak: int
    waits: tuple[float, ...]


async def create_all(api: Api, harness: Harness, manifests: Iterable[Manifest]) -> None:
    """Create many PdfJobs that have finished, and wait until the API server's cache has the last one."""
    path, todo = _path(harness), iter(manifests)

    async def work() -> None:
        for manifest in todo:
            await api.create(path, manifest)
            await api.patch_status(f"{path}/{manifest['metadata']['name']}", SETTLED)

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(work())
    await api.create(path, _one_page_chunks("last"))
    while True:
        if await api.get(f"{path}/last", resourceVersion="0") is not None:  # 0: from the cache
            break
        await asyncio.sleep(POLL_SECONDS)


class Scene:
    """Two namespaces of one cluster: a stranger's and a neighbour's.

    Args:
        cluster: The cluster.
        stranger: The namespace that costs much.
        neighbour: The namespace that waits.
    """

    def __init__(self, cluster: Cluster, stranger: Harness, neighbour: Harness) -> None:
        self.cluster = cluster
        self.stranger = stranger
        self.neighbour = neighbour

    async def measure(
        self,
        what: str,
        *,
        before: Callable[[Api], Coroutine[Any, Any, None]] | None = None,
        during: Callable[[Api], Coroutine[Any, Any, None]] | None = None,
        **environment: str,
    ) -> Row:
        """Start an operator after something is done, and let the neighbour create PdfJobs while something is done."""
        async with Api(self.cluster) as api:
            if before is not None:
                await before(api)
            settings = {"PDFJOB_WATCH_NAMESPACES": "", "PDFJOB_RESYNC_PERIOD_SECONDS": str(RESYNC_SECONDS)}
            operator = self.stranger.operator(**settings | environment)
            await asyncio.to_thread(operator.wait_ready)
            neighbour = Neighbour(api, self.neighbour)
            async with asyncio.TaskGroup() as group:
                stranger = None if during is None else group.create_task(during(api))
                group.create_task(neighbour.run(stranger))
            peak = operator.peak_bytes()
            _say(f"{what}: healthy {operator.is_healthy()}, queue {operator.metric('pdfjob_workqueue_depth'):.0f}")
            operator.end()
            return Row(what, peak, tuple(neighbour.waits.values()))


async def flood(api: Api, harness: Harness) -> None:
    """Create PdfJobs at a constant rate."""
    path = _path(harness)
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(FLOOD_PER_SECOND * FLOOD_SECONDS):
            await asyncio.sleep(max(began + number / FLOOD_PER_SECOND - time.monotonic(), 0))
            name = f"flood-{number}"
            harness.plan(name, HeldPlan(pages=2))
            group.create_task(api.create(path, _one_page_chunks(name)))


async def fail_chunks(api: Api, harness: Harness) -> None:
    """Run a PdfJob whose chunks all fail, until it has ended."""
    harness.plan("failing", HeldPlan(pages=FAILED_CHUNKS, chunks=dict.fromkeys(range(FAILED_CHUNKS), (21,))))
    path = _path(harness)
    manifest = _one_page_chunks("failing")
    manifest["spec"] |= {"workers": 100, "retries": 0}
    await api.create(path, manifest)
    await asyncio.to_thread(harness.event_log.until, lambda: _ended(harness), "the end of all chunks", 3600)
    ended = await api.get(f"{path}/failing")
    if ended is None or ended["status"]["chunks"]["failed"] != FAILED_CHUNKS:
        raise SystemExit(f"not all chunks failed: {ended}")


def _ended(harness: Harness) -> bool:
    return any(seen.phase in ("Succeeded", "Failed") for seen in harness.history("failing"))


def _listed(number: int) -> Iterator[Manifest]:
    return (_one_page_chunks(f"listed-{at}") for at in range(number))


def _large() -> Iterator[Manifest]:
    return (_one_page_chunks(f"large-{at}", {"heavy": "x" * LARGE_BYTES}) for at in range(LARGE))


SCENES: dict[str, Callable[[Scene], Coroutine[Any, Any, Row]]] = {
    "idle": lambda it: it.measure("nobody else"),
    "large": lambda it: it.measure(
        f"{LARGE} PdfJobs of {LARGE_BYTES // 1024} KiB",
        before=lambda api: create_all(api, it.stranger, _large()),
    ),
    "flood": lambda it: it.measure(
        f"{FLOOD_PER_SECOND} new PdfJobs a second",
        during=lambda api: flood(api, it.stranger),
    ),
    "limited": lambda it: it.measure(
        f"{FLOOD_PER_SECOND} new PdfJobs a second, at most 20 at once",
        during=lambda api: flood(api, it.stranger),
        PDFJOB_MAX_PDFJOBS_PER_NAMESPACE="20",
    ),
    "failed": lambda it: it.measure(
        f"{FAILED_CHUNKS:,} failed chunks",
        during=lambda api: fail_chunks(api, it.stranger),
    ),
    "listed": lambda it: it.measure(
        f"{LISTED:,} PdfJobs listed",
        before=lambda api: create_all(api, it.stranger, _listed(LISTED)),
    ),
}


def measure_all(cluster: Cluster, here: World, folder: Path) -> Iterator[Row]:
    """Yield a row for each scene that is named on the command line, or for all."""
    for name in sys.argv[1:] or SCENES:
        with harness_in(cluster, here, folder) as stranger, harness_in(cluster, here, folder) as neighbour:
            yield asyncio.run(SCENES[name](Scene(cluster, stranger, neighbour)))


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main() -> None:
    """Print the table to stdout."""
    with (
        tempfile.TemporaryDirectory() as folder,
        control_plane_in(Path(folder) / "cluster") as cluster,
        world(cluster) as here,
    ):
        sys.stdout.write("| what | peak memory | of the idle operator's | median wait | longest wait |\n")
        sys.stdout.write("| --- | --- | --- | --- | --- |\n")
        idle = 0
        for row in measure_all(cluster, here, Path(folder)):
            idle = idle or row.peak
            waits = f"{statistics.median(row.waits):.1f} s | {max(row.waits):.1f} s"
            sys.stdout.write(f"| {row.what} | {row.peak / 2**20:.0f} MiB | {row.peak / idle:.1f} | {waits} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
