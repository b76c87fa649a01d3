"""The gauges of existing PdfJobs, as a scrape reads them."""

import asyncio
from typing import Any

from pdfjob_operator.configuration.prices import NO_PRICES
from pdfjob_operator.metrics import registry
from pdfjob_operator.metrics.job_gauges import JobGauges
from pdfjob_operator.metrics.namespace_labels import NamespaceLabels
from simulation.simulator.controllers.work import TimedPlan
from simulation.world import NAMESPACE, pdfjob, simulation


COUNTS = {"total": 8, "active": 2, "succeeded": 3, "failed": 1}


def raw(uid: str, phase: str, chunks: dict[str, int] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"uid": uid, "namespace": NAMESPACE},
        "spec": {"workers": 4} | spec,
        "status": {"phase": phase} | ({} if chunks is None else {"chunks": chunks}),
    }


def value(name: str, **labels: str) -> float:
    """A metric of the operator, or of the namespace of the tests."""
    for namespace in ({}, {registry.NAMESPACE: NAMESPACE}):
        found = registry.REGISTRY.get_sample_value(name, labels | namespace)
        if found is not None:
            return found
    return 0.0


async def test_jobs_are_counted_by_phase_and_the_chunks_of_unfinished_ones_by_state() -> None:
    job_gauges = JobGauges(NamespaceLabels(20, NO_PRICES))
    job_gauges.register()
    job_gauges.update({"metadata": {"uid": "new", "namespace": NAMESPACE}})  # before its first reconcile
    job_gauges.update(raw("one", "Processing", COUNTS))
    job_gauges.update(raw("done", "Succeeded", COUNTS))
    job_gauges.update(raw("gone", "Failed"))
    job_gauges.remove("gone")

    phases = {phase: value("pdfjob_jobs", phase=phase) for phase in ("Pending", "Processing", "Succeeded", "Failed")}
    chunks = {state: value("pdfjob_chunks", state=state) for state in ("waiting", "active", "succeeded", "failed")}

    assert phases == {"Pending": 1, "Processing": 1, "Succeeded": 1, "Failed": 0}
    assert chunks == {"waiting": 2, "active": 2, "succeeded": 3, "failed": 1}


async def test_the_longest_stall_is_that_of_the_most_stalled_job() -> None:
    job_gauges = JobGauges(NamespaceLabels(20, NO_PRICES))
    job_gauges.register()
    job_gauges.update(raw("one", "Processing", COUNTS))
    await asyncio.sleep(100)
    job_gauges.update(raw("one", "Processing", COUNTS))
    job_gauges.update(raw("other", "Processing", COUNTS))
    assert value("pdfjob_longest_stall_seconds") == 100

    job_gauges.update(raw("one", "Processing", COUNTS | {"succeeded": 4, "active": 1}))
    await asyncio.sleep(10)

    assert value("pdfjob_longest_stall_seconds") == 10


async def test_a_job_that_waits_on_purpose_is_not_stalled() -> None:
    job_gauges = JobGauges(NamespaceLabels(20, NO_PRICES))
    job_gauges.register()
    job_gauges.update(raw("paused", "Processing", COUNTS, workers=0))
    job_gauges.update(raw("suspended", "Suspended", COUNTS, suspend=True))
    job_gauges.update(raw("done", "Succeeded", COUNTS))
    await asyncio.sleep(1000)
    assert value("pdfjob_longest_stall_seconds") == 0

    job_gauges.update(raw("paused", "Processing", COUNTS))  # its clock starts when it goes on

    assert value("pdfjob_longest_stall_seconds") == 0


async def test_an_event_does_not_overwrite_what_a_reconcile_has_found() -> None:
    """The written status lags behind: when the watch delivers it, it must not reset the progress or the stall."""
    job_gauges = JobGauges(NamespaceLabels(20, NO_PRICES))
    job_gauges.register()
    job_gauges.add(raw("one", "Processing", COUNTS))
    job_gauges.update(raw("one", "Processing", COUNTS | {"succeeded": 4, "active": 1}))
    job_gauges.add(raw("one", "Processing", COUNTS))
    assert value("pdfjob_chunks", state="succeeded") == 4

    job_gauges.add(raw("one", "Succeeded", COUNTS))

    assert (value("pdfjob_jobs", phase="Succeeded"), value("pdfjob_chunks", state="succeeded")) == (1, 0)


async def test_a_running_operator_exports_its_jobs() -> None:
    finished = {"result": "succeeded", "reason": "AllPagesProcessed"}
    before = value("pdfjob_jobs_finished_total", **finished)
    reconciles = value("pdfjob_reconcile_duration_seconds_count", outcome="changed")
    async with simulation(plans={"germinal": TimedPlan(pages=120)}) as sim:
        sim.apply(pdfjob("germinal"))
        await sim.until_ended("germinal")
        await sim.rest(10)

        assert value("pdfjob_jobs", phase="Succeeded") == 1
        assert value("pdfjob_jobs_finished_total", **finished) == before + 1
        assert value("pdfjob_reconcile_duration_seconds_count", outcome="changed") > reconciles
        assert value("pdfjob_phase_duration_seconds_count", phase="Processing") > 0
        assert value("pdfjob_chunks", state="active") == 0
