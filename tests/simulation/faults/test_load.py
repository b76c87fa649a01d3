"""Many PdfJobs at once: a healthy operator stays healthy, and takes none of its own work for missed events."""

import asyncio

from simulation.faults.test_health import complaint
from simulation.simulator.controllers.work import TimedPlan
from simulation.world import metric, pdfjob, simulation


NAMES = tuple(f"book-{number}" for number in range(12))


async def test_an_operator_with_many_pdfjobs_is_always_healthy() -> None:
    async with simulation(plans=dict.fromkeys(NAMES, TimedPlan(pages=60))) as sim:
        missed, complaints = metric("pdfjob_missed_events_total"), []

        async def look() -> None:
            while True:
                complaints.append(complaint())
                await asyncio.sleep(5)

        looking = asyncio.create_task(look())
        for name in NAMES:
            sim.apply(pdfjob(name))
        await sim.until_ended(*NAMES)
        await sim.rest(300)
        looking.cancel()

        assert {*complaints} == {None}
        assert metric("pdfjob_missed_events_total") == missed
        assert sim.operator.exits == []
        sim.check()
