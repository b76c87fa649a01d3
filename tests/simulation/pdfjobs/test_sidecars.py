"""Containers that a service mesh injects into the pods of a PdfJob, before its own."""

import pytest

from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.kinds import JOBS, PODS, Manifest, Ref
from simulation.world import Simulation, pdfjob, simulation


def inject(sim: Simulation) -> None:
    """Have an admission webhook put a container before that of each pod, as Istio does."""

    def mutate(ref: Ref, raw: Manifest) -> None:
        names = [container["name"] for container in raw["spec"].get("containers", ())] if ref.kind is PODS else []
        if names and "istio-proxy" not in names:
            raw["spec"]["containers"].insert(0, {"name": "istio-proxy"})

    sim.store.admission.append(mutate)


@pytest.mark.parametrize("pages", [20, 120])
async def test_an_injected_container_changes_nothing(pages: int) -> None:
    async with simulation(plans={"germinal": TimedPlan(pages=pages)}) as sim:
        inject(sim)
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal", seconds=3600)

        assert sim.status("germinal")["phase"] == "Succeeded", sim.told()
        assert sim.status("germinal")["pages"] == pages
        sim.check()


async def test_an_oom_kill_is_that_of_our_own_container() -> None:
    async with simulation(plans={"germinal": TimedPlan(pages=120, out_of_memory=frozenset({1}))}) as sim:
        inject(sim)
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal", seconds=3600)

        assert sim.status("germinal")["phase"] == "Succeeded", sim.told()
        made = [it.after["metadata"] for it in sim.store.journal if it.ref.kind is JOBS and it.type == "ADDED"]
        assert any(meta["labels"].get("pdfjob.dev/memory-doublings") == "1" for meta in made)


async def test_a_container_that_cannot_start_is_diagnosed_beside_one_that_can() -> None:
    async with simulation(plans={"germinal": TimedPlan(waiting="ImagePullBackOff")}) as sim:
        inject(sim)
        sim.apply(pdfjob("germinal"))

        def reasons() -> list[str]:
            return [it["reason"] for it in sim.status("germinal").get("conditions", ())]

        await sim.until(lambda: "ImageUnavailable" in reasons(), "the reason", seconds=120)
