"""Jobs that somebody deletes while their PdfJob runs, such as a clean-up job or an injected time to live."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.journal import Change, RefusedError
from simulation.simulator.kinds import JOBS, Manifest, Ref
from simulation.world import Simulation, pdfjob, simulation
from sizes import cases


STAGES = {"Preparing": "prepare", "Processing": "chunks", "Merging": "merge"}

LONG = TimedPlan(pages=120, prepare_seconds=60, chunk_seconds=60, merge_seconds=60, early=1)


def jobs_of(sim: Simulation) -> dict[str, Manifest]:
    """The Jobs of the PdfJob by stage."""
    owned = [raw for raw in sim.store.all(JOBS) if raw["metadata"].get("ownerReferences")]
    return {raw["metadata"]["labels"]["pdfjob.dev/stage"]: raw for raw in owned}


def delete(sim: Simulation, *stages: str) -> None:
    """Delete the Jobs of these stages, as far as there are any, and with them their pods."""
    for stage, raw in jobs_of(sim).items():
        if stage in stages:
            sim.store.delete(Ref(JOBS, raw["metadata"]["namespace"], raw["metadata"]["name"]))


async def until_running(sim: Simulation, phase: str) -> None:
    def running() -> bool:
        job: dict[str, Any] = jobs_of(sim).get(STAGES[phase], {})
        return sim.status("germinal").get("phase") == phase and job.get("status", {}).get("ready", 0) > 0

    await sim.until(running, phase)


@pytest.mark.parametrize(
    "deleted",
    cases([("prepare",), ("chunks",), ("prepare", "chunks")], quick=[("prepare", "chunks")]),
    ids=" and ".join,
)
async def test_once_merge_runs_the_jobs_before_it_may_be_deleted(deleted: tuple[str, ...]) -> None:
    async with simulation(plans={"germinal": LONG}) as sim:
        sim.apply(pdfjob("germinal"))
        await until_running(sim, "Merging")
        delete(sim, *deleted)
        await sim.until_ended("germinal")

        status = sim.status("germinal")
        assert (status["phase"], status["pages"], status["progress"]) == ("Succeeded", 120, "4/4")
        assert set(jobs_of(sim)) - {"early-merge"} == {"prepare", "chunks", "merge"} - {*deleted}
        sim.check()


async def test_a_deadline_holds_for_a_merge_job_that_somebody_deletes_again_and_again() -> None:
    async with simulation(plans={"germinal": replace(LONG, merge_seconds=400)}) as sim:
        sim.apply(pdfjob("germinal", timeoutSeconds=400))
        await until_running(sim, "Merging")
        while not sim.status("germinal").get("completionTime"):
            delete(sim, "merge")
            await asyncio.sleep(90)
            assert asyncio.get_running_loop().time() < 2 * 3600

        reasons = {it["reason"] for it in sim.status("germinal")["conditions"]}
        assert (sim.status("germinal")["phase"], reasons) == ("Failed", {"DeadlineExceeded"})
        sim.check()


async def test_a_timeout_is_not_forgotten_with_the_job_that_timed_out() -> None:
    async with simulation(plans={"germinal": TimedPlan(pages=120, chunk_seconds=1000, merge_seconds=60)}) as sim:
        sim.apply(pdfjob("germinal", timeoutSeconds=100))
        await until_running(sim, "Merging")
        delete(sim, "prepare", "chunks")
        await sim.until_ended("germinal")

        reasons = {it["reason"] for it in sim.status("germinal")["conditions"]}
        assert (sim.status("germinal")["phase"], reasons) == ("Failed", {"DeadlineExceeded"})
        sim.check()


@pytest.mark.parametrize("phase", cases(STAGES, quick=["Merging"]))
@pytest.mark.parametrize("deleted", [("prepare", "chunks", "merge"), ("chunks", "merge")], ids=" and ".join)
async def test_whatever_is_deleted_no_phase_goes_back_and_no_two_stages_run_at_once(
    phase: str, deleted: tuple[str, ...]
) -> None:
    async with simulation(plans={"germinal": LONG}) as sim:
        sim.apply(pdfjob("germinal"))
        await until_running(sim, phase)
        delete(sim, *deleted)
        await sim.until_ended("germinal", seconds=3600)

        sim.check()
        after = next(it.revision for it in sim.store.journal if it.type == "ADDED" and _is_merge(it))
        later = [it.ref.name for it in sim.store.since(after) if it.ref.kind is JOBS and it.type == "ADDED"]
        assert [name for name in later if "-merge" not in name and "sweep" not in name] == []


@pytest.mark.parametrize("phase", cases(STAGES, quick=["Preparing"]))
async def test_jobs_that_are_deleted_while_nobody_looks_cost_only_time(phase: str) -> None:
    async with simulation(plans={"germinal": LONG}) as sim:
        sim.apply(pdfjob("germinal"))
        await until_running(sim, phase)
        await sim.operator.kill()
        delete(sim, STAGES[phase])
        sim.operator.start()
        await sim.until_ended("germinal", seconds=3600)

        assert sim.status("germinal")["phase"] == "Succeeded"
        sim.check()


async def test_a_deleted_pdfjob_takes_its_jobs_along() -> None:
    async with simulation(plans={"germinal": LONG}) as sim:
        sim.apply(pdfjob("germinal"))
        await until_running(sim, "Merging")
        sim.delete("germinal")
        await sim.until(lambda: not jobs_of(sim), "the end of the Jobs", seconds=60)

        with pytest.raises(RefusedError):
            sim.status("germinal")
        sim.check()


def _is_merge(change: Change) -> bool:
    labels = change.after["metadata"].get("labels", {})
    return change.ref.kind is JOBS and labels.get("pdfjob.dev/stage") == "merge"
