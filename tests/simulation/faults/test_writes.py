"""Answers that are errors, answers that are lost, and reads of the past: every job ends all the same, and only once."""

import pytest

from pdfjob_operator.objects.names import stage_job_name
from pdfjob_operator.objects.pdfjob import PdfJob
from pdfjob_operator.objects.phases import Stage
from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.faults.call import Answer, Break, Call, Error
from simulation.simulator.faults.faults import Answers, Fault, LostAnswers, StaleReads
from simulation.simulator.faults.matches import both, calls, during, every_second, fraction, nth, writes
from simulation.simulator.kinds import JOBS, NAMESPACES, Ref
from simulation.world import Simulation, metric, pdfjob, simulation
from sizes import cases


PLANS = {
    "germinal": TimedPlan(pages=120),
    "nana": TimedPlan(pages=12),
    "l-assommoir": TimedPlan(pages=300, chunks={3: (137, 0), 5: (21,)}),
    "la-terre": TimedPlan(prepare=(20,)),
}

PHASES = {"germinal": "Succeeded", "nana": "Succeeded", "l-assommoir": "Succeeded", "la-terre": "Failed"}


async def all_end(sim: Simulation, *faults: Fault, begin: float = 0) -> None:
    """Run four jobs while this goes wrong."""
    await sim.rest(begin)
    sim.faults.add(*faults)
    for name in PLANS:
        sim.apply(pdfjob(name))
    await sim.until_ended(*PLANS)
    sim.faults.clear()
    await sim.rest()
    sim.check()
    assert {name: sim.status(name)["phase"] for name in PLANS} == PHASES
    assert sim.status("l-assommoir")["failedPages"] == "151-180"
    assert sim.operator.exits == []


async def test_conflicts_on_every_second_status_write() -> None:
    async with simulation(plans=PLANS) as sim:
        conflicts = every_second(calls("replace", plural="pdfjobs", subresource="status"))
        await all_end(sim, Answers(conflicts, Error(409, "Conflict")))
        assert sim.server.codes[409] > 5


@pytest.mark.parametrize("seed", cases(range(2), quick=[0]))
@pytest.mark.parametrize("lost", [Break.RESET, Break.HANG, Error(504, "Timeout")], ids=["reset", "hang", "504"])
async def test_answers_that_are_lost_after_the_write(seed: int, lost: Answer) -> None:
    async with simulation(seed=seed, plans=PLANS) as sim:
        await all_end(sim, LostAnswers(both(writes, fraction(0.5, seed)), lost))


@pytest.mark.parametrize("seed", cases(range(2), quick=[0]))
@pytest.mark.parametrize("code", [500, 503, 403])
async def test_half_of_all_writes_fail(seed: int, code: int) -> None:
    async with simulation(seed=seed, plans=PLANS) as sim:
        await all_end(sim, Answers(both(writes, fraction(0.5, seed)), Error(code, "Simulated")))
        assert sim.server.codes[code] > 5


@pytest.mark.parametrize("seed", cases(range(2), quick=[0]))
async def test_a_fifth_of_all_requests_of_any_kind_fail(seed: int) -> None:
    async with simulation(seed=seed, plans=PLANS) as sim:
        await all_end(sim, Answers(fraction(0.2, seed), Error(503, "ServiceUnavailable")))
        assert sim.server.codes[503] > 5


@pytest.mark.parametrize("seed", cases(range(2), quick=[0]))
async def test_too_many_requests_with_a_time_to_wait(seed: int) -> None:
    async with simulation(seed=seed, plans=PLANS) as sim:
        await all_end(sim, Answers(fraction(0.2, seed), Error(429, "TooManyRequests", retry_after=7)))
        assert sim.server.codes[429] > 5


@pytest.mark.parametrize("nobody", [Break.RESET, Break.HANG], ids=["reset", "hang"])
async def test_ten_minutes_in_which_nobody_answers(nobody: Answer) -> None:
    async with simulation(plans=PLANS) as sim:
        await all_end(sim, Answers(during(10, 610), nobody), begin=5)
        assert sim.server.codes[0] > 5


@pytest.mark.parametrize("code", [500, 503, 403, 429])
async def test_ten_minutes_of_errors_fail_no_job_and_end_nothing(code: int) -> None:
    async with simulation(plans=PLANS) as sim:
        for name in PLANS:
            sim.apply(pdfjob(name))
        sim.faults.add(Answers(during(10, 610), Error(code, "Simulated", retry_after=5 if code == 429 else None)))
        restarts = metric("pdfjob_watch_restarts_total")
        await sim.rest(610)
        await sim.until_ended(*PLANS, seconds=600)
        await sim.rest()
        sim.check()
        assert sim.operator.exits == []
        assert metric("pdfjob_watch_restarts_total") == restarts
        assert {name: sim.status(name)["phase"] for name in PLANS} == PHASES


def reads_of_the_job(call: Call) -> bool:
    """Reads of anything but the namespace, which is older than any past that is read."""
    return call.verb in ("get", "list") and call.ref.kind is not NAMESPACES


@pytest.mark.parametrize("behind", cases(range(2, 18, 2), quick=[4, 12]))
async def test_a_restart_that_reads_the_past(behind: int) -> None:
    async with simulation(plans={"l-assommoir": PLANS["l-assommoir"]}) as sim:
        sim.apply(pdfjob("l-assommoir"))
        await sim.until(lambda: sim.status("l-assommoir").get("phase") == "Processing", "its chunks")
        sim.faults.add(StaleReads(both(reads_of_the_job, during(0, 10)), behind=behind))
        sim.operator.crash()
        await sim.until_ended("l-assommoir")
        await sim.rest()
        sim.check()
        assert sim.status("l-assommoir")["phase"] == "Succeeded"


async def test_one_refused_job_is_tried_again() -> None:
    async with simulation(plans=PLANS) as sim:
        refused = nth(1, 2, of=calls("create", plural="jobs"))  # the first is a note for the sweep
        sim.faults.add(Answers(refused, Error(422, "Invalid")))
        sim.apply(pdfjob("germinal"))

        def shown() -> bool:
            return any(it["reason"] == "JobRefused" for it in sim.status("germinal").get("conditions", ()))

        await sim.until(shown, "the refusal")
        await sim.until_ended("germinal")
        sim.check()


async def test_a_foreign_job_that_has_the_name_of_one_is_left_alone_and_waited_for() -> None:
    async with simulation(plans=PLANS, start=False) as sim:
        name = stage_job_name(PdfJob.parse(sim.apply(pdfjob("germinal"))), Stage.PREPARE, 0, 0)
        foreign = Ref(JOBS, "books", name)
        sim.store.create(foreign, {"metadata": {}, "spec": {"suspend": True}})
        sim.operator.start()
        sim.apply(pdfjob("nana"))

        await sim.until(lambda: f"Job {name} belongs" in sim.status("germinal").get("message", ""), "the refusal")
        await sim.until_ended("nana")
        sim.store.delete(foreign)
        await sim.until_ended("germinal")
        sim.check()


class Edit(Fault):
    """The author annotates the PdfJob just before the operator writes its first status."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.done = False

    def before(self, call: Call) -> None:
        if call.subresource == "status" and not self.done:
            self.done = True
            self.sim.apply({**pdfjob("germinal"), "metadata": {**pdfjob("germinal")["metadata"], "labels": {"a": "b"}}})


async def test_a_status_is_not_written_over_a_change_since_it_was_read() -> None:
    async with simulation(plans=PLANS) as sim:
        sim.faults.add(Edit(sim))
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal")

        assert sim.server.codes[409] == 1
        sim.check()
