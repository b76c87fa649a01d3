"""Kueue where it manages all Jobs: nothing of a PdfJob stays behind in it, and its notes start nothing."""

from dataclasses import replace

import pytest

from pdfjob_operator.configuration.queueing import Queueing
from simulation.simulator.controllers.kueue import LABEL_QUEUE
from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.kinds import JOBS
from simulation.world import SETTINGS, Simulation, pdfjob, simulation


PLANS = {"germinal": TimedPlan(pages=90)}
QUEUED = replace(
    SETTINGS,
    workspace_retention_seconds=60,
    queueing=Queueing("books", manage_jobs_without_queue_name=True, priority_class_names={"merge": "high"}),
)
PLAIN = replace(SETTINGS, workspace_retention_seconds=60)
HOUR = 3600


def queues(sim: Simulation) -> dict[str, str]:
    """The queue of the Jobs by stage, as they were created by an operator."""
    made = [it.after["metadata"] for it in sim.store.journal if it.ref.kind is JOBS and it.type == "ADDED"]
    return {meta["labels"]["pdfjob.dev/stage"]: meta["labels"].get(LABEL_QUEUE, "") for meta in made}


async def swept(sim: Simulation) -> None:
    """Run a PdfJob to its end, delete it, and wait for its workspace to go."""
    uid = sim.apply(pdfjob("germinal"))["metadata"]["uid"]
    await sim.until_ended("germinal", seconds=HOUR)
    assert sim.status("germinal")["phase"] == "Succeeded", sim.told()
    await sim.rest(HOUR)
    assert uid in sim.volume.workspaces
    sim.delete("germinal")
    await sim.until(lambda: uid not in sim.volume.workspaces, "the sweep", seconds=HOUR)
    sim.check()


async def test_every_job_waits_in_the_queue_sweeps_included() -> None:
    async with simulation(plans=PLANS, settings=QUEUED) as sim:
        sim.kueue.manages_all = True
        await swept(sim)

        assert queues(sim) == dict.fromkeys(("prepare", "chunks", "merge", "sweep"), "books")


async def test_a_queue_that_kueue_adds_by_itself_is_taken_for_one_of_ours_and_notes_start_nothing() -> None:
    async with simulation(plans=PLANS, settings=PLAIN) as sim:
        sim.kueue.manages_all, sim.kueue.default_queue = True, "default"
        await swept(sim)

        assert len(sim.volume.removals) == 1


async def test_a_merge_that_waits_for_kueue_says_so_and_is_given_up_in_the_end() -> None:
    async with simulation(plans=PLANS, settings=QUEUED) as sim:
        sim.kueue.manages_all = True
        sim.apply(pdfjob("germinal", timeoutSeconds=HOUR))
        await sim.until(lambda: sim.status("germinal").get("phase") == "Processing", "the chunks")
        await sim.until(lambda: all(not job["spec"].get("suspend") for job in sim.kueue.jobs()), "their admission")
        sim.kueue.wait = None
        await sim.until(lambda: sim.status("germinal").get("phase") == "Merging", "the merge")
        await sim.rest(60)

        (reconciling,) = (it for it in sim.status("germinal")["conditions"] if it["type"] == "Reconciling")
        assert (reconciling["reason"], reconciling["message"]) == (
            "Queued",
            "Waiting for Kueue to admit the merge Job to the queue books.",
        )
        await sim.until_ended("germinal", seconds=2 * HOUR)
        assert "Waiting for Kueue to admit the merge Job" in sim.status("germinal")["message"]

        sim.kueue.wait, chunks = 5, sim.status("germinal")["chunks"]
        sim.apply(pdfjob("germinal", timeoutSeconds=HOUR, retryFailed=1))
        await sim.until(lambda: sim.status("germinal")["phase"] == "Succeeded", "the retry", seconds=HOUR)
        assert chunks["succeeded"] == 3
        assert [it.ref for it in sim.store.journal if it.ref.name.endswith("-chunks-r1")] == []  # only merged
        sim.check()


@pytest.mark.parametrize("evictions", [1, 3])
async def test_a_stage_that_kueue_evicts_runs_again(evictions: int) -> None:
    async with simulation(plans=PLANS, settings=QUEUED) as sim:
        sim.kueue.manages_all = True
        sim.apply(pdfjob("germinal"))
        for _ in range(evictions):
            await sim.rest(9)
            sim.kueue.evict()
        await sim.until_ended("germinal", seconds=HOUR)

        assert sim.status("germinal")["phase"] == "Succeeded", sim.told()
        sim.check()
