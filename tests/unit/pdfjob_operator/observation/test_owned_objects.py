from builders import make_job, make_started
from chunk_runner.contract import report_json
from chunk_runner.contract.report import Report
from pdfjob_operator.objects.labels import LABEL_ROUND
from pdfjob_operator.objects.names import stage_job_name
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.observation.owned_objects import last_failed_pods, stage_jobs_and_pods, waiting_pods
from unit.pdfjob_operator.fake_cluster import FakeCluster, raw_job, raw_pod, terminated


PDFJOB = make_started()
NAME = stage_job_name(PDFJOB, Stage.CHUNKS, 0, 0)
JOB = make_job(Stage.CHUNKS, uid="job-uid")


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


async def test_the_last_failed_pod_of_an_index_counts() -> None:
    cluster = FakeCluster()
    cluster.pod_list = [
        raw_pod(index=2, phase="Failed", containerStatuses=terminated(1)),
        raw_pod(index=2, phase="Failed", containerStatuses=terminated(137)),
        raw_pod(index=3, phase="Failed", job="somebody-else"),
    ]

    pods = await last_failed_pods(cluster, "books", JOB)

    assert {index: pod["status"]["containerStatuses"] for index, pod in pods.items()} == {2: terminated(137)}


async def test_a_pod_without_an_index_is_left_out() -> None:
    cluster = FakeCluster()
    cluster.pod_list = [raw_pod(phase="Failed")]
    cluster.pod_list[0]["metadata"]["annotations"] = {}

    assert await last_failed_pods(cluster, "books", JOB) == {}


async def test_waiting_pods_are_a_sample_of_those_that_the_job_owns() -> None:
    cluster = FakeCluster()
    cluster.pod_list = [raw_pod(index=index, phase="Pending") for index in range(50)]
    cluster.pod_list[0]["metadata"]["ownerReferences"] = []

    assert len(await waiting_pods(cluster, "books", JOB)) == 19
