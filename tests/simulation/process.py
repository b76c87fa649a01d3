"""The operator as a process in the simulation: started, killed, and started again as a Deployment would.

It runs the real `operate` in the test's own loop, so everything it starts is told from the simulation's own tasks by
the context that it inherits.
"""

import asyncio
import contextvars
import os
import signal
import ssl
import weakref
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Any

import pytest
import yaml
from kopf._cogs.aiokits import aiotasks

from pdfjob_operator.configuration.settings import Settings
from simulation.apiserver import ApiServer, Door


RESTART_SECONDS = 5
"""Between a crash and the next start."""

Program = Callable[[Settings], Awaitable[None]]

_running_in: contextvars.ContextVar[str] = contextvars.ContextVar("_running_in", default="")


class Operator:
    """The operator.

    Attributes:
        starts: How often it was started.
        exits: What it ended with, each time that nobody killed it.
        program: What to run; may be replaced between two starts.
        settings: Its configuration.

    Args:
        server: The API server.
        folder: For kubeconfig files.
        program: What to run.
        settings: Its configuration, but for the health port.
    """

    def __init__(self, server: ApiServer, folder: Path, program: Program, settings: Settings) -> None:
        self.starts = 0
        self.exits: list[BaseException | None] = []
        self.program = program
        self.settings = settings
        self._server = server
        self._folder = folder
        self._wanted = False
        self._door: Door | None = None
        self._task: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._tasks: weakref.WeakKeyDictionary[asyncio.Task[Any], tuple[str, asyncio.Task[Any] | None]]
        self._tasks = weakref.WeakKeyDictionary()

    def start(self) -> None:
        """Run it from now on, again whenever it ends."""
        self._wanted = True
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep())

    def crash(self) -> None:
        """Kill it, at once; it is started again after `RESTART_SECONDS`."""
        if self._door is not None:
            self._door.close()
        if self._task is not None:
            self._task.cancel()

    async def kill(self) -> None:
        """Kill it, and do not start it again."""
        self._wanted = False
        self.crash()
        if self._keeper is not None:
            await self._keeper

    async def _keep(self) -> None:
        """Start it, bury it, start it again."""
        while self._wanted:
            self.starts += 1
            client = f"operator-{self.starts}"
            self._door = Door(self._server, client)
            os.environ["KUBECONFIG"] = str(_kubeconfig(self._folder, client, await self._door.open()))
            context = contextvars.copy_context()
            context.run(_running_in.set, client)
            self._task = asyncio.create_task(self._run(), name=client, context=context)
            await asyncio.wait([self._task])
            killed = self._door.closed
            self._door.close()
            await self._bury(client)
            if not killed:
                self.exits.append(self._task.exception())
            if self._wanted:
                await asyncio.sleep(RESTART_SECONDS)

    async def _run(self) -> None:
        await self.program(Settings(**{**vars(self.settings), "health_port": 0}))

    async def _bury(self, client: str) -> None:
        """Wait for what the dead one left; cancel what it started itself and forgot.

        Only that: whatever these have started they end themselves, and close connections in doing so.
        """
        for task in self._alive(client):
            if self._tasks[task][1] is self._task and not task.cancelling():
                task.cancel()
        if left := self._alive(client):
            _, pending = await asyncio.wait(left, timeout=60)
            assert not pending, pending
        for task, (owner, _) in list(self._tasks.items()):
            if owner == client and not task.cancelled():
                task.exception()  # else asyncio complains, much later, that nobody asked

    def _alive(self, client: str) -> list[asyncio.Task[Any]]:
        return [task for task, (owner, _) in list(self._tasks.items()) if owner == client and not task.done()]

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Tell the operator's tasks from others, and keep Kopf, which takes the whole loop for its own, off those."""
        loop = asyncio.get_running_loop()

        def create(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
            task = asyncio.Task(coro, loop=loop, **options)
            context = options.get("context") or contextvars.copy_context()
            self._tasks[task] = (context.get(_running_in, ""), asyncio.current_task(loop))
            return task

        async def all_tasks(*, ignored: Collection[Any] = frozenset()) -> Collection[Any]:
            alive = self._alive(_running_in.get())
            return {task for task in alive if task is not asyncio.current_task() and task not in ignored}

        loop.set_task_factory(create)
        patch.setattr(aiotasks, "all_tasks", all_tasks)
        # Ten minutes after it was told to end, Kopf kills the process: in virtual time, that is now.
        patch.setattr(signal, "pthread_kill", lambda *_: None)
        # Nothing here speaks TLS, and reading the machine's certificates takes longer than all the rest of a start.
        for name in ("set_default_verify_paths", "load_verify_locations"):
            patch.setattr(ssl.SSLContext, name, lambda *_, **__: None)
        patch.setenv("KUBECONFIG", "")  # restored at the end, whatever is set in between


def _kubeconfig(folder: Path, name: str, url: str) -> Path:
    """A kubeconfig file that leads to this URL."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [{"name": name, "cluster": {"server": url}}],
        "users": [{"name": name, "user": {"token": "none"}}],
    }
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump(config))
    return file
