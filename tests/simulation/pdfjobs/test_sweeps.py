"""Sweeps: the workspace of a deleted PdfJob goes, whoever missed its deletion, and that of no other."""

from dataclasses import dataclass, replace

from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.faults.call import Call, Error
from simulation.simulator.faults.faults import Answers, Fault
from simulation.simulator.faults.matches import calls, nth
from simulation.simulator.kinds import JOBS, PDFJOBS
from simulation.world import SETTINGS, Simulation, pdfjob, simulation


PLANS = {"germinal": TimedPlan(pages=90), "nana": TimedPlan(pages=90, chunks={0: (21,)})}
SOON = replace(SETTINGS, workspace_retention_seconds=60)
HOUR = 3600


@dataclass
class OldLists(Fault):
    """PdfJobs are listed as they were at a revision."""

    then: int

    def revision(self, call: Call, newest: int) -> int:
        return self.then if call.verb == "list" and call.ref.kind is PDFJOBS else newest


async def ended(sim: Simulation, name: str) -> str:
    """Run a PdfJob to its end; returns its uid."""
    uid = sim.apply(pdfjob(name))["metadata"]["uid"]
    await sim.until_ended(name)
    assert uid in sim.volume.workspaces
    return str(uid)


async def until_gone(sim: Simulation, uid: str) -> None:
    await sim.until(lambda: uid not in sim.volume.workspaces, "the sweep", seconds=HOUR)


async def test_the_workspace_of_a_deleted_pdfjob_goes_and_those_of_others_stay() -> None:
    async with simulation(plans=PLANS, settings=SOON) as sim:
        gone, kept = await ended(sim, "germinal"), await ended(sim, "nana")
        sim.delete("germinal")

        await until_gone(sim, gone)
        await sim.rest(HOUR)

        assert list(sim.volume.workspaces) == [kept]
        sim.check()


async def test_a_pdfjob_that_is_younger_than_the_list_of_a_sweep_keeps_its_workspace() -> None:
    async with simulation(plans=PLANS, settings=SOON) as sim:
        uid = await ended(sim, "germinal")
        await sim.rest(300)
        sim.delete("germinal")
        sim.faults.add(OldLists(sim.store.revision))
        await sim.rest(110)
        sim.apply(pdfjob("nana"))

        await until_gone(sim, uid)
        sim.faults.clear()
        await sim.until_ended("nana")
        sim.check()


async def test_a_deletion_that_no_operator_saw_is_swept_after_the_next_start() -> None:
    async with simulation(plans=PLANS, settings=SOON) as sim:
        uid = await ended(sim, "germinal")
        await sim.operator.kill()
        sim.delete("germinal")
        await sim.rest(60)
        assert sim.store.all(PDFJOBS) == []

        sim.operator.start()

        await until_gone(sim, uid)


async def test_each_claim_has_one_sweep_job_however_often_it_is_swept() -> None:
    async with simulation(plans=PLANS, settings=SOON) as sim:
        for _ in range(3):
            uid = await ended(sim, "germinal")
            sim.delete("germinal")
            await until_gone(sim, uid)
            await sim.rest(300)

        assert [job["metadata"]["labels"]["pdfjob.dev/stage"] for job in sim.store.all(JOBS)] == ["sweep"]


async def test_a_conflict_instead_of_a_sweep_costs_only_time() -> None:
    """A random history found it: the Job of the last sweep was deleted, and the claim was never swept again."""
    async with simulation(plans=PLANS, settings=SOON) as sim:
        uid = await ended(sim, "germinal")
        sim.delete("germinal")
        sim.faults.add(Answers(nth(0, of=calls("create", plural="jobs")), Error(409, "Conflict")))

        await until_gone(sim, uid)
        assert sim.server.codes[409] == 1
