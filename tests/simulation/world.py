"""A whole simulated cluster for a test: the API server, the other controllers, and the real operator.

async with simulation(seed=1) as sim:
    sim.apply(pdfjob("germinal"))
    await sim.until_ended("germinal")
"""

import asyncio
import functools
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from pdfjob_operator.__main__ import operate
from pdfjob_operator.configuration.settings import Settings
from pdfjob_operator.metrics import registry
from simulation import invariants
from simulation.simulator import clock
from simulation.simulator.controllers.claims import provision
from simulation.simulator.controllers.garbage import collect_garbage
from simulation.simulator.controllers.jobs import JobController
from simulation.simulator.controllers.kueue import Kueue
from simulation.simulator.controllers.work import TimedPlan, Worker
from simulation.simulator.faults.faults import Faults
from simulation.simulator.journal import How, RefusedError
from simulation.simulator.kinds import CLAIMS, NAMESPACES, PDFJOBS, Manifest, Ref
from simulation.simulator.process import Operator, Tasks, connect, install
from simulation.simulator.rest.apiserver import ApiServer
from simulation.simulator.rest.door import Door
from simulation.simulator.store import Store
from simulation.simulator.volume import Volume


NAMESPACE = "books"
SETTINGS = Settings(runner_image="runner:test")
LIMIT_SECONDS = 6 * 3600
"""Of virtual time, that a test waits for anything."""

LIMIT_CALLS = 20_000
"""Of requests until then: an operator that asks more often has lost its way."""


def metric(name: str) -> float:
    """Return the value of one of the operator's metrics."""
    return registry.REGISTRY.get_sample_value(name) or 0.0


def pdfjob(name: str = "germinal", *, namespace: str = NAMESPACE, **spec: Any) -> Manifest:
    """A PdfJob as its author writes it."""
    return {
        "apiVersion": "pdfjob.dev/v1alpha1",
        "kind": "PdfJob",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"source": {"volume": {"path": f"{name}.pdf"}}} | spec,
    }


