"""The operator as a process in the simulation: started, killed, and started again as a Deployment would.

It runs the real `operate` in the test's own loop, so everything it starts is told from the simulation's own tasks by
the context that it inherits.
"""

import asyncio
import contextvars
import signal
import ssl
import weakref
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import kopf
import pytest
from kopf._cogs.aiokits import aiotasks
from lightkube.config.kubeconfig import KubeConfig
from lightkube.config.models import Cluster, User

from pdfjob_operator.configuration.settings import Settings
from pdfjob_operator.runtime import health
from simulation.simulator.rest.apiserver import ApiServer
from simulation.simulator.rest.door import Door


RESTART_SECONDS = 5
"""Between a crash and the next start."""

Program = Callable[[Settings], Awaitable[None]]

_running_in: contextvars.ContextVar[str] = contextvars.ContextVar("_running_in", default="")
_url: contextvars.ContextVar[str] = contextvars.ContextVar("_url")
"""The door of whoever runs in this context."""


class Tasks:
    """The tasks of the loop, by the process that started them."""

    def __init__(self) -> None:
        self._tasks: weakref.WeakKeyDictionary[asyncio.Task[Any], tuple[str, asyncio.Task[Any] | None]]
        self._tasks = weakref.WeakKeyDictionary()

    def create(self, loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
        """Create a task, as the loop's task factory."""
        task = asyncio.Task(coro, loop=loop, **options)
        context = options.get("context") or contextvars.copy_context()
        self._tasks[task] = (context.get(_running_in, ""), asyncio.current_task(loop))
        return task

    def of(self, client: str) -> list[asyncio.Task[Any]]:
        """Return the tasks of a process, those that have ended included."""
        return [task for task, (owner, _) in list(self._tasks.items()) if owner == client]

    def alive(self, client: str) -> list[asyncio.Task[Any]]:
        """Return the tasks of a process that have not ended."""
        return [task for task in self.of(client) if not task.done()]

    def started_by(self, task: asyncio.Task[Any]) -> asyncio.Task[Any] | None:
        """Return the task that started another."""
        return self._tasks[task][1]


class Operator:
    """The operator.

    Attributes:
        name: What its clients are called: `operator-1`, and `operator-2` after a restart.
        starts: How often it was started.
        exits: What it ended with, each time that nobody killed it.
        program: What to run; may be replaced between two starts.
        settings: Its configuration.

    Args:
        name: See above.
        server: The API server.
        program: What to run.
        settings: Its configuration, but for the health port.
        tasks: The tasks of the loop.
    """

    def __init__(self, name: str, server: ApiServer, program: Program, settings: Settings, tasks: Tasks) -> None:
        self.name = name
        self.starts = 0
        self.exits: list[BaseException | None] = []
        self.program = program
        self.settings = settings
        self._server = server
        self._wanted = False
        self._door: Door | None = None
        self._task: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._tasks = tasks

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
            client = f"{self.name}-{self.starts}"
            door = Door(self._server, client)
            context = contextvars.copy_context()
            context.run(_url.set, await door.open())
            self._door = door
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
        for task in self._tasks.alive(client):
            if self._tasks.started_by(task) is self._task and not task.cancelling():
                task.cancel()
        if left := self._tasks.alive(client):
            _, pending = await asyncio.wait(left, timeout=60)
            assert not pending, pending
        for task in self._tasks.of(client):
            if not task.cancelled():
                task.exception()  # else asyncio complains, much later, that nobody asked


async def connect(server: ApiServer, name: str = "test") -> Door:
    """Open a door for the clients that the caller makes from now on; somebody must close it."""
    door = Door(server, name)
    _url.set(await door.open())
    return door


def install(tasks: Tasks, patch: pytest.MonkeyPatch) -> None:
    """Tell the operators' tasks from others, and keep Kopf, which takes the whole loop for its own, off those."""

    async def all_tasks(*, ignored: Collection[Any] = frozenset()) -> Collection[Any]:
        alive = tasks.alive(_running_in.get())
        return {task for task in alive if task is not asyncio.current_task() and task not in ignored}

    asyncio.get_running_loop().set_task_factory(tasks.create)
    patch.setattr(aiotasks, "all_tasks", all_tasks)
    # Each process has a door of its own, and two of them may run at once: an environment variable cannot lead to it.
    patch.setattr(KubeConfig, "from_env", lambda: _kubeconfig(_url.get()))
    patch.setattr(kopf, "login_with_kubeconfig", lambda **_: kopf.ConnectionInfo(server=_url.get(), token="none"))
    # Ten minutes after it was told to end, Kopf kills the process: in virtual time, that is now.
    patch.setattr(signal, "pthread_kill", lambda *_: None)
    # Nothing here speaks TLS, and reading the machine's certificates takes longer than all the rest of a start.
    for name in ("set_default_verify_paths", "load_verify_locations"):
        patch.setattr(ssl.SSLContext, name, lambda *_, **__: None)
    # An event loop in virtual time is never late, and looking each second makes an hour expensive.
    patch.setattr(health, "LAG_PERIOD_SECONDS", 3600.0)


def _kubeconfig(url: str) -> KubeConfig:
    return KubeConfig.from_one(cluster=Cluster(server=url), user=User(token="none"))
