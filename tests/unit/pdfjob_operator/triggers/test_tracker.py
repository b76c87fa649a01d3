"""What is told when a PdfJob appears, changes or goes: async, because time is the event loop's."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from builders import NOW, SETTINGS, make_pdfjob
from pdfjob_operator.garbage_collection.collector import GarbageCollector
from pdfjob_operator.metrics.job_gauges import JobGauges
from pdfjob_operator.metrics.recorder import MetricsRecorder
from pdfjob_operator.objects.pdfjob import Key
from pdfjob_operator.runtime.watch_liveness import WatchLiveness
from pdfjob_operator.runtime.work_queue import Trigger, WorkQueue
from pdfjob_operator.triggers.tracker import Tracker
from unit.pdfjob_operator.fake_cluster import FakeCluster


class Listeners:
    """A tracker, and all that it tells."""

    def __init__(self) -> None:
        async def wait() -> None: ...

        async def reconcile(_: Key, __: frozenset[Trigger]) -> None: ...

        self.queue: WorkQueue[Key] = WorkQueue(reconcile)
        self.liveness, self.job_gauges = WatchLiveness(), JobGauges()
        recorder = MetricsRecorder(SETTINGS.prices)
        self.collector = GarbageCollector(FakeCluster(), SETTINGS, lambda: NOW, wait, recorder)
        self.tracker = Tracker(self.queue, self.collector, self.liveness, self.job_gauges)

    def count(self) -> tuple[int, int, int]:
        """How many PdfJobs wait, exist for the garbage collection, and exist for the gauges."""
        gauges = sum(self.job_gauges.count_jobs(phase) for phase in ("Pending", "Succeeded"))
        return len(self.queue), len(self.collector.known_uids()), gauges


def pdfjob(name: str = "germinal", **status: Any) -> Mapping[str, Any]:
    raw = make_pdfjob(name=name, status=status).raw
    return raw | {"metadata": raw["metadata"] | {"uid": name}}


async def listing(*raws: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
    for raw in raws:
        yield raw


async def test_a_pdfjob_that_appears_is_told_to_all() -> None:
    listeners = Listeners()
    listeners.liveness.record_write("pdfjobs", Key("books", "germinal"))

    listeners.tracker.pdfjob_event(pdfjob(), deleted=False)

    assert listeners.count() == (1, 1, 1)
    assert listeners.liveness.lag() == 0


async def test_a_pdfjob_that_is_settled_is_known_but_not_reconciled() -> None:
    listeners = Listeners()

    listeners.tracker.pdfjob_event(pdfjob(phase="Succeeded", observedGeneration=1), deleted=False)

    assert listeners.count() == (0, 1, 1)


async def test_a_pdfjob_that_is_deleted_is_told_to_all_and_its_claim_is_swept() -> None:
    listeners = Listeners()
    listeners.tracker.pdfjob_event(pdfjob(phase="Succeeded", observedGeneration=1), deleted=False)

    listeners.tracker.pdfjob_event(pdfjob(), deleted=True)

    assert listeners.count() == (1, 0, 0)
    assert len(listeners.collector.queue) == 1


async def test_a_pdfjob_that_is_first_heard_of_when_it_is_deleted_is_swept_too() -> None:
    listeners = Listeners()

    listeners.tracker.pdfjob_event(pdfjob(), deleted=True)

    assert len(listeners.collector.queue) == 1


async def test_a_job_or_a_pod_asks_for_the_pdfjob_that_it_names() -> None:
    listeners = Listeners()
    listeners.liveness.record_write("jobs", Key("books", "germinal"))

    for annotations in ({"pdfjob.dev/job": "germinal"}, {}):
        listeners.tracker.owned_object_event(
            "jobs", {"metadata": {"namespace": "books", "name": "any", "annotations": annotations}}
        )

    assert len(listeners.queue) == 1
    assert listeners.liveness.lag() == 0


async def test_a_listing_finds_what_appeared_and_what_is_gone() -> None:
    listeners = Listeners()
    listeners.tracker.pdfjob_event(pdfjob("gone", phase="Succeeded", observedGeneration=1), deleted=False)
    listeners.liveness.record_write("pdfjobs", Key("books", "gone"))

    await listeners.tracker.sync(listing(pdfjob("nana"), pdfjob("germinal")), Trigger.RESYNC)

    assert listeners.count() == (2, 2, 2)
    assert len(listeners.collector.queue) == 1
    assert listeners.liveness.lag() == 0
