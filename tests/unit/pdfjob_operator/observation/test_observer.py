"""What is read for one reconciliation, and when to look again. The clock stands still: `NOW`."""

from dataclasses import replace
from typing import Any

import pytest

from builders import NOW, SETTINGS, make_claim, make_gemini, make_pdfjob, make_started
from chunk_runner.contract import report_json
from chunk_runner.contract.report import Failure, Report
from pdfjob_operator.objects.names import stage_job_name
from pdfjob_operator.objects.pdfjob import Key, PdfJob
from pdfjob_operator.objects.phases import Phase, Stage
from pdfjob_operator.observation.observer import DIAGNOSE_AFTER_SECONDS, RECHECK_SECONDS, Observer
from pdfjob_operator.observation.page_progress import POLL_SECONDS, PageProgress
from pdfjob_operator.planning.decision import JobState
from pdfjob_operator.planning.observation import Observation
from pdfjob_operator.reporting.status import render_status
from pdfjob_operator.runtime.admission import Admission
from unit.pdfjob_operator.fake_cluster import FakeCluster, raw_job, raw_pod, terminated


KEY = Key("books", "germinal")
NAME = stage_job_name(make_pdfjob(), Stage.CHUNKS, 0, 0)
FAILED = [{"type": "Failed", "status": "True", "reason": "FailedIndexes"}]
UNSCHEDULED = [{"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available: Insufficient cpu"}]


class FakePageProgress(PageProgress):
    def __init__(self) -> None:
        pass

    async def pages_processed(self, uid: str) -> int | None:
        return 7


def with_jobs(*jobs: dict[str, Any], pdfjob: PdfJob | None = None) -> FakeCluster:
    cluster = FakeCluster(pdfjob or make_started())
    cluster.job_list = list(jobs)
    return cluster


async def observe(cluster: FakeCluster, page_progress: PageProgress | None = None) -> Observation:
    observation = await Observer(cluster, lambda: NOW, SETTINGS, page_progress).observe(KEY)
    assert observation is not None
    return observation


@pytest.mark.parametrize("pdfjob", [make_pdfjob(), make_pdfjob(status={"phase": "Failed"})], ids=["new", "finished"])
async def test_of_a_pdfjob_that_is_new_or_has_finished_nothing_else_is_read(pdfjob: PdfJob) -> None:
    cluster = FakeCluster(pdfjob)

    assert await observe(cluster) == Observation(pdfjob, NOW)
    assert cluster.reads == ["pdfjob"]


async def test_a_pdfjob_that_is_gone_is_not_observed() -> None:
    assert await Observer(FakeCluster(), lambda: NOW, SETTINGS).observe(KEY) is None


async def test_jobs_that_have_the_pods_they_want_cost_two_requests() -> None:
    cluster = with_jobs(raw_job(name=NAME, chunks=5, active=4, ready=4))

    observation = await observe(cluster)

    assert cluster.reads == ["pdfjob", "jobs", "pods"]
    assert (observation.diagnosis, observation.recheck_after) == (None, None)


async def test_once_all_chunks_run_the_claim_of_an_early_merge_is_read() -> None:
    cluster = with_jobs(raw_job(name=NAME, active=4, ready=4))

    await observe(cluster)

    assert cluster.reads == ["pdfjob", "jobs", "pods", "claim pdfjob-workspace"]


async def test_the_pods_of_failed_indexes_say_what_happened_to_them() -> None:
    cluster = with_jobs(raw_job(name=NAME, failedIndexes="1,3", conditions=FAILED))
    cluster.pod_list = [
        raw_pod(index=1, phase="Failed", containerStatuses=terminated(137)),
        raw_pod(index=3, phase="Failed", containerStatuses=terminated(23)),
    ]

    observation = await observe(cluster)

    assert observation.out_of_memory_indexes == frozenset({1})
    assert observation.volume_failure is not None
    assert observation.volume_failure.reason == "WorkspaceUnavailable"
    assert observation.workspace_lost is None


async def test_a_pod_that_could_not_use_its_volume_says_why() -> None:
    denied = Report(failure=Failure("WorkspaceUnavailable", "Permission denied."))
    cluster = with_jobs(raw_job(name=NAME, failedIndexes="3", conditions=FAILED))
    cluster.pod_list = [raw_pod(index=3, phase="Failed", containerStatuses=terminated(23, report_json.dumps(denied)))]

    assert (await observe(cluster)).volume_failure == denied.failure


