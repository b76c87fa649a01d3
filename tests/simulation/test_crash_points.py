"""The operator is killed before and after each of its writes, one run for each, and the end is the same."""

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from simulation.faults import Crash, nth, writes
from simulation.kinds import JOBS
from simulation.work import TimedPlan
from simulation.world import Simulation, pdfjob, simulation


TIMES = {"startTime", "completionTime", "duration", "lastTransitionTime"}

PLANS = {
    "several chunks": TimedPlan(pages=120, chunks={2: (21,)}),
    "one chunk": TimedPlan(pages=12),
    "a refused source": TimedPlan(prepare=(20,)),
}

Moment = Literal["before", "after"]


@dataclass(frozen=True)
class End:
    """What is left of a run: the status without its times, the Jobs, and the operator's writes on the way."""

    status: Any
    jobs: tuple[str, ...]
    points: tuple[str, ...]


async def run(plan: TimedPlan, crash: tuple[int, Moment] | None = None) -> End:
    async with simulation(plans={"germinal": plan}) as sim:
        if crash is not None:
            number, moment = crash
            sim.faults.add(Crash(nth(number, of=writes), moment, sim.operator.crash))
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal", seconds=3600)
        await sim.rest(60)
        sim.check()
        assert sim.operator.starts == (1 if crash is None else 2), sim.told()
        assert sim.operator.exits == []
        return End(
            status=timeless(sim.status("germinal")),
            jobs=tuple(raw["metadata"]["name"] for raw in sim.store.all(JOBS)),
            points=points(sim),
        )


def timeless(value: Any) -> Any:
    if isinstance(value, list):
        return [timeless(item) for item in value]
    if isinstance(value, dict):
        return {key: timeless(inner) for key, inner in value.items() if key not in TIMES}
    return value


def points(sim: Simulation) -> tuple[str, ...]:
    return tuple(call.point for call in sim.server.calls if call.writes)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
async def test_a_crash_at_any_write_changes_nothing_in_the_end(plan: TimedPlan) -> None:
    undisturbed = await run(plan)
    moments: tuple[Moment, ...] = ("before", "after")

    for number, point in enumerate(undisturbed.points):
        for moment in moments:
            end = await run(plan, (number, moment))
            assert end.points[number] == point
            assert (end.status, end.jobs) == (undisturbed.status, undisturbed.jobs), f"killed {moment} {point}"
