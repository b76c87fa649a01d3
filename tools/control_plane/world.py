"""The rest of the world, in a thread of its own: the fake kubelet, and the log of events."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress

from tools.control_plane.api import Api
from tools.control_plane.event_log import EventLog, Seen
from tools.control_plane.fake_kubelet import FakeKubelet
from tools.control_plane.fake_pods import LABEL_STAGE, HeldPlan
from tools.testcluster.layout import Cluster


class World:
    """What a test has of the world.

    Attributes:
        event_log: What happened to PdfJobs and Jobs.

    Args:
        loop: The world's own.
        api: The API server, for use in that loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, api: Api) -> None:
        self.event_log = EventLog()
        self._loop = loop
        self._api = api
        self._kubelet = FakeKubelet(api)

    def plan(self, namespace: str, name: str, plan: HeldPlan) -> None:
        """What happens to this PdfJob; to be said before it is created."""
        self._loop.call_soon_threadsafe(self._kubelet.plan, namespace, name, plan)

    def release(self, namespace: str, name: str, what: str) -> None:
        """Let go what was held."""
        self._loop.call_soon_threadsafe(self._kubelet.release, namespace, name, what)

    async def turn(self) -> None:
        """Play, and write, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._kubelet.run())
            group.create_task(self._write("PdfJob", "/apis/pdfjob.dev/v1alpha1/pdfjobs"))
            group.create_task(self._write("Job", "/apis/batch/v1/jobs", LABEL_STAGE))

    async def _write(self, kind: str, path: str, selector: str = "") -> None:
        async for change, raw in self._api.watch(path, selector):
            self.event_log.note(Seen.of(change, kind, raw))


@contextmanager
def world(cluster: Cluster) -> Iterator[World]:
    """Let the world turn while the block runs; what went wrong in it is raised at the block's end."""
    made: Future[tuple[World, asyncio.Task[None]]] = Future()
    result: Future[None] = Future()

    async def turn() -> None:
        async with Api(cluster) as api:
            here = World(asyncio.get_running_loop(), api)
            task = asyncio.create_task(here.turn())
            made.set_result((here, task))
            with suppress(asyncio.CancelledError):
                await task

    def run() -> None:
        try:
            asyncio.run(turn())
        except BaseException as error:  # noqa: BLE001 (raised in the other thread)
            result.set_exception(error)
            if not made.done():
                made.set_exception(error)
        else:
            result.set_result(None)

    thread = threading.Thread(target=run, name="world")
    thread.start()
    here, task = made.result(timeout=60)
    try:
        yield here
    finally:
        if not result.done():
            task.get_loop().call_soon_threadsafe(task.cancel)
        thread.join()
        result.result()