async def test_a_pod_whose_workspace_was_lost_says_so() -> None:
    lost = Report(failure=Failure("WorkspaceUnavailable", "The workspace has no manifest."))
    stopped = [{"type": "Failed", "status": "True", "reason": "PodFailurePolicy"}]
    cluster = with_jobs(raw_job(name=NAME, conditions=stopped))
    cluster.pod_list = [raw_pod(phase="Failed", containerStatuses=terminated(26, report_json.dumps(lost)))]

    assert (await observe(cluster)).workspace_lost == lost.failure


async def test_why_chunks_fail_is_read_while_their_job_runs_and_not_at_each_event() -> None:
    cluster = with_jobs(raw_job(name=NAME, active=4, ready=4, failed=1))
    report = report_json.dumps(Report(failure=Failure("ModelUnavailable", "No answer.")))
    cluster.pod_list = [
        raw_pod(phase="Failed", containerStatuses=terminated(25, report)),
        raw_pod(index=1, phase="Failed", containerStatuses=terminated(137)),
    ]
    observer = Observer(cluster, lambda: NOW, SETTINGS)

    first, second = await observer.observe(KEY), await observer.observe(KEY)

    assert first is not None
    assert second is not None
    assert first.chunk_failure == second.chunk_failure == Failure("ModelUnavailable", "No answer.")
    assert cluster.reads.count("pods Failed") == 1


class TestDiagnosis:
    async def test_pods_that_wait_are_diagnosed_from_their_status(self) -> None:
        cluster = with_jobs(raw_job(name=NAME, active=4))
        cluster.pod_list = [raw_pod(phase="Pending", conditions=UNSCHEDULED)]

        observation = await observe(cluster)

        assert observation.diagnosis is not None
        assert observation.diagnosis.reason == "Unschedulable"
        assert observation.recheck_after == RECHECK_SECONDS

    async def test_then_from_the_events_about_the_pod_and_about_the_job(self) -> None:
        cluster = with_jobs(raw_job(name=NAME, active=3))
        cluster.pod_list = [raw_pod(phase="Pending")]
        cluster.events = {"job-uid": [{"reason": "FailedCreate", "message": "exceeded quota"}]}

        observation = await observe(cluster)

        assert cluster.reads[-3:] == ["pods Pending", "events pod-0", "events job-uid"]
        assert observation.diagnosis == Failure("PodRefused", "Kubernetes refuses the pod: exceeded quota")

    async def test_a_claim_that_is_not_bound_is_looked_into(self) -> None:
        unbound = [{**UNSCHEDULED[0], "message": "pod has unbound immediate PersistentVolumeClaims"}]
        pod = raw_pod(phase="Pending", conditions=unbound)
        pod["spec"] = {"volumes": [{"persistentVolumeClaim": {"claimName": "books"}}]}
        cluster = with_jobs(raw_job(name=NAME, active=4))
        cluster.pod_list, cluster.claims = [pod], [make_claim("books", bound=False, storage_class=None)]

        observation = await observe(cluster)

        assert observation.diagnosis is not None
        assert observation.diagnosis.reason == "ClaimNotBound"
        assert "the cluster has no default class" in observation.diagnosis.message

    async def test_a_pod_that_no_node_has_room_for_is_not_a_matter_of_its_claim(self) -> None:
        pod = raw_pod(phase="Pending", conditions=UNSCHEDULED)
        pod["spec"] = {"volumes": [{"persistentVolumeClaim": {"claimName": "books"}}]}
        cluster = with_jobs(raw_job(name=NAME, active=4))
        cluster.pod_list = [pod]

        assert (await observe(cluster)).diagnosis is not None
        assert "claim books" not in cluster.reads

    async def test_a_diagnosis_is_repeated_for_a_while_before_pods_are_looked_at_again(self) -> None:
        cluster = with_jobs(raw_job(name=NAME, active=4))
        cluster.pod_list = [raw_pod(phase="Pending", conditions=UNSCHEDULED)]
        observer = Observer(cluster, lambda: NOW, SETTINGS)

        first, second = await observer.observe(KEY), await observer.observe(KEY)

        assert first is not None
        assert second is not None
        assert first.diagnosis == second.diagnosis
        assert cluster.reads.count("pods Pending") == 1

    async def test_pods_that_another_container_keeps_running_are_named(self) -> None:
        cluster = with_jobs(raw_job(name=NAME, active=4))
        kept = [*terminated(0), {"name": "istio-proxy", "state": {"running": {}}}]
        kept[0]["state"]["terminated"]["finishedAt"] = "2026-11-23T11:58:59Z"
        cluster.pod_list = [raw_pod(stage="of no report", phase="Running", containerStatuses=kept)]

        observation = await observe(cluster)

        assert observation.diagnosis is not None
        assert observation.diagnosis.reason == "PodNotEnding"
        assert observation.diagnosis.message.startswith("Container istio-proxy keeps pods running whose work is done")

    async def test_a_young_job_is_given_time(self) -> None:
        job = raw_job(name=NAME, active=4)
        job["metadata"]["creationTimestamp"] = "2026-11-23T11:59:55Z"

        observation = await observe(with_jobs(job))

        assert (observation.diagnosis, observation.recheck_after) == (None, DIAGNOSE_AFTER_SECONDS - 5)

    async def test_a_job_that_is_about_to_finish_keeps_the_last_diagnosis(self) -> None:
        waiting = JobState(Phase.PROCESSING, "Unschedulable", "No node can run the pod.", warning=True)
        pdfjob = make_pdfjob(status=render_status(make_pdfjob(), waiting, NOW))
        target = [{"type": "FailureTarget", "status": "True"}]

        observation = await observe(with_jobs(raw_job(name=NAME, conditions=target), pdfjob=pdfjob))

        assert observation.diagnosis == Failure("Unschedulable", "No node can run the pod.")

    async def test_pods_that_are_missing_in_a_terminating_namespace_need_no_diagnosis(self) -> None:
        cluster = with_jobs(raw_job(name=NAME, active=3))
        cluster.terminating = True

        observation = await observe(cluster)

        assert observation.namespace_terminating
        assert cluster.reads[-1] == "namespace"


