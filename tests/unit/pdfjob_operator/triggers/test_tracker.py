"""What is told when a PdfJob appears, changes or goes: async, because time is the event loop's."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from builders import NOW, SETTINGS, make_pdfjob
from pdfjob_operator.garbage_collection.collector import GarbageCollector
from pdfjob_operator.metrics.job_gauges import JobGauges
from pdfjob_operator.metrics.namespace_labels import NamespaceLabels
from pdfjob_operator.metrics.recorder import MetricsRecorder
from pdfjob_operator.objects.pdfjob import Key
from pdfjob_operator.runtime.admission import Admission
from pdfjob_operator.runtime.watch_liveness import WatchLiveness
from pdfjob_operator.runtime.work_queue import Trigger, WorkQueue
from pdfjob_operator.triggers.tracker import Tracker
from unit.pdfjob_operator.fake_cluster import FakeCluster


class Listeners:
    """A tracker, and all that it tells."""

    def __init__(self, *, most: int | None = None) -> None:
        async def wait() -> None: ...

        async def reconcile(_: Key, __: frozenset[Trigger]) -> None: ...

        self.queue: WorkQueue[Key] = WorkQueue(reconcile, group=lambda key: key.namespace)
        namespaces = NamespaceLabels(20, SETTINGS.prices)
        self.liveness, self.job_gauges = WatchLiveness(), JobGauges(namespaces)
        self.admission = Admission(most)
        recorder = MetricsRecorder(SETTINGS.prices, namespaces)
        self.collector = GarbageCollector(FakeCluster(), SETTINGS, lambda: NOW, wait, recorder)
        self.tracker = Tracker(
            self.queue, self.collector, self.liveness, self.job_gauges, admission=self.admission, now=lambda: NOW
        )

    def wrote(self, resource: str, name: str) -> None:
        """Write something for a PdfJob."""
        with self.liveness.expect(resource, Key("books", name)):
            pass

    def count(self) -> tuple[int, int, int]:
        """How many PdfJobs wait, exist for the garbage collection, and exist for the gauges."""
        gauges = int(sum(self.job_gauges.count_jobs().values()))
        return len(self.queue), len(self.collector.known_uids()), gauges


def pdfjob(name: str = "germinal", spec: Mapping[str, Any] | None = None, **status: Any) -> Mapping[str, Any]:
    raw = make_pdfjob(name=name, status=status, **spec or {}).raw
    return raw | {"metadata": raw["metadata"] | {"uid": name}}


async def listing(*raws: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
    for raw in raws:
        yield raw


async def test_a_pdfjob_that_appears_is_told_to_all() -> None:
    listeners = Listeners()
    listeners.wrote("pdfjobs", "germinal")

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


def owned(uid: str = "germinal", *, job: str = "germinal", namespace: str = "books") -> Mapping[str, Any]:
    """A Job or a pod that says whose it is."""
    labels, annotations = {"pdfjob.dev/uid": uid}, {"pdfjob.dev/job": job}
    return {"metadata": {"namespace": namespace, "name": "any", "labels": labels, "annotations": annotations}}


async def test_a_job_or_a_pod_asks_for_the_pdfjob_that_it_belongs_to() -> None:
    listeners = Listeners()
    listeners.tracker.pdfjob_event(pdfjob(phase="Succeeded", observedGeneration=1), deleted=False)
    listeners.wrote("jobs", "germinal")

    listeners.tracker.owned_object_event("jobs", owned())

    assert len(listeners.queue) == 1
    assert listeners.liveness.lag() == 0


@pytest.mark.parametrize(
    "raw",
    [
        owned(job="../../../../api/v1/pods"),
        owned(job="nana"),
        owned("another-uid"),
        owned(namespace="elsewhere"),
        {"metadata": {"namespace": "books", "name": "any", "labels": {"pdfjob.dev/uid": "germinal"}}},
        {"metadata": {"namespace": "books", "name": "any", "annotations": {"pdfjob.dev/job": "germinal"}}},
        {"metadata": {"namespace": "books", "name": "any"}},
    ],
)
async def test_what_names_no_pdfjob_that_exists_is_ignored(raw: Mapping[str, Any]) -> None:
    listeners = Listeners()
    listeners.tracker.pdfjob_event(pdfjob(phase="Succeeded", observedGeneration=1), deleted=False)

    listeners.tracker.owned_object_event("pods", raw)

    assert len(listeners.queue) == 0


async def test_what_a_deleted_pdfjob_leaves_asks_for_nothing() -> None:
    listeners = Listeners()
    listeners.tracker.pdfjob_event(pdfjob(), deleted=False)
    listeners.tracker.pdfjob_event(pdfjob(phase="Succeeded", observedGeneration=1), deleted=True)
    before = len(listeners.queue)

    listeners.tracker.owned_object_event("pods", owned())

    assert (len(listeners.queue), before) == (1, 1)  # the PdfJob's own deletion


async def test_a_pdfjob_that_took_the_name_of_another_unheard_replaces_it() -> None:
    listeners = Listeners()
    first = pdfjob()
    second = {**first, "metadata": {**first["metadata"], "uid": "second"}}
    listeners.tracker.pdfjob_event(first, deleted=False)

    listeners.tracker.pdfjob_event(second, deleted=False)

    assert listeners.count() == (1, 1, 1)
    assert listeners.collector.known_uids() == {"second"}
    assert len(listeners.collector.queue) == 1


async def test_a_listing_finds_what_appeared_and_what_is_gone() -> None:
    listeners = Listeners()
    listeners.tracker.pdfjob_event(pdfjob("gone", phase="Succeeded", observedGeneration=1), deleted=False)
    listeners.wrote("pdfjobs", "gone")

    await listeners.tracker.sync(listing(pdfjob("nana"), pdfjob("germinal")), Trigger.RESYNC)

    assert listeners.count() == (2, 2, 2)
    assert len(listeners.collector.queue) == 1
    assert listeners.liveness.lag() == 0


@pytest.mark.parametrize("trigger", [Trigger.START, Trigger.RESYNC])
async def test_a_finished_pdfjob_costs_nothing_until_shortly_before_it_is_deleted(trigger: Trigger) -> None:
    listeners = Listeners()
    ended: dict[str, Any] = {"phase": "Succeeded", "observedGeneration": 1, "completionTime": "2026-11-23T11:00:00Z"}

    await listeners.tracker.sync(
        listing(
            pdfjob("kept", **ended),
            pdfjob("next-week", {"ttlSecondsAfterFinished": 604800}, **ended),
            pdfjob("soon", {"ttlSecondsAfterFinished": 3700}, **ended),
        ),
        trigger,
    )

    assert len(listeners.queue) == 1
    assert listeners.queue.longest_wait() == 0  # not due yet


@pytest.mark.parametrize(
    "status",
    [{}, {"completionTime": ""}, {"completionTime": "soon"}, {"completionTime": "2026-11-23T11:00:00"}],
    ids=str,
)
async def test_a_finished_pdfjob_with_a_strange_status_is_looked_at(status: dict[str, str]) -> None:
    listeners = Listeners()

    spec = {"ttlSecondsAfterFinished": 604800}
    listeners.tracker.pdfjob_event(pdfjob("a", spec, phase="Failed", observedGeneration=1, **status), deleted=False)

    assert len(listeners.queue) == 1


async def test_a_pdfjob_that_is_to_be_deleted_is_looked_at_in_time() -> None:
    listeners = Listeners()
    ended: dict[str, Any] = {"phase": "Succeeded", "observedGeneration": 1, "completionTime": "2026-11-23T11:00:00Z"}

    listeners.tracker.pdfjob_event(pdfjob("over", {"ttlSecondsAfterFinished": 60}, **ended), deleted=False)
    await asyncio.sleep(0.001)

    assert listeners.queue.longest_wait() > 0


WAITING: dict[str, Any] = {"phase": "Pending", "observedGeneration": 1, "startTime": "2026-11-23T11:00:00Z"} | {
    "conditions": [{"type": "Reconciling", "status": "True", "reason": "NamespaceLimitReached"}]
}


async def test_a_pdfjob_that_waits_for_another_costs_nothing_until_that_one_has_finished() -> None:
    listeners = Listeners(most=1)
    listeners.tracker.pdfjob_event(pdfjob("first", phase="Processing", observedGeneration=1), deleted=False)
    await listeners.tracker.sync(
        listing(pdfjob("first", phase="Processing", observedGeneration=1), pdfjob("second", **WAITING)), Trigger.RESYNC
    )
    assert len(listeners.queue) == 1  # the first

    listeners.tracker.pdfjob_event(pdfjob("first", phase="Succeeded", observedGeneration=1), deleted=False)

    assert len(listeners.queue) == 2
    assert listeners.admission.admit(Key("books", "second"), "second", has_jobs=False)


@pytest.mark.parametrize("heard", [True, False])
async def test_a_pdfjob_that_is_deleted_makes_room(*, heard: bool) -> None:
    listeners = Listeners(most=1)
    first, second = pdfjob("first", phase="Merging", observedGeneration=1), pdfjob("second", **WAITING)
    await listeners.tracker.sync(listing(first, second), Trigger.START)

    if heard:
        listeners.tracker.pdfjob_event(first, deleted=True)
    else:
        await listeners.tracker.sync(listing(second), Trigger.RESYNC)

    assert listeners.admission.namespaces() == []
    assert listeners.admission.admit(Key("books", "second"), "second", has_jobs=False)


async def test_a_pdfjob_that_waits_is_looked_at_when_it_is_changed_or_out_of_time() -> None:
    listeners = Listeners(most=1)
    late: dict[str, Any] = {**WAITING, "startTime": "2026-11-22T11:00:00Z"}
    changed: dict[str, Any] = {**WAITING, "observedGeneration": 0}

    await listeners.tracker.sync(
        listing(pdfjob("patient", **WAITING), pdfjob("late", **late), pdfjob("changed", **changed)), Trigger.RESYNC
    )

    assert len(listeners.queue) == 3  # one of them is the one for which there is room
