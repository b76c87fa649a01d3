from typing import Any

import pytest

from simulation.simulator.clock import in_new_loop
from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.faults.call import Error
from simulation.simulator.faults.faults import Answers
from simulation.simulator.faults.matches import both, fraction
from simulation.simulator.journal import By, How
from simulation.simulator.kinds import JOBS, PDFJOBS, Ref
from simulation.world import pdfjob, simulation


GERMINAL = Ref(PDFJOBS, "books", "germinal")
STATUS = How("replace", "status")


async def test_a_job_runs_through_all_its_phases() -> None:
    async with simulation(plans={"germinal": TimedPlan(pages=120)}) as sim:
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal")

    written = [it.after["status"]["phase"] for it in sim.store.journal if it.ref.kind is PDFJOBS and it.before]
    assert list(dict.fromkeys(written)) == ["Pending", "Preparing", "Processing", "Merging", "Succeeded"]
    stages = [job["metadata"]["labels"]["pdfjob.dev/stage"] for job in sim.store.all(JOBS)]
    assert sorted(stages) == ["chunks", "early-merge", "prepare", "sweep"]
    assert sim.operator.exits == []
    assert sim.status("germinal")["droppedLines"] == 240
    sim.check()


async def test_what_is_odd_about_a_source_is_in_its_status_from_the_moment_it_is_known() -> None:
    odd = ("The file was damaged, and repaired.",)
    async with simulation(plans={"germinal": TimedPlan(pages=120, warnings=odd)}) as sim:
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal")

    written = [it.after["status"] for it in sim.store.journal if it.ref.kind is PDFJOBS and it.before]
    said = {status["phase"]: status.get("warnings") for status in written}
    assert said == {
        "Pending": None,
        "Preparing": None,
        "Processing": [*odd],
        "Merging": [*odd],
        "Succeeded": [*odd],
    }
    sim.check()


async def test_a_retry_runs_the_failed_chunks_alone() -> None:
    async with simulation(plans={"germinal": TimedPlan(pages=90, chunks={1: (21,)}, mended=1)}) as sim:
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal")
        assert sim.status("germinal")["failedPages"] == "31-60"

        sim.apply(pdfjob("germinal", retryFailed=1))
        await sim.until(lambda: sim.status("germinal").get("round") == 1, "the second round")
        await sim.until_ended("germinal")

        assert "failedPages" not in sim.status("germinal")
        (again,) = (job for job in sim.store.all(JOBS) if job["metadata"]["name"].endswith("chunks-r1"))
        assert again["spec"]["completions"] == 1
        sim.check()


async def test_chunks_that_need_more_memory_get_it() -> None:
    async with simulation(plans={"germinal": TimedPlan(pages=90, out_of_memory=frozenset({0, 2}))}) as sim:
        sim.apply(pdfjob("germinal", retries=0))
        await sim.until_ended("germinal")

        assert sim.status("germinal")["chunks"] == {"total": 3, "active": 0, "succeeded": 3, "failed": 0}
        sim.check()


async def test_within_a_minute_a_job_says_why_its_pod_does_not_start() -> None:
    async with simulation(plans={"germinal": TimedPlan(waiting="ErrImagePull")}) as sim:
        sim.apply(pdfjob("germinal"))

        await sim.until(lambda: "cannot be pulled" in sim.status("germinal").get("message", ""), "a reason", seconds=60)


@pytest.mark.parametrize("seconds", [45, 100])
async def test_out_of_time_a_job_says_what_it_waited_for(seconds: int) -> None:
    """The pod that said so is gone by then, and the Job tells at that moment that it is about to fail."""
    async with simulation(plans={"germinal": TimedPlan(waiting="ErrImagePull")}) as sim:
        sim.apply(pdfjob("germinal", timeoutSeconds=seconds))
        await sim.until_ended("germinal")

    assert sim.status("germinal")["phase"] == "Failed"
    assert "cannot be pulled" in sim.status("germinal")["message"]
    sim.check()