class TestPages:
    GEMINI = make_started(processor=make_gemini())

    async def test_pages_are_read_while_chunks_are_processed_and_again_soon(self) -> None:
        cluster = with_jobs(raw_job(name=NAME, active=4, ready=4), pdfjob=self.GEMINI)

        observation = await observe(cluster, FakePageProgress())

        assert (observation.pages_processed, observation.recheck_after) == (7, POLL_SECONDS)

    @pytest.mark.parametrize(
        "cluster",
        [with_jobs(pdfjob=GEMINI), with_jobs(raw_job(name=NAME, active=4, ready=4))],
        ids=["before the chunks", "without a model"],
    )
    async def test_pages_are_not_read_otherwise(self, cluster: FakeCluster) -> None:
        observation = await observe(cluster, FakePageProgress())

        assert (observation.pages_processed, observation.recheck_after) == (None, None)


class TestAdmission:
    """Whether a PdfJob is worked on, if one is allowed and another has that place."""

    async def admitted(self, cluster: FakeCluster) -> bool:
        admission = Admission(1)
        admission.admit(Key("books", "nana"), "another-uid", has_jobs=True)
        observation = await Observer(cluster, lambda: NOW, SETTINGS, admission=admission).observe(KEY)
        assert observation is not None
        return observation.admitted

    @pytest.mark.parametrize("pdfjob", [make_pdfjob(), make_started()], ids=["new", "accepted"])
    async def test_one_without_jobs_waits(self, pdfjob: PdfJob) -> None:
        assert not await self.admitted(FakeCluster(pdfjob))

    async def test_one_with_jobs_goes_on(self) -> None:
        assert await self.admitted(with_jobs(raw_job(name=NAME, active=4, ready=4)))

    async def test_one_that_has_finished_needs_no_place(self) -> None:
        assert await self.admitted(FakeCluster(make_pdfjob(status={"phase": "Failed"})))

    async def test_one_that_is_suspended_takes_no_place(self) -> None:
        admission = Admission(1)
        observer = Observer(FakeCluster(make_started(suspend=True)), lambda: NOW, SETTINGS, admission=admission)

        await observer.observe(KEY)

        assert admission.admit(Key("books", "nana"), "another-uid", has_jobs=False)


async def test_a_pdfjob_has_at_most_the_workers_that_are_allowed() -> None:
    observation = await Observer(
        FakeCluster(make_pdfjob(workers=50)), lambda: NOW, replace(SETTINGS, max_workers_per_job=20)
    ).observe(KEY)

    assert observation is not None
    assert (observation.pdfjob.workers, observation.pdfjob.requested_workers) == (20, 50)
