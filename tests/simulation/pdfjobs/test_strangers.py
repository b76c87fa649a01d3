"""Objects that others write: no text of theirs leads the operator elsewhere, and none of them is held in memory."""

import gc
from typing import Any

import kopf
import pytest
from kopf._core.reactor.inventory import ResourceMemory

from pdfjob_operator.metrics import registry
from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.faults.call import Call, Error
from simulation.simulator.faults.faults import SpoiltWatch
from simulation.simulator.faults.matches import calls
from simulation.simulator.journal import How
from simulation.simulator.kinds import JOBS, PDFJOBS, PODS, Manifest, Ref
from simulation.world import NAMESPACE, Simulation, metric, pdfjob, simulation
from sizes import cases


RESOURCES = {
    "pdfjobs",
    "pdfjobs/status",
    "jobs",
    "pods",
    "events",
    "namespaces",
    "leases",
    "persistentvolumeclaims",
    "other",
}


def stranger(uid: str, job: str) -> Manifest:
    """A Job that says it belongs to this PdfJob."""
    meta = {"labels": {"pdfjob.dev/uid": uid}, "annotations": {"pdfjob.dev/job": job}}
    return {"metadata": {"name": "stranger", **meta}, "spec": {"suspend": True, "template": {}}}


def leads_astray(call: Call) -> bool:
    """Whether a request is one that no PdfJob needs."""
    everybodys = call.ref.kind is PODS and "labelSelector" not in call.params
    return call.verb == "discover" or everybodys


def settled(sim: Simulation, name: str) -> None:
    """Make a PdfJob that has finished."""
    ref = Ref(PDFJOBS, NAMESPACE, name)
    sim.store.create(ref, pdfjob(name))
    status = {"phase": "Succeeded", "observedGeneration": 1}
    sim.store.patch(ref, {"status": status}, How("patch", "status"))


def alive(*kinds: type[Any]) -> int:
    """Count the objects of these types that are held."""
    gc.collect()
    return sum(type(found) in kinds for found in gc.get_objects())


@pytest.mark.parametrize(
    "path",
    cases(
        [
            *("../" * depth + "api/v1/pods" for depth in range(1, 8)),
            "../../books/jobs",
            "germinal/status",
            "?watch=1",
            "%2e%2e/%2e%2e/pods",
            ".",
            "",
        ],
        quick=["../../../../../../api/v1/pods"],
    ),
)
async def test_an_annotation_never_becomes_a_path(path: str) -> None:
    async with simulation(plans={"germinal": TimedPlan(pages=120)}) as sim:
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal")
        before = len(sim.server.calls)

        sim.store.create(Ref(JOBS, NAMESPACE, "stranger"), stranger(sim.pdfjob("germinal")["metadata"]["uid"], path))
        await sim.rest(300)

        assert [call for call in sim.server.calls[before:] if leads_astray(call)] == []
        counted = next(iter(registry.API_REQUESTS.collect())).samples
        assert {sample.labels["resource"] for sample in counted} <= RESOURCES


async def test_kopf_remembers_no_object() -> None:
    async with simulation() as sim:
        await sim.rest(10)
        for number in range(100):
            settled(sim, f"job-{number}")
        await sim.rest(30)

        assert (
            registry.REGISTRY.get_sample_value("pdfjob_jobs", {registry.NAMESPACE: NAMESPACE, "phase": "Succeeded"})
            == 100
        )
        assert alive(ResourceMemory, kopf.Body) == 0


async def test_kopf_lists_nothing_and_what_exists_is_found_by_the_resync() -> None:
    async with simulation(start=False, plans={"germinal": TimedPlan(pages=120)}) as sim:
        for number in range(100):
            settled(sim, f"job-{number}")
        sim.apply(pdfjob("germinal"))
        sim.operator.start()
        await sim.until_ended("germinal")
        await sim.rest(5)

        lists = [call for call in sim.server.calls if call.verb == "list" and call.agent.startswith("kopf")]
        assert {call.ref.kind.plural for call in lists} == {"pdfjobs", "jobs", "pods"}
        assert {call.params["fieldSelector"] for call in lists} == {"metadata.name=-"}
        assert (
            registry.REGISTRY.get_sample_value("pdfjob_jobs", {registry.NAMESPACE: NAMESPACE, "phase": "Succeeded"})
            == 101
        )


async def test_what_happens_while_a_watch_is_renewed_is_found_at_once() -> None:
    async with simulation(plans={"germinal": TimedPlan(pages=120)}) as sim:
        await sim.rest(60)
        missed = metric("pdfjob_missed_events_total")
        sim.faults.add(SpoiltWatch(calls("watch", plural="pdfjobs"), Error(410, "Expired"), frozenset({0})))
        sim.apply(pdfjob("germinal"))

        await sim.until(lambda: bool(sim.status("germinal")), "the PdfJob is found", seconds=10)

        assert metric("pdfjob_missed_events_total") == missed  # it is no surprise
