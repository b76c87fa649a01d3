"""A whole simulated cluster for a test: the API server, the other controllers, and the real operator.

async with simulation(seed=1) as sim:
    sim.apply(pdfjob("germinal"))
    await sim.until_ended("germinal")
"""

import asyncio
import functools
import random
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from pdfjob_operator.__main__ import operate
from pdfjob_operator.configuration.settings import Settings
from pdfjob_operator.metrics import registry
from simulation import clock, controllers, invariants
from simulation.apiserver import ApiServer
from simulation.faults import Faults
from simulation.kinds import NAMESPACES, PDFJOBS, Manifest, Ref
from simulation.process import Operator
from simulation.store import RefusedError, Store
from simulation.work import TimedPlan, work_of


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
        operator: The operator.
        plans: What happens to each PdfJob, by name.
        seed: Of everything that is drawn.
    """

    def __init__(self, folder: Path, *, seed: int, plans: Mapping[str, TimedPlan], settings: Settings) -> None:
        self.seed = seed
        self.plans = dict(plans)
        self.store = Store()
        self.server = ApiServer(self.store)
        program = functools.partial(operate, now=clock.now)
        self.operator = Operator(self.server, folder, program, settings)

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self.server.faults

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
        invariants.check(self.store, ended=ended)

    def told(self) -> str:
        """The last of what happened, for people."""
        statuses = [f"{raw['metadata']['name']}: {raw.get('status', {})}" for raw in self.store.all(PDFJOBS)]
        codes = ", ".join(f"{count} × {code or 'nothing'}" for code, count in sorted(self.server.codes.items()))
        exits = f"{self.operator.starts} starts, exits {self.operator.exits}"
        return "\n  ".join([*statuses, f"answers: {codes}", exits, *map(str, self.store.journal[-30:])])


@asynccontextmanager
async def simulation(
    *, seed: int = 0, plans: Mapping[str, TimedPlan] | None = None, settings: Settings = SETTINGS, start: bool = True
) -> AsyncIterator[Simulation]:
    """A cluster in which the operator runs.

    Args:
        seed: Of everything that is drawn.
        plans: What happens to each PdfJob, by name.
        settings: Of the operator.
        start: Whether to start the operator.
    """
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        random.seed(seed)  # the operator's own dice
        sim = Simulation(Path(folder), seed=seed, plans=plans or {}, settings=settings)
        sim.store.create(Ref(NAMESPACES, "", NAMESPACE), {"metadata": {"name": NAMESPACE}})
        sim.operator.install(patch)
        work = functools.partial(work_of, sim.store, sim.plans, seed)
        controller = asyncio.create_task(controllers.JobController(sim.store, work).run())
        collector = asyncio.create_task(controllers.collect_garbage(sim.store))
        if start:
            sim.operator.start()
        try:
            yield sim
            for task in (controller, collector):
                assert not task.done(), task.exception()
        finally:
            sim.faults.clear()
            await sim.operator.kill()
            for task in (controller, collector):
                task.cancel()
            await asyncio.gather(controller, collector, return_exceptions=True)
