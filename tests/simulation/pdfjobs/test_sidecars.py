"""Containers that a service mesh injects into the pods of a PdfJob, before its own."""

import pytest

from simulation.simulator.controllers.mesh import inject_proxies
from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.kinds import JOBS
from simulation.world import pdfjob, simulation


@pytest.mark.parametrize("pages", [20, 120])
async def test_an_injected_container_changes_nothing(pages: int) -> None:
    async with simulation(plans={"germinal": TimedPlan(pages=pages)}) as sim:
        inject_proxies(sim.store)
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal", seconds=3600)

        assert sim.status("germinal")["phase"] == "Succeeded", sim.told()
        assert sim.status("germinal")["pages"] == pages
        sim.check()


async def test_an_oom_kill_is_that_of_our_own_container() -> None:
    async with simulation(plans={"germinal": TimedPlan(pages=120, out_of_memory=frozenset({1}))}) as sim:
        inject_proxies(sim.store)
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal", seconds=3600)

        assert sim.status("germinal")["phase"] == "Succeeded", sim.told()
        made = [it.after["metadata"] for it in sim.store.journal if it.ref.kind is JOBS and it.type == "ADDED"]
        assert any(meta["labels"].get("pdfjob.dev/memory-doublings") == "1" for meta in made)


async def test_a_container_that_cannot_start_is_diagnosed_beside_one_that_can() -> None:
    async with simulation(plans={"germinal": TimedPlan(waiting="ImagePullBackOff")}) as sim:
        inject_proxies(sim.store)
        sim.apply(pdfjob("germinal"))

        def reasons() -> list[str]:
            return [it["reason"] for it in sim.status("germinal").get("conditions", ())]

        await sim.until(lambda: "ImageUnavailable" in reasons(), "the reason", seconds=120)