async def run(seed: int) -> list[tuple[str, str, str, int]]:
    plans = {"germinal": TimedPlan(pages=120, chunks={1: (137, 0)}), "nana": TimedPlan(pages=300)}
    async with simulation(seed=seed, plans=plans) as sim:
        # Kopf asks in no fixed order, so no draw is for a call of its.
        drawn = both(lambda call: not call.agent.startswith("kopf"), fraction(0.2, seed))
        sim.faults.add(Answers(drawn, Error(503)))
        for name in plans:
            sim.apply(pdfjob(name))
        await sim.until_ended(*plans)
        # Kopf begins its watches in no fixed order, so time counts from the operator's first write.
        written = sim.store.journal[len(plans) :]
        begin = written[0].time
        return [(*it.how[:2], str(it.ref), round((it.time - begin).total_seconds())) for it in written]


def test_the_same_seed_gives_the_same_run_and_another_one_another() -> None:
    first, again, another = in_new_loop(run(1)), in_new_loop(run(1)), in_new_loop(run(2))

    assert first == again
    assert first != another


async def test_what_did_not_end_in_time_is_told_with_its_history() -> None:
    async with simulation(start=False) as sim:
        sim.apply(pdfjob("germinal"))
        with pytest.raises(
            AssertionError, match=r"(?s)the end of germinal: not within 60 virtual.*create pdfjobs books"
        ):
            await sim.until_ended("germinal", seconds=60)
        with pytest.raises(AssertionError, match="germinal has not ended"):
            sim.check()


@pytest.mark.parametrize(("was", "became"), [("Succeeded", "Failed"), ("Merging", "Processing")])
async def test_a_phase_that_goes_back_is_found(was: str, became: str) -> None:
    async with simulation(start=False) as sim:
        for phase in (was, became):
            sim.store.replace(GERMINAL, {**sim.apply(pdfjob()), "status": {"phase": phase}}, STATUS)
        with pytest.raises(AssertionError, match=became):
            sim.check(ended=False)


async def test_a_job_of_another_name_for_the_same_stage_is_found() -> None:
    async with simulation(start=False) as sim:
        meta: dict[str, Any] = {"labels": {"pdfjob.dev/stage": "merge"}}
        meta |= {"ownerReferences": [{"uid": sim.apply(pdfjob())["metadata"]["uid"]}]}
        for name in ("a", "b"):
            spec = {"template": {"metadata": {}, "spec": {"containers": [{"name": "merge", "env": []}]}}}
            sim.store.create(Ref(JOBS, "books", name), {"metadata": meta, "spec": spec})
        with pytest.raises(AssertionError, match="the same stage"):
            sim.check(ended=False)


async def test_a_deletion_of_what_was_to_be_retried_is_found() -> None:
    async with simulation(start=False) as sim:
        made = sim.apply(pdfjob(retryFailed=1, ttlSecondsAfterFinished=0))
        ended = {"phase": "Failed", "round": 0, "completionTime": "2026-11-23T11:00:00Z"}
        sim.store.replace(GERMINAL, {**made, "status": ended}, STATUS)
        meta = {"ownerReferences": [{"uid": made["metadata"]["uid"]}]}
        sim.store.create(Ref(JOBS, "books", "a"), {"metadata": meta, "spec": {"suspend": True}})
        sim.store.delete(GERMINAL, How("delete", by=By("operator-1")))
        sim.store.collect()
        with pytest.raises(AssertionError, match="though a retry was asked for"):
            sim.check(ended=False)


async def test_a_job_that_is_made_before_the_start_is_on_record_is_found() -> None:
    async with simulation(start=False) as sim:
        meta: dict[str, Any] = {"labels": {"pdfjob.dev/stage": "prepare", "pdfjob.dev/round": "0"}}
        meta |= {"ownerReferences": [{"uid": sim.apply(pdfjob())["metadata"]["uid"]}]}
        sim.store.create(Ref(JOBS, "books", "a"), {"metadata": meta, "spec": {"suspend": True}}, By("operator-1"))
        with pytest.raises(AssertionError, match="before round 0 was on record"):
            sim.check(ended=False)
