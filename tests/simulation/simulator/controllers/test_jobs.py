"""The simulated Job controller treats a suspended Job as the real one does (`syncJob` of Kubernetes 1.34)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from simulation.simulator.controllers.job_run import START_SECONDS
from simulation.simulator.controllers.job_status import has_ended
from simulation.simulator.controllers.jobs import CONDITION_SECONDS, PHASE_SECONDS, JobController
from simulation.simulator.controllers.work import Attempt, Work
from simulation.simulator.kinds import JOBS, PODS, Manifest, Ref
from simulation.simulator.store import Store


JOB = Ref(JOBS, "books", "job")
WORK_SECONDS = 10
TEMPLATE: Manifest = {"metadata": {}, "spec": {"containers": [{"name": "work", "env": []}]}}


@asynccontextmanager
async def job(*exit_codes: int, **spec: Any) -> AsyncIterator[Store]:
    """A Job, with the exit code of each of its indexes."""

    def attempt(index: int, _: int) -> Attempt:
        return Attempt(WORK_SECONDS, exit_codes[index], lambda _: "")

    def work(_: Manifest) -> Work:
        return Work(indexes=len(exit_codes), visible=True, attempt=attempt)

    store = Store()
    controller = asyncio.create_task(JobController(store, work).run())
    spec = {"completions": len(exit_codes), "template": TEMPLATE, "backoffLimit": 0, **spec}
    store.create(JOB, {"metadata": {}, "spec": spec})
    try:
        yield store
        assert not controller.done(), controller.exception()
    finally:
        controller.cancel()


def suspend(store: Store, *, suspended: bool = True) -> None:
    store.patch(JOB, {"spec": {"suspend": suspended}})


async def end(store: Store) -> None:
    """Wait until the Job has ended."""
    async with asyncio.timeout(START_SECONDS + WORK_SECONDS + PHASE_SECONDS + CONDITION_SECONDS + 1):
        while not has_ended(store.get(JOB)):
            await store.change()


def conditions(store: Store) -> dict[str, str]:
    """The conditions of the Job, by type."""
    return {it["type"]: it["status"] for it in store.get(JOB)["status"].get("conditions", ())}


@pytest.mark.parametrize(("exit_code", "outcome"), [(0, "Complete"), (1, "Failed")])
async def test_a_job_that_is_suspended_after_its_last_pod_has_ended_ends_all_the_same(
    exit_code: int, outcome: str
) -> None:
    async with job(exit_code) as store:
        await asyncio.sleep(START_SECONDS + WORK_SECONDS + PHASE_SECONDS + 1)
        suspend(store)
        assert not has_ended(store.get(JOB))
        await end(store)

        assert conditions(store)[outcome] == "True"
        assert "Suspended" not in conditions(store)


async def test_a_pod_whose_job_is_suspended_between_the_end_of_its_container_and_its_own_does_not_count() -> None:
    async with job(0) as store:
        await asyncio.sleep(START_SECONDS + WORK_SECONDS + PHASE_SECONDS / 2)
        (pod,) = store.all(PODS)
        assert (pod["status"]["phase"], *pod["status"]["containerStatuses"][0]["state"]) == ("Running", "terminated")
        suspend(store)
        await asyncio.sleep(3600)

        assert store.all(PODS) == []
        assert (store.get(JOB)["status"]["succeeded"], conditions(store)) == (0, {"Suspended": "True"})


async def test_a_job_that_is_suspended_after_some_of_its_pods_have_ended_keeps_these() -> None:
    spec = {"completionMode": "Indexed", "parallelism": 1, "backoffLimitPerIndex": 0}
    async with job(0, 1, 0, **spec) as store:
        await asyncio.sleep(2 * (START_SECONDS + WORK_SECONDS) + 5)
        suspend(store)
        await asyncio.sleep(3600)

        status = store.get(JOB)["status"]
        assert (status["completedIndexes"], status["failedIndexes"], status["active"]) == ("0", "1", 0)
        assert conditions(store) == {"Suspended": "True"}

        suspend(store, suspended=False)
        await end(store)

        assert store.get(JOB)["status"]["completedIndexes"] == "0,2"
        assert conditions(store)["Failed"] == "True"


async def test_a_job_that_is_resumed_has_its_whole_deadline_again() -> None:
    async with job(0, activeDeadlineSeconds=WORK_SECONDS + START_SECONDS + 1) as store:
        await asyncio.sleep(WORK_SECONDS)
        suspend(store)
        await asyncio.sleep(3600)
        suspend(store, suspended=False)
        await end(store)

        assert conditions(store) == {"Suspended": "False", "SuccessCriteriaMet": "True", "Complete": "True"}
