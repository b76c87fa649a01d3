"""A merge that waits for the last chunks: it ends the job sooner, and whatever happens to it costs only time."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

import pytest

from simulation.invariants import unfinished_jobs
from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.faults.call import Call, Error
from simulation.simulator.faults.faults import Answers, Crash
from simulation.simulator.faults.matches import nth
from simulation.simulator.kinds import JOBS, PDFJOBS, Manifest, Ref
from simulation.world import NAMESPACE, SETTINGS, Simulation, pdfjob, simulation


Moment = Literal["before", "after"]
MOMENTS: tuple[Moment, ...] = ("before", "after")

PLAN = TimedPlan(pages=120, chunk_seconds=30)


def job_of(sim: Simulation, stage: str) -> Manifest | None:
    """The Job of a stage; `None` if there is none."""
    return next((raw for raw in sim.store.all(JOBS) if _stage(raw) == stage), None)


def made(sim: Simulation) -> list[str]:
    """The stages of the Jobs that were created since prepare, in order."""
    jobs = [it.after for it in sim.store.journal if it.ref.kind is JOBS and it.type == "ADDED"]
    return [stage for raw in jobs if (stage := _stage(raw)) not in ("prepare", "sweep")]


async def until_waiting(sim: Simulation) -> None:
    """Wait until the pod of an early merge runs."""

    def is_waiting() -> bool:
        job = job_of(sim, "early-merge")
        return job is not None and job.get("status", {}).get("ready", 0) > 0

    await sim.until(is_waiting, "an early merge")


def assert_succeeded(sim: Simulation, stages: Iterable[str]) -> None:
    status = sim.status("germinal")
    assert (status["phase"], status["progress"]) == ("Succeeded", "4/4"), sim.told()
    assert made(sim) == [*stages], sim.told()
    sim.check()


async def test_it_waits_beside_the_last_chunks_and_ends_the_job() -> None:
    async with simulation(plans={"germinal": PLAN}) as sim:
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal", seconds=120)

        assert_succeeded(sim, ["chunks", "early-merge"])
        await sim.rest(60)
        assert unfinished_jobs(sim.store, sim.pdfjob("germinal")) == []


async def test_it_is_made_once_only_the_last_chunks_are_left() -> None:
    async with simulation(plans={"germinal": PLAN}) as sim:
        sim.apply(pdfjob("germinal", workers=2))
        await until_waiting(sim)

        chunks = job_of(sim, "chunks")
        assert chunks is not None
        assert chunks["status"]["succeeded"] == 2
        await sim.until_ended("germinal", seconds=300)
        assert_succeeded(sim, ["chunks", "early-merge"])


@pytest.mark.parametrize("exit_code", [1, 27, 137, None], ids=["fails", "leaves it", "killed", "hangs"])
async def test_if_it_does_not_succeed_another_merge_does(exit_code: int | None) -> None:
    async with simulation(plans={"germinal": replace(PLAN, early=exit_code)}) as sim:
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal", seconds=300)

        assert_succeeded(sim, ["chunks", "early-merge", "merge"])
        await sim.rest(60)
        assert (job_of(sim, "early-merge") is None) == (exit_code is None)


@pytest.mark.parametrize("exit_codes", [(1, 0), (21,)], ids=["tried again", "failed for good"])
async def test_it_gives_way_to_a_chunk_that_fails(exit_codes: tuple[int, ...]) -> None:
    plan = replace(PLAN, chunks={2: exit_codes}, jitter=0)
    async with simulation(plans={"germinal": plan}) as sim:
        sim.apply(pdfjob("germinal"))
        await until_waiting(sim)
        await sim.until(lambda: job_of(sim, "early-merge") is None, "that it gives way")
        assert sim.status("germinal")["phase"] == "Processing"
        await sim.until_ended("germinal", seconds=600)

        lost = exit_codes == (21,)
        assert made(sim) == ["chunks", "early-merge", "merge" if lost else "early-merge"]
        assert sim.status("germinal")["chunks"]["failed"] == lost
        sim.check()


async def test_it_is_made_again_for_chunks_that_run_with_more_memory() -> None:
    plan = replace(PLAN, out_of_memory=frozenset({1}))
    async with simulation(plans={"germinal": plan}) as sim:
        sim.apply(pdfjob("germinal", retries=0))
        await sim.until_ended("germinal", seconds=600)

        assert_succeeded(sim, ["chunks", "early-merge", "chunks", "early-merge"])


@pytest.mark.parametrize("stages", [("early-merge",), ("chunks",), ("chunks", "early-merge")], ids=" and ".join)
async def test_jobs_that_somebody_deletes_while_it_waits_cost_only_time(stages: tuple[str, ...]) -> None:
    async with simulation(plans={"germinal": PLAN}) as sim:
        sim.apply(pdfjob("germinal"))
        await until_waiting(sim)
        for stage in stages:
            sim.store.delete(Ref(JOBS, NAMESPACE, (job_of(sim, stage) or {})["metadata"]["name"]))
        await sim.until_ended("germinal", seconds=600)

        assert sim.status("germinal")["phase"] == "Succeeded"
        sim.check()


@pytest.mark.parametrize("stages", [("early-merge",), ("prepare", "chunks", "early-merge")], ids=" and ".join)
async def test_if_its_report_is_lost_another_merge_repeats_it(stages: tuple[str, ...]) -> None:
    async with simulation(plans={"germinal": PLAN}) as sim:
        sim.apply(pdfjob("germinal"))
        await until_waiting(sim)
        await sim.operator.kill()
        await asyncio.sleep(120)
        for stage in stages:
            sim.store.delete(Ref(JOBS, NAMESPACE, (job_of(sim, stage) or {})["metadata"]["name"]))
        sim.operator.start()
        await sim.until_ended("germinal", seconds=600)

        assert sim.status("germinal")["phase"] == "Succeeded", sim.told()
        assert made(sim)[-1] == ("merge" if stages == ("early-merge",) else "early-merge")
        sim.check()


async def test_its_report_counts_after_the_chunks_job_is_gone() -> None:
    async with simulation(plans={"germinal": PLAN}) as sim:
        sim.apply(pdfjob("germinal"))
        await until_waiting(sim)
        await sim.operator.kill()
        await asyncio.sleep(120)
        sim.store.delete(Ref(JOBS, NAMESPACE, (job_of(sim, "chunks") or {})["metadata"]["name"]))
        sim.operator.start()
        await sim.until_ended("germinal", seconds=60)

        assert_succeeded(sim, ["chunks", "early-merge"])


async def test_a_suspended_pdfjob_has_none() -> None:
    async with simulation(plans={"germinal": PLAN}) as sim:
        sim.apply(pdfjob("germinal"))
        await until_waiting(sim)
        sim.apply(pdfjob("germinal", suspend=True))
        await sim.until(lambda: job_of(sim, "early-merge") is None, "that it is gone", seconds=60)
        await sim.rest(300)
        assert job_of(sim, "early-merge") is None
        sim.apply(pdfjob("germinal", suspend=False))
        await sim.until_ended("germinal", seconds=300)

        assert_succeeded(sim, ["chunks", "early-merge", "early-merge"])


async def test_it_gives_way_when_fewer_workers_are_wanted() -> None:
    async with simulation(plans={"germinal": PLAN}) as sim:
        sim.apply(pdfjob("germinal"))
        await until_waiting(sim)
        sim.apply(pdfjob("germinal", workers=1))
        await sim.until(lambda: job_of(sim, "early-merge") is None, "that it is gone", seconds=60)
        await sim.until_ended("germinal", seconds=600)

        assert_succeeded(sim, ["chunks", "early-merge", "early-merge"])


def creates_early_merge(call: Call) -> bool:
    return call.point == "create jobs early-merge"


async def test_one_that_kubernetes_refuses_is_done_without() -> None:
    async with simulation(plans={"germinal": PLAN}) as sim:
        sim.faults.add(Answers(creates_early_merge, Error(422, "Invalid")))
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal", seconds=300)

        statuses = [it.after.get("status", {}) for it in sim.store.journal if it.ref.kind is PDFJOBS]
        reasons = {condition["reason"] for status in statuses for condition in status.get("conditions", ())}
        assert "JobRefused" not in reasons
        assert_succeeded(sim, ["chunks", "merge"])


@pytest.mark.parametrize("moment", MOMENTS)
async def test_an_operator_that_is_killed_while_it_creates_one_finds_it(moment: Moment) -> None:
    async with simulation(plans={"germinal": PLAN}) as sim:
        sim.faults.add(Crash(nth(0, of=creates_early_merge), moment, sim.operator.crash))
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal", seconds=300)

        assert sim.operator.starts == 2
        assert_succeeded(sim, ["chunks", "early-merge"])


async def test_an_operator_that_is_away_until_everything_has_ended_finds_its_report() -> None:
    async with simulation(plans={"germinal": PLAN}) as sim:
        sim.apply(pdfjob("germinal"))
        await until_waiting(sim)
        await sim.operator.kill()
        await asyncio.sleep(600)
        sim.operator.start()
        await sim.until_ended("germinal", seconds=60)

        assert_succeeded(sim, ["chunks", "early-merge"])


async def test_an_administrator_may_do_without() -> None:
    async with simulation(plans={"germinal": PLAN}, settings=replace(SETTINGS, early_merge=False)) as sim:
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal", seconds=300)

        assert_succeeded(sim, ["chunks", "merge"])


def _stage(raw: Manifest) -> str:
    return str(raw["metadata"].get("labels", {}).get("pdfjob.dev/stage", ""))
