"""`retryFailed` that is raised at the worst moment."""

from collections.abc import Callable

import pytest

from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.faults.call import Answer, Call
from simulation.simulator.faults.faults import Fault
from simulation.world import pdfjob, simulation


class Meanwhile(Fault):
    """Something happens once, just before a matching call."""

    def __init__(self, match: Callable[[Call], bool], action: Callable[[], object]) -> None:
        self._match = match
        self._action = action
        self.happened = False

    def before(self, call: Call) -> Answer | None:
        if not self.happened and self._match(call):
            self.happened = True
            self._action()
        return None


def writes_the_end(call: Call) -> bool:
    return call.subresource == "status" and call.body["status"].get("phase") in ("Succeeded", "Failed")


def deletes_the_pdfjob(call: Call) -> bool:
    return call.verb == "delete" and call.ref.kind.plural == "pdfjobs"


@pytest.mark.parametrize(
    "plan",
    [TimedPlan(pages=120, chunks={1: (21,)}), TimedPlan(pages=120, merge=(23,)), TimedPlan(prepare=(20,))],
    ids=["a chunk failed", "merge failed", "prepare failed"],
)
async def test_a_retry_that_is_asked_for_just_before_the_end_is_taken_up_after_it(plan: TimedPlan) -> None:
    async with simulation(plans={"germinal": plan}) as sim:
        raised = Meanwhile(writes_the_end, lambda: sim.apply(pdfjob("germinal", retryFailed=1)))
        sim.faults.add(raised)
        sim.apply(pdfjob("germinal"))
        await sim.until(lambda: raised.happened, "the end of the first round")
        await sim.until(lambda: sim.status("germinal").get("round") == 1, "the next round", seconds=60)
        await sim.until_ended("germinal")
        sim.check()


async def test_a_retry_that_is_asked_for_just_before_the_deletion_keeps_the_pdfjob() -> None:
    async with simulation(plans={"germinal": TimedPlan(pages=120, chunks={1: (21,)})}) as sim:
        raised = Meanwhile(deletes_the_pdfjob, lambda: sim.apply(pdfjob("germinal", retryFailed=1)))
        sim.faults.add(raised)
        sim.apply(pdfjob("germinal", ttlSecondsAfterFinished=60))
        await sim.until(lambda: raised.happened, "the deletion")
        await sim.until(lambda: sim.status("germinal").get("round") == 1, "the next round", seconds=60)
        await sim.until_ended("germinal")
        sim.check()
