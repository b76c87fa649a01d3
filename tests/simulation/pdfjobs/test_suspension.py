"""Jobs that are suspended: by the owner of a PdfJob, who changes his mind, and by somebody else, who never does."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.faults.call import Answer, Call
from simulation.simulator.faults.faults import Crash, Fault
from simulation.simulator.faults.matches import calls, nth
from simulation.simulator.journal import RefusedError
from simulation.simulator.kinds import JOBS, Manifest, Ref
from simulation.world import Simulation, pdfjob, simulation
from sizes import cases


LONG = TimedPlan(pages=120, prepare_seconds=100, chunk_seconds=100, merge_seconds=100, early=1)

PHASES = {"prepare": "Preparing", "chunks": "Processing", "merge": "Merging"}


class ResumesMeanwhile(Fault):
    """The owner resumes a PdfJob just before its status says that it is suspended."""

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self.happened = False

    def before(self, call: Call) -> Answer | None:
        is_suspension = call.subresource == "status" and call.body["status"].get("phase") == "Suspended"
        if is_suspension and not self.happened:
            self.happened = True
            self._sim.apply(pdfjob("germinal", suspend=False))
        return None


def job_of(sim: Simulation, stage: str) -> Manifest:
    """The Job of a stage; empty if there is none."""
    return next((raw for raw in sim.store.all(JOBS) if raw["metadata"]["labels"]["pdfjob.dev/stage"] == stage), {})


async def until_in(sim: Simulation, stage: str) -> None:
    """Wait until a pod of a stage runs."""
    await sim.until(lambda: sim.status("germinal").get("phase") == PHASES[stage], stage)
    await sim.until(lambda: job_of(sim, stage).get("status", {}).get("ready", 0) > 0, f"a pod of {stage}")


@pytest.mark.parametrize("stage", cases(PHASES, quick=["chunks"]))
async def test_an_owner_who_resumes_before_the_suspension_is_on_record_is_not_taken_for_a_stranger(stage: str) -> None:
    async with simulation(plans={"germinal": LONG}) as sim:
        sim.apply(pdfjob("germinal"))
        await until_in(sim, stage)
        resumes = ResumesMeanwhile(sim)
        sim.faults.add(resumes)
        sim.apply(pdfjob("germinal", suspend=True))
        await sim.until_ended("germinal", seconds=3600)

        assert resumes.happened
        assert sim.status("germinal")["phase"] == "Succeeded"
        sim.check()


@pytest.mark.parametrize("stage", cases(PHASES, quick=["merge"]))
async def test_an_operator_that_is_killed_before_the_suspension_is_on_record_knows_it_again(stage: str) -> None:
    async with simulation(plans={"germinal": LONG}) as sim:
        sim.apply(pdfjob("germinal"))
        await until_in(sim, stage)
        sim.faults.add(Crash(nth(0, of=calls("patch", plural="jobs")), "after", sim.operator.crash))
        sim.apply(pdfjob("germinal", suspend=True))
        await sim.until(lambda: job_of(sim, stage)["spec"].get("suspend") is True, "the suspension")
        sim.apply(pdfjob("germinal", suspend=False))
        await sim.until_ended("germinal", seconds=3600)

        assert sim.operator.starts == 2
        assert sim.status("germinal")["phase"] == "Succeeded"
        sim.check()


@pytest.mark.parametrize("stage", cases(PHASES, quick=["chunks"]))
async def test_a_deadline_holds_for_a_job_that_somebody_else_has_suspended(stage: str) -> None:
    async with simulation(plans={"germinal": LONG}) as sim:
        sim.apply(pdfjob("germinal", timeoutSeconds=400))
        await until_in(sim, stage)
        job = job_of(sim, stage)["metadata"]
        sim.store.patch(Ref(JOBS, job["namespace"], job["name"]), {"spec": {"suspend": True}})
        await sim.until(lambda: _reason(sim) == "JobSuspended", "the reason")
        await sim.until_ended("germinal", seconds=2000)

        assert sim.status("germinal")["phase"] == "Failed"
        assert "has suspended" in sim.status("germinal")["message"]
        sim.check()


async def test_a_deadline_holds_for_a_merge_job_that_somebody_suspends_and_resumes_again_and_again() -> None:
    async with simulation(plans={"germinal": replace(LONG, merge_seconds=400)}) as sim:
        sim.apply(pdfjob("germinal", timeoutSeconds=400))
        await until_in(sim, "merge")
        job = job_of(sim, "merge")["metadata"]
        while not sim.status("germinal").get("completionTime"):
            for value, seconds in ((True, 30), (False, 300)):
                with suppress(RefusedError):  # it is deleted
                    sim.store.patch(Ref(JOBS, job["namespace"], job["name"]), {"spec": {"suspend": value}})
                await asyncio.sleep(seconds)
            assert asyncio.get_running_loop().time() < 3600

        assert sim.status("germinal")["phase"] == "Failed"
        sim.check()


async def test_the_time_in_a_suspension_does_not_count() -> None:
    async with simulation(plans={"germinal": LONG}) as sim:
        sim.apply(pdfjob("germinal", timeoutSeconds=600))
        await until_in(sim, "chunks")
        sim.apply(pdfjob("germinal", suspend=True))
        await asyncio.sleep(2 * 3600)
        assert sim.status("germinal")["phase"] == "Suspended"
        sim.apply(pdfjob("germinal", suspend=False))
        await sim.until_ended("germinal", seconds=3600)

        assert sim.status("germinal")["phase"] == "Succeeded", sim.told()
        sim.check()


def _reason(sim: Simulation) -> str:
    conditions = sim.status("germinal").get("conditions", ())
    return next((str(it["reason"]) for it in conditions if it["type"] == "Reconciling"), "")
