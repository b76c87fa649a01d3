import json
import weakref
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import pytest

from builders import make_job, make_started
from chunk_runner.contract import report_json
from chunk_runner.contract.report import Report
from pdfjob_operator.objects.kubernetes import Manifest
from pdfjob_operator.objects.labels import LABEL_ROUND
from pdfjob_operator.objects.names import stage_job_name
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.observation.owned_objects import (
    FailedIndexes,
    failed_indexes,
    some_pods,
    stage_jobs_and_pods,
)
from unit.pdfjob_operator.fake_cluster import FakeCluster, raw_job, raw_pod, terminated


PDFJOB = make_started()
NAME = stage_job_name(PDFJOB, Stage.CHUNKS, 0, 0)
JOB = make_job(Stage.CHUNKS, uid="job-uid", completions=10_000)


class Counted(dict[str, Any]):
    """An object that says when nobody holds it any more, which a plain dict does not."""


class CountingCluster(FakeCluster):
    """A cluster that counts the objects which its reader holds on to.

    Attributes:
        most: Most objects that were held at any time.
    """

    def __init__(self, pods: Iterable[Manifest] = (), jobs: Iterable[Manifest] = ()) -> None:
        super().__init__()
        self.most = self._held = 0
        self._pods, self._jobs = pods, jobs

    async def pods(self, *_: object, **__: object) -> AsyncIterator[Manifest]:
        for raw in self._pods:
            yield self._counted(raw)

    async def jobs(self, namespace: str | None, labels: Mapping[str, Any]) -> AsyncIterator[Manifest]:
        for raw in self._jobs:
            yield self._counted(raw)

    def _counted(self, raw: Manifest) -> Counted:
        found = Counted(raw)
        weakref.finalize(found, self._drop)
        self._held += 1
        self.most = max(self.most, self._held)
        return found

    def _drop(self) -> None:
        self._held -= 1


async def test_only_jobs_that_the_pdfjob_owns_in_this_round_are_its_own() -> None:
    cluster = FakeCluster()
    earlier = raw_job("earlier", name=stage_job_name(PDFJOB, Stage.CHUNKS, 1, 0))
    earlier["metadata"]["labels"][LABEL_ROUND] = "1"
    cluster.job_list = [
        raw_job(name=NAME),
        raw_job("forged", name=NAME, owner="somebody-else"),
        raw_job("misnamed", name="anything"),
        earlier,
    ]

    jobs, _ = await stage_jobs_and_pods(cluster, PDFJOB)

    assert [job.uid for job in jobs] == ["job-uid"]


async def test_only_reports_of_pods_that_its_jobs_own_are_read() -> None:
    cluster = FakeCluster()
    cluster.job_list = [raw_job(name=NAME)]
    report = Report(pages=120, chunks=4)
    cluster.pod_list = [
        raw_pod(stage="prepare", containerStatuses=terminated(0, report_json.dumps(report))),
        raw_pod(
            stage="prepare", job="somebody-else", containerStatuses=terminated(0, report_json.dumps(Report(pages=1)))
        ),
    ]

    _, pods = await stage_jobs_and_pods(cluster, PDFJOB)

    assert [pod.report for pod in pods] == [report]


def failed_pod(index: int, exit_code: int, *, job: str = "job-uid", second: int = 0) -> Manifest:
    pod = raw_pod(index=index, job=job, phase="Failed", containerStatuses=terminated(exit_code))
    pod["metadata"]["creationTimestamp"] = f"2026-11-23T11:59:{second:02d}Z"
    return pod


async def test_the_last_failed_pod_of_an_index_counts_in_whatever_order_they_are_listed() -> None:
    cluster = FakeCluster()
    cluster.pod_list = [
        failed_pod(2, 1),
        failed_pod(2, 137, second=10),
        failed_pod(5, 137, second=20),
        failed_pod(5, 1, second=30),
        failed_pod(7, 1, second=50),
        failed_pod(7, 137, second=40),
        failed_pod(3, 137, job="somebody-else"),
    ]

    assert await failed_indexes(cluster, "books", JOB) == FailedIndexes(out_of_memory=frozenset({2}))


