"""What the administrator allows a namespace: PdfJobs wait for each other, whatever goes wrong, and say so."""

from dataclasses import replace

import pytest

from simulation.invariants import ENDED
from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.kinds import JOBS, NAMESPACES, PDFJOBS, Ref
from simulation.simulator.store import Store
from simulation.world import NAMESPACE, SETTINGS, Simulation, pdfjob, simulation
from sizes import cases


NAMES = [f"job-{number}" for number in range(6)]
PLANS = dict.fromkeys([*NAMES, "neighbour"], TimedPlan(pages=120))
TWO = replace(SETTINGS, max_pdfjobs_per_namespace=2)


def at_once(store: Store, namespace: str = NAMESPACE) -> int:
    """The most PdfJobs of a namespace that had begun, and not ended, at the same time."""
    begun: set[str] = set()
    most = 0
    for change in store.journal:
        meta = change.after["metadata"]
        if change.ref.kind is JOBS and change.ref.namespace == namespace and change.type == "ADDED":
            begun |= {owner["uid"] for owner in meta.get("ownerReferences", ())}
        elif change.ref.kind is PDFJOBS and (
            change.type == "DELETED" or change.after.get("status", {}).get("phase") in ENDED
        ):
            begun.discard(meta["uid"])
        most = max(most, len(begun))
    return most


def reasons(sim: Simulation, name: str) -> set[str]:
    """The reasons that a PdfJob has shown while it was not finished."""
    ref = Ref(PDFJOBS, NAMESPACE, name)
    statuses = [change.after.get("status", {}) for change in sim.store.journal if change.ref == ref]
    return {it["reason"] for status in statuses for it in status.get("conditions", ()) if it["type"] == "Reconciling"}


async def test_no_more_pdfjobs_of_a_namespace_are_worked_on_than_are_allowed() -> None:
    async with simulation(plans=PLANS, settings=TWO) as sim:
        for name in NAMES:
            sim.apply(pdfjob(name))
        await sim.rest(20)
        waiting = [name for name in NAMES if "NamespaceLimitReached" in reasons(sim, name)]
        assert len(waiting) == 4
        assert "maxPdfJobsPerNamespace" in sim.status(waiting[0])["message"]

        await sim.until_ended(*NAMES)
        await sim.rest()

        sim.check()
        assert at_once(sim.store) == 2


async def test_a_neighbour_does_not_wait() -> None:
    async with simulation(plans=PLANS, settings=TWO) as sim:
        sim.store.create(Ref(NAMESPACES, "", "papers"), {"metadata": {"name": "papers"}})
        for name in NAMES:
            sim.apply(pdfjob(name))
        await sim.rest(20)

        sim.apply(pdfjob("neighbour", namespace="papers"))
        await sim.rest(20)

        assert sim.status("neighbour", "papers")["phase"] != "Pending"


@pytest.mark.parametrize("seconds", cases([3, 15, 40, 90], quick=[15]))
async def test_the_limit_holds_across_a_restart(seconds: float) -> None:
    async with simulation(plans=PLANS, settings=TWO) as sim:
        for name in NAMES:
            sim.apply(pdfjob(name))
        await sim.rest(seconds)
        sim.operator.crash()

        await sim.until_ended(*NAMES)

        sim.check()
        assert at_once(sim.store) == 2


async def test_one_that_is_deleted_or_suspended_before_it_began_makes_room() -> None:
    async with simulation(plans=PLANS, settings=TWO) as sim:
        sim.apply(pdfjob("job-0", suspend=True))
        await sim.rest(20)
        for name in NAMES[1:5]:
            sim.apply(pdfjob(name))
        await sim.rest(20)
        began = [name for name in NAMES[1:5] if "NamespaceLimitReached" not in reasons(sim, name)]
        assert len(began) == 2

        for name in began:
            sim.delete(name)
        left = [name for name in NAMES[1:5] if name not in began]
        await sim.rest(20)

        assert all(sim.status(name)["phase"] != "Pending" for name in left)
        await sim.until_ended(*left)
        sim.apply(pdfjob("job-0", suspend=False))
        await sim.until_ended("job-0")
        sim.check()


async def test_one_that_waits_too_long_fails_at_its_deadline() -> None:
    slow = {"job-0": TimedPlan(pages=120, chunk_seconds=7200), "job-1": TimedPlan(pages=120)}
    async with simulation(plans=slow, settings=replace(SETTINGS, max_pdfjobs_per_namespace=1)) as sim:
        sim.apply(pdfjob("job-0"))
        await sim.rest(20)
        sim.apply(pdfjob("job-1", timeoutSeconds=600))

        await sim.until_ended("job-1", seconds=1000)

        failed = next(it for it in sim.status("job-1")["conditions"] if it["type"] == "Failed")
        assert failed["reason"] == "DeadlineExceeded"


async def test_no_pdfjob_has_more_workers_than_are_allowed() -> None:
    async with simulation(plans=PLANS, settings=replace(SETTINGS, max_workers_per_job=2)) as sim:
        sim.apply(pdfjob("job-0", workers=50))
        await sim.until(lambda: sim.status("job-0").get("phase") == "Processing", "it processes")

        assert "WorkersLimited" in reasons(sim, "job-0")
        assert "maxWorkersPerJob" in sim.status("job-0")["message"]
        assert sim.status("job-0")["workers"] == 2
        await sim.until_ended("job-0")

        chunks = [raw for raw in sim.store.all(JOBS) if raw["spec"].get("completionMode") == "Indexed"]
        assert {raw["spec"]["parallelism"] for raw in chunks} == {2}
