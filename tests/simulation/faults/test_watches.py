"""Watches that stutter, lag, break off, lie or die: every job ends all the same, and only once."""

from collections.abc import Callable

import pytest

from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.faults.call import Delay, Effect, Error, StreamEffect
from simulation.simulator.faults.faults import Answers, Fault, SpoiltWatch
from simulation.simulator.faults.matches import both, calls, during, nth
from simulation.world import metric, pdfjob, simulation
from sizes import cases


PLANS = {"germinal": TimedPlan(pages=120), "nana": TimedPlan(pages=12)}
PHASES = dict.fromkeys(PLANS, "Succeeded")

WATCHES = calls("watch")
MANY = range(1000)


async def all_end(fault: Callable[[], Fault]) -> int:
    """Run two jobs while this goes wrong; returns how often the operator gave up and was started again."""
    async with simulation(plans=PLANS) as sim:
        await sim.rest(5)
        sim.faults.add(fault())
        for name in PLANS:
            sim.apply(pdfjob(name))
        await sim.until_ended(*PLANS)
        sim.faults.clear()
        await sim.rest()
        sim.check()
        assert {name: sim.status(name)["phase"] for name in PLANS} == PHASES
        return len(sim.operator.exits)


@pytest.mark.parametrize("plural", ["pdfjobs", "jobs", "pods"])
@pytest.mark.parametrize("effect", [Effect.TWICE, Effect.CLOSE, Delay(60), Error(410, "Expired")], ids=str)
async def test_every_third_event_of_a_kind_is_spoilt(plural: str, effect: StreamEffect) -> None:
    events = frozenset(MANY[::3])

    assert await all_end(lambda: SpoiltWatch(calls("watch", plural=plural), effect, events)) == 0


async def test_watches_fall_silent_for_a_minute() -> None:
    assert await all_end(lambda: SpoiltWatch(both(WATCHES, during(10, 70)), Effect.SILENCE)) == 0


async def test_watches_are_forbidden_for_half_a_minute() -> None:
    assert await all_end(lambda: Answers(both(WATCHES, during(0, 30)), Error(403, "Forbidden"))) == 0


@pytest.mark.parametrize("code", [429, 500, 504])
async def test_an_error_in_a_stream_ends_kopf_and_not_the_operator(code: int) -> None:
    restarts = metric("pdfjob_watch_restarts_total")

    assert await all_end(lambda: SpoiltWatch(WATCHES, Error(code), frozenset({3}))) == 0
    assert metric("pdfjob_watch_restarts_total") == restarts + 1


@pytest.mark.parametrize("event", cases(range(2, 12), quick=[2, 7, 11]))
async def test_any_event_may_be_lost_when_another_one_follows(event: int) -> None:
    assert await all_end(lambda: SpoiltWatch(WATCHES, Effect.DROP, frozenset({event}))) == 0


@pytest.mark.parametrize("code", [401, 404, 410])
async def test_a_watch_that_is_refused_does_not_end_the_operator(code: int) -> None:
    assert await all_end(lambda: Answers(nth(0, of=both(WATCHES, during(60, 3600))), Error(code))) == 0


@pytest.mark.parametrize("plural", ["pdfjobs", "jobs", "pods"])
async def test_a_kind_of_which_nothing_is_heard_costs_minutes_only(plural: str) -> None:
    assert await all_end(lambda: SpoiltWatch(calls("watch", plural=plural), Effect.DROP)) == 0


async def test_with_no_event_at_all_the_resync_does_everything_and_says_so() -> None:
    missed = metric("pdfjob_missed_events_total")

    assert await all_end(lambda: SpoiltWatch(WATCHES, Effect.DROP)) == 0
    assert metric("pdfjob_missed_events_total") > missed


async def test_without_faults_the_resync_finds_nothing() -> None:
    missed = metric("pdfjob_missed_events_total")

    async with simulation(plans=PLANS) as sim:
        for name in PLANS:
            sim.apply(pdfjob(name))
        await sim.until_ended(*PLANS)
        await sim.rest(3600)

    assert metric("pdfjob_missed_events_total") == missed


async def test_watches_that_stay_silent_for_ever() -> None:
    assert await all_end(lambda: SpoiltWatch(both(WATCHES, during(10, 36000)), Effect.SILENCE)) == 0


@pytest.mark.parametrize("event", cases(range(8), quick=[0, 3, 7]))
async def test_any_single_event_may_be_lost(event: int) -> None:
    assert await all_end(lambda: SpoiltWatch(WATCHES, Effect.DROP, frozenset({event}))) == 0


async def test_an_annotation_of_kopf_that_is_no_json_hides_no_pdfjob() -> None:
    poisoned = pdfjob("germinal")
    poisoned["metadata"]["annotations"] = {"kopf.zalando.org/last-handled-configuration": "{not json"}
    missed = metric("pdfjob_missed_events_total")
    async with simulation(plans=PLANS) as sim:
        await sim.rest(5)
        sim.apply(poisoned)
        sim.apply(pdfjob("nana"))
        await sim.until_ended(*PLANS)
    assert metric("pdfjob_missed_events_total") == missed
