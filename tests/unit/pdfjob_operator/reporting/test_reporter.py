from dataclasses import replace

from builders import NOW, SETTINGS, make_observation, make_pdfjob
from pdfjob_operator.metrics.job_gauges import JobGauges
from pdfjob_operator.metrics.namespace_labels import NamespaceLabels
from pdfjob_operator.metrics.recorder import MetricsRecorder
from pdfjob_operator.objects.phases import Phase
from pdfjob_operator.planning.decision import Decision, JobState
from pdfjob_operator.planning.progress import Progress
from pdfjob_operator.reporting.reporter import CONFLICT_SECONDS, Reported, Reporter
from pdfjob_operator.reporting.status import render_status
from pdfjob_operator.runtime.watch_liveness import WatchLiveness
from unit.pdfjob_operator.fake_cluster import FakeCluster


PROCESSING = JobState(Phase.PROCESSING, "Processing", "1 of 4 chunks are done.", Progress(120, 4, 2, 1, 0))
STATUS = render_status(make_pdfjob(), PROCESSING, NOW, claim=SETTINGS.workspace_claim)
KEY = make_pdfjob().key


def reporter_of(cluster: FakeCluster, *, liveness: WatchLiveness | None = None) -> Reporter:
    namespaces = NamespaceLabels(20, SETTINGS.prices)
    return Reporter(
        cluster,
        SETTINGS,
        liveness=liveness or WatchLiveness(),
        recorder=MetricsRecorder(SETTINGS.prices, namespaces),
        job_gauges=JobGauges(namespaces),
    )


async def test_a_new_phase_is_written_and_announced() -> None:
    cluster = FakeCluster()
    merging = JobState(Phase.MERGING, "Merging", "Merging the results.")

    reported = await reporter_of(cluster).report(
        make_observation(pdfjob=make_pdfjob(status=STATUS), recheck_after=20), Decision(merging, requeue_after=60)
    )

    assert reported == Reported(changed=True, requeue_after=20)
    assert [status["phase"] for status in cluster.statuses] == ["Merging"]
    assert [event["reason"] for event in cluster.posted] == ["Merging"]


async def test_a_status_that_has_not_changed_is_not_written() -> None:
    cluster = FakeCluster()

    reported = await reporter_of(cluster).report(
        make_observation(pdfjob=make_pdfjob(status=STATUS)), Decision(PROCESSING)
    )

    assert reported == Reported(changed=False, requeue_after=None)
    assert (cluster.statuses, cluster.posted) == ([], [])


async def test_progress_that_comes_too_soon_is_written_later() -> None:
    cluster = FakeCluster()
    reporter = reporter_of(cluster)
    more = replace(PROCESSING, progress=Progress(120, 4, 2, 2, 0))

    await reporter.report(make_observation(pdfjob=make_pdfjob()), Decision(PROCESSING))
    reported = await reporter.report(make_observation(pdfjob=make_pdfjob(status=STATUS)), Decision(more))

    assert len(cluster.statuses) == 1
    assert not reported.changed
    assert reported.requeue_after is not None
    assert 4 < reported.requeue_after <= 5


async def test_a_conflict_is_followed_by_another_reconciliation_and_announced_to_nobody() -> None:
    cluster, liveness = FakeCluster(), WatchLiveness()
    cluster.conflicting = True

    reported = await reporter_of(cluster, liveness=liveness).report(
        make_observation(pdfjob=make_pdfjob()), Decision(PROCESSING)
    )

    assert reported == Reported(changed=True, requeue_after=CONFLICT_SECONDS)
    assert cluster.posted == []
    assert liveness.expected() == []


async def test_the_event_about_a_status_may_come_before_the_answer() -> None:
    cluster, liveness = FakeCluster(), WatchLiveness()
    cluster.on_write = lambda: liveness.record_event("pdfjobs", KEY)

    await reporter_of(cluster, liveness=liveness).report(make_observation(pdfjob=make_pdfjob()), Decision(PROCESSING))

    assert len(cluster.statuses) == 1
    assert liveness.expected() == []


async def test_an_event_is_expected_until_it_comes() -> None:
    liveness = WatchLiveness()

    await reporter_of(FakeCluster(), liveness=liveness).report(
        make_observation(pdfjob=make_pdfjob()), Decision(PROCESSING)
    )

    assert liveness.expected() == [("pdfjobs", KEY)]


async def test_a_new_round_begins_with_nothing_left_of_the_last_one() -> None:
    cluster = FakeCluster()
    failed = JobState(Phase.FAILED, "SourceNotFound", "…", Progress(120, 4, warnings=("It was repaired.",)))
    pdfjob = make_pdfjob(retryFailed=2, status=render_status(make_pdfjob(), failed, NOW))
    pending = JobState(Phase.PENDING, "Pending", "Retrying the failed chunks.")

    await reporter_of(cluster).report(make_observation(pdfjob=pdfjob), Decision(pending, new_round=2))

    (status,) = cluster.statuses
    assert (status["round"], status["phase"], status["startTime"]) == (2, "Pending", "2026-11-23T12:00:00Z")
    assert not {"completionTime", "warnings", "pages", "chunks"} & set(status)


async def test_a_new_spec_of_a_finished_pdfjob_is_acknowledged_once() -> None:
    cluster = FakeCluster()
    done = JobState(Phase.SUCCEEDED, "AllPagesProcessed", "…", Progress(120, 4, 0, 4, 0))
    pdfjob = replace(make_pdfjob(status=render_status(make_pdfjob(), done, NOW)), generation=2, retry_failed=1)

    await reporter_of(cluster).report(make_observation(pdfjob=pdfjob), Decision(None))
    (status,) = cluster.statuses
    assert status == {**pdfjob.status, "observedGeneration": 2, "round": 1}

    reported = await reporter_of(cluster).report(
        make_observation(pdfjob=replace(pdfjob, status=status)), Decision(None, requeue_after=60)
    )
    assert reported == Reported(changed=False, requeue_after=60)