async def test_a_volume_that_cannot_be_written_is_found_among_the_last_pods() -> None:
    cluster = FakeCluster()
    cluster.pod_list = [failed_pod(1, 1), failed_pod(2, 23)]

    found = await failed_indexes(cluster, "books", JOB)

    assert found.volume_failure is not None
    assert found.volume_failure.reason == "WorkspaceUnavailable"


@pytest.mark.parametrize("index", [None, "", "one", "-1", "²", "10000", "9" * 5000])
async def test_a_pod_without_an_index_of_the_job_is_left_out(index: str | None) -> None:
    cluster = FakeCluster()
    cluster.pod_list = [failed_pod(0, 137)]
    annotations = {} if index is None else {"batch.kubernetes.io/job-completion-index": index}
    cluster.pod_list[0]["metadata"]["annotations"] = annotations

    assert await failed_indexes(cluster, "books", JOB) == FailedIndexes()


async def test_of_ten_thousand_failed_pods_none_is_held() -> None:
    cluster = CountingCluster(failed_pod(index, 137) for index in range(10_000))

    found = await failed_indexes(cluster, "books", JOB)

    assert len(found.out_of_memory) == 10_000
    assert cluster.most <= 2


async def test_of_other_peoples_objects_with_the_labels_of_a_pdfjob_none_is_held() -> None:
    forged = raw_job("forged", name=NAME, owner="somebody-else")
    cluster = CountingCluster(
        pods=(raw_pod(stage="prepare", job="somebody-else") for _ in range(1000)),
        jobs=[*(forged for _ in range(1000)), raw_job(name=NAME)],
    )

    jobs, pods = await stage_jobs_and_pods(cluster, PDFJOB)

    assert ([job.uid for job in jobs], pods) == (["job-uid"], ())
    assert cluster.most <= 2


async def test_of_the_pods_that_a_job_lost_again_and_again_the_newest_are_kept() -> None:
    def pod(number: int) -> Manifest:
        raw = raw_pod(stage="prepare", containerStatuses=terminated(number % 100))
        raw["metadata"]["creationTimestamp"] = f"2026-11-23T11:{number // 60:02d}:{number % 60:02d}Z"
        return raw

    cluster = CountingCluster(pods=map(pod, range(999)), jobs=[raw_job(name=NAME)])

    _, pods = await stage_jobs_and_pods(cluster, PDFJOB)

    assert len(pods) == 50
    assert pods[-1].exit_code == 98
    assert cluster.most <= 2


async def test_some_pods_are_a_sample_of_those_that_the_job_owns() -> None:
    cluster = FakeCluster()
    cluster.pod_list = [raw_pod(index=index, phase="Pending") for index in range(50)]
    cluster.pod_list[0]["metadata"]["ownerReferences"] = []

    assert len(await some_pods(cluster, "books", JOB, "Pending")) == 19


async def test_of_a_sample_of_pods_only_what_diagnoses_read_is_held() -> None:
    pods = [raw_pod(index=index, phase="Pending") for index in range(20)]
    for pod in pods:
        claims = [{"name": f"v{number}", "persistentVolumeClaim": {"claimName": "c"}} for number in range(1000)]
        pod["spec"] = {"containers": [{"env": [{"name": "a"}] * 1000}], "volumes": claims}
        pod["metadata"]["annotations"]["a"] = "x" * 1000
        pod["status"]["conditions"] = [{"type": "Own", "message": "x" * 1000}] * 1000
    cluster = CountingCluster(pods)

    found = await some_pods(cluster, "books", JOB, "Pending")

    assert len(found) == 20
    assert cluster.most <= 2
    assert max(len(json.dumps(pod)) for pod in found) < 10_000
