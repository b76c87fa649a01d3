"""The operator is killed before and after each of its writes, one run for each, and the end is the same."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.faults.call import Call
from simulation.simulator.faults.faults import Crash
from simulation.simulator.faults.matches import nth, writes
from simulation.simulator.journal import RefusedError
from simulation.simulator.kinds import JOBS, PDFJOBS
from simulation.world import Simulation, pdfjob, simulation
from sizes import cases


TIMES = {"startTime", "completionTime", "duration", "lastTransitionTime", "suspendedSeconds"}

Moment = Literal["before", "after"]
Owner = Callable[[Simulation], Awaitable[None]]
"""What the owner of a PdfJob does, from its creation to its end."""


async def wait(sim: Simulation) -> None:
    await sim.until_ended("germinal", seconds=3600)


async def suspend(sim: Simulation) -> None:
    await until_phase(sim, "Processing")
    sim.apply(pdfjob("germinal", suspend=True))
    await until_phase(sim, "Suspended")
    await sim.until(lambda: all(job["spec"].get("suspend") for job in chunks_jobs(sim)), "suspended chunks")
    sim.apply(pdfjob("germinal", suspend=False))
    await wait(sim)


async def scale(sim: Simulation) -> None:
    await until_phase(sim, "Processing")
    sim.apply(pdfjob("germinal", workers=3))
    await sim.until(lambda: [job["spec"]["parallelism"] for job in chunks_jobs(sim)] == [3], "three workers")
    await wait(sim)


async def retry(sim: Simulation) -> None:
    await wait(sim)
    sim.apply(pdfjob("germinal", retryFailed=1))
    await sim.until(lambda: sim.status("germinal").get("round") == 1, "the second round")
    await wait(sim)


async def wait_for_deletion(sim: Simulation) -> None:
    await sim.until(lambda: not sim.store.all(PDFJOBS), "the deletion", seconds=3600)


async def until_phase(sim: Simulation, phase: str) -> None:
    await sim.until(lambda: sim.status("germinal").get("phase") == phase, phase)


def chunks_jobs(sim: Simulation) -> list[dict[str, Any]]:
    return [job for job in sim.store.all(JOBS) if job["metadata"]["labels"]["pdfjob.dev/stage"] == "chunks"]


@dataclass(frozen=True)
class Life:
    """The life of a PdfJob: what happens to its pods, its spec, and what its owner does."""

    plan: TimedPlan
    spec: dict[str, Any] = field(default_factory=dict)
    owner: Owner = wait


LIVES = {
    "several chunks": Life(TimedPlan(pages=120, chunks={2: (21,)})),
    "one chunk": Life(TimedPlan(pages=12)),
    "a refused source": Life(TimedPlan(prepare=(20,))),
    "suspended": Life(TimedPlan(pages=90, chunk_seconds=60), owner=suspend),
    "scaled": Life(TimedPlan(pages=150, chunk_seconds=60), {"workers": 1}, scale),
    "retried": Life(TimedPlan(pages=90, chunks={2: (21,)}, mended=1), owner=retry),
    "more memory": Life(TimedPlan(pages=90, out_of_memory=frozenset({1})), {"retries": 0}),
    "a claim of its own": Life(
        TimedPlan(pages=60),
        {"source": {"volume": {"claimName": "library", "path": "germinal.pdf"}}, "storage": {"size": "1Gi"}},
    ),
    "deleted in time": Life(TimedPlan(pages=12), {"ttlSecondsAfterFinished": 30}, wait_for_deletion),
}


@dataclass(frozen=True)
class End:
    """What is left of a run: the status without its times, the Jobs, and the operator's writes on the way."""

    status: Any
    jobs: tuple[str, ...]
    points: tuple[Call, ...]


async def run(life: Life, crash: tuple[int, Moment] | None = None) -> End:
    async with simulation(plans={"germinal": life.plan}) as sim:
        if crash is not None:
            number, moment = crash
            sim.faults.add(Crash(nth(number, of=writes), moment, sim.operator.crash))
        sim.apply(pdfjob("germinal", **life.spec))
        await life.owner(sim)
        await sim.rest(60)
        sim.check()
        assert sim.operator.starts == (1 if crash is None else 2), sim.told()
        assert sim.operator.exits == []
        return End(
            status=timeless(status(sim)),
            # Whether the merge was early depends on the time that the restart took.
            jobs=tuple(sorted(raw["metadata"]["name"].replace("-early-", "-") for raw in sim.store.all(JOBS))),
            points=tuple(call for call in sim.server.calls if call.writes),
        )


def status(sim: Simulation) -> Any:
    try:
        return sim.status("germinal")
    except RefusedError:
        return "deleted"


def timeless(value: Any) -> Any:
    if isinstance(value, list):
        return [timeless(item) for item in value]
    if isinstance(value, dict):
        return {key: timeless(inner) for key, inner in value.items() if key not in TIMES}
    return value


async def crash_at_each(life: Life, matching: Callable[[Call], bool]) -> int:
    """Kill the operator before and after each write that matches; returns how many there are."""
    undisturbed = await run(life)
    moments: tuple[Moment, ...] = ("before", "after")
    numbers = [number for number, call in enumerate(undisturbed.points) if matching(call)]
    for number in numbers:
        for moment in moments:
            end = await run(life, (number, moment))
            point = undisturbed.points[number].point
            assert end.points[number].point == point
            assert (end.status, end.jobs) == (undisturbed.status, undisturbed.jobs), f"killed {moment} {point}"
    return len(numbers)


QUICK = ["several chunks", "one chunk", "a refused source"]


@pytest.mark.parametrize("life", cases(LIVES, quick=QUICK))
async def test_a_crash_at_any_write_changes_nothing_in_the_end(life: str) -> None:
    assert await crash_at_each(LIVES[life], writes) > 5


@pytest.mark.parametrize(("life", "number"), [("suspended", 2), ("scaled", 1), ("deleted in time", 1)], ids=str)
async def test_a_crash_at_any_change_or_deletion_changes_nothing_in_the_end(life: str, number: int) -> None:
    def changes(call: Call) -> bool:
        return call.verb in ("patch", "delete")

    assert await crash_at_each(LIVES[life], changes) == number