class Simulation:
    """A simulated cluster.

    Attributes:
        store: Its objects and its history.
        server: Its API server.
        operators: The operators, nearly always one.
        volume: What the pods write.
        kueue: Resumes Jobs that wait in a queue.
        tasks: The tasks of the loop, by process.
        doors: Those of the test's own clients.
        plans: What happens to each PdfJob, by name.
        seed: Of everything that is drawn.
    """

    def __init__(self, *, seed: int, plans: Mapping[str, TimedPlan], operators: tuple[Settings, ...]) -> None:
        self.seed = seed
        self.plans = dict(plans)
        self.store = Store()
        self.server = ApiServer(self.store)
        self.volume = Volume()
        self.kueue = Kueue(self.store)
        self.tasks = Tasks()
        self.doors: list[Door] = []
        program = functools.partial(operate, now=clock.now)
        names = ("operator", "second")
        self.operators = [
            Operator(name, self.server, program, settings, self.tasks)
            for name, settings in zip(names, operators, strict=False)
        ]

    @property
    def operator(self) -> Operator:
        """The operator, or the first of two."""
        return self.operators[0]

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self.server.faults

    async def connect(self) -> None:
        """Lead the clients that a test makes from now on to the API server."""
        self.doors.append(await connect(self.server))

    def apply(self, manifest: Manifest) -> Manifest:
        """Make a PdfJob, or change the one of this name."""
        meta = manifest["metadata"]
        ref = Ref(PDFJOBS, meta["namespace"], meta["name"])
        try:
            self.store.get(ref)
        except RefusedError:
            return self.store.create(ref, manifest)
        return self.store.patch(ref, manifest)

    def pdfjob(self, name: str, namespace: str = NAMESPACE) -> Manifest:
        """A PdfJob as it is now."""
        return self.store.get(Ref(PDFJOBS, namespace, name))

    def status(self, name: str, namespace: str = NAMESPACE) -> Manifest:
        """The status of a PdfJob as it is now."""
        status: Manifest = self.pdfjob(name, namespace).get("status", {})
        return status

    def delete(self, name: str, namespace: str = NAMESPACE) -> None:
        """Delete a PdfJob."""
        self.store.delete(Ref(PDFJOBS, namespace, name))

    async def until(self, holds: Callable[[], bool], what: str, *, seconds: float = LIMIT_SECONDS) -> None:
        """Wait until something holds.

        Raises:
            AssertionError: It does not within so many seconds of virtual time.
        """
        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    await self.store.change()
                    assert len(self.server.calls) < LIMIT_CALLS, f"{what}: a storm of requests\n{self.told()}"
        except TimeoutError:
            raise AssertionError(f"{what}: not within {seconds} virtual seconds\n{self.told()}") from None

    async def until_ended(self, *names: str, seconds: float = LIMIT_SECONDS) -> None:
        """Wait until these PdfJobs have ended."""

        def ended() -> bool:
            return all(self.status(name).get("phase") in invariants.ENDED for name in names)

        await self.until(ended, f"the end of {', '.join(names)}", seconds=seconds)

    async def rest(self, seconds: float = 600) -> None:
        """Let so much virtual time pass."""
        await asyncio.sleep(seconds)

    def check(self, *, ended: bool = True) -> None:
        """Judge the run so far by the invariants."""
        invariants.check(self.store, self.volume, ended=ended)

    def told(self) -> str:
        """The last of what happened, for people."""
        statuses = [f"{raw['metadata']['name']}: {raw.get('status', {})}" for raw in self.store.all(PDFJOBS)]
        codes = ", ".join(f"{count} × {code or 'nothing'}" for code, count in sorted(self.server.codes.items()))
        lives = [f"{it.name}: {it.starts} starts, exits {it.exits[-3:]}" for it in self.operators]
        return "\n  ".join([*statuses, f"answers: {codes}", *lives, *map(str, self.store.journal[-30:])])


@asynccontextmanager
async def simulation(
    *,
    seed: int = 0,
    plans: Mapping[str, TimedPlan] | None = None,
    settings: Settings = SETTINGS,
    second: Settings | None = None,
    start: bool = True,
    claim: bool = True,
) -> AsyncIterator[Simulation]:
    """A cluster in which the operator runs.

    Args:
        seed: Of everything that is drawn.
        plans: What happens to each PdfJob, by name.
        settings: Of the operator.
        second: Of a second operator; `None` for only one.
        start: Whether to start them.
        claim: Whether the claim for workspaces exists.
    """
    with pytest.MonkeyPatch.context() as patch:
        random.seed(seed)  # the operator's own dice
        sim = Simulation(seed=seed, plans=plans or {}, operators=(settings, *([] if second is None else [second])))
        sim.store.create(Ref(NAMESPACES, "", NAMESPACE), {"metadata": {"name": NAMESPACE}})
        if claim:
            bound = {"phase": "Bound", "accessModes": ["ReadWriteMany"]}
            workspace = Ref(CLAIMS, NAMESPACE, SETTINGS.workspace_claim)
            sim.store.create(workspace, {"metadata": {}, "spec": {"accessModes": ["ReadWriteMany"]}})
            sim.store.patch(workspace, {"status": bound}, How("patch", "status"))
        install(sim.tasks, patch)
        worker = Worker(sim.store, sim.volume, sim.plans, seed)
        others = [
            asyncio.create_task(it)
            for it in (
                JobController(sim.store, worker.work_of).run(),
                collect_garbage(sim.store),
                provision(sim.store),
                sim.kueue.run(),
            )
        ]
        for operator in sim.operators if start else ():
            operator.start()
        try:
            yield sim
            for task in others:
                assert not task.done(), task.exception()
        finally:
            sim.faults.clear()
            for operator in sim.operators:
                await operator.kill()
            for door in sim.doors:
                door.close()
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
