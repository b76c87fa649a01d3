from dataclasses import replace

import pytest

from builders import SETTINGS, make_gemini, make_pdfjob, variables
from chunk_runner.contract.environment import (
    MORE_MEMORY_ENV,
    PASSWORD_FILE,
    READY_PORT_ENV,
    ROUND_ENV,
    WORKERS_ENV,
)
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.job_spec import JobSpec
from pdfjob_operator.objects.kubernetes import Manifest
from pdfjob_operator.objects.manifests.jobs import MIN_MERGE_SECONDS, chunks_job, merge_job, prepare_job
from pdfjob_operator.objects.pdfjob import PdfJob
from pdfjob_operator.objects.stage_job import StageJob


ALL = [
    prepare_job(make_pdfjob(), SETTINGS, seconds=60),
    chunks_job(make_pdfjob(), SETTINGS, total=4, pages=120, seconds=60),
    merge_job(make_pdfjob(), SETTINGS, unfinished=None, seconds=60),
]


ids = ["prepare", "chunks", "merge"]


@pytest.mark.parametrize("manifest", ALL, ids=ids)
def test_every_job_is_owned_by_its_pdfjob_and_has_a_deadline(manifest: Manifest) -> None:
    (owner,) = manifest["metadata"]["ownerReferences"]

    assert (owner["uid"], owner["controller"]) == (make_pdfjob().uid, True)
    is_merge = manifest["metadata"]["name"].endswith("merge")
    assert manifest["spec"]["activeDeadlineSeconds"] == (MIN_MERGE_SECONDS if is_merge else 60)


@pytest.mark.parametrize("manifest", ALL, ids=ids)
def test_a_pod_is_replaced_only_when_it_has_ended_and_a_drain_is_no_failure(manifest: Manifest) -> None:
    (ignored, *_) = manifest["spec"]["podFailurePolicy"]["rules"]

    assert manifest["spec"]["podReplacementPolicy"] == "Failed"
    assert ignored == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}


@pytest.mark.parametrize("manifest", ALL, ids=ids)
def test_every_pod_sees_its_own_workspace_only(manifest: Manifest) -> None:
    container = manifest["spec"]["template"]["spec"]["containers"][0]
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}

    assert mounts["/workspace"]["subPath"] == f"pdfjobs/books/{make_pdfjob().uid}"


def specification(job: PdfJob) -> JobSpec:
    container = prepare_job(job, SETTINGS, seconds=60)["spec"]["template"]["spec"]["containers"][0]
    (text,) = [entry["value"] for entry in container["env"] if entry["name"] == "PDFJOB_SPEC"]
    return JobSpec.loads(text)


def test_the_specification_reaches_the_prepare_pod() -> None:
    job = make_pdfjob(
        source={"volume": {"path": "germinal.pdf"}, "sha256": "ab" * 32, "language": "fr"},
        pages="1-120,130-",
        runningLines="keep",
        chunking={"pagesPerChunk": 7},
        output={"format": "markdown"},
    )

    assert specification(job) == JobSpec(
        path="germinal.pdf",
        processor={"name": "text"},
        pages_per_chunk=7,
        sha256="ab" * 32,
        pages="1-120,130-",
        language="fr",
        running_lines="keep",
        format="markdown",
    )


def test_fields_that_are_not_set_are_left_to_prepare() -> None:
    assert specification(make_pdfjob()) == JobSpec(path="germinal.pdf")


def test_a_retry_splits_by_the_same_specification() -> None:
    first = make_pdfjob(pages="7,12-", output={"format": "jsonl"})
    again = make_pdfjob(pages="7,12-", output={"format": "jsonl"}, retryFailed=1, status={"round": 1})

    assert again.round == 1
    assert specification(again) == specification(first)


ENCRYPTED = make_pdfjob(
    source={"volume": {"path": "a.pdf"}, "passwordSecretRef": {"name": "passwords", "key": "germinal"}}
)


def test_the_password_is_a_file_that_the_runner_may_read() -> None:
    pod = prepare_job(ENCRYPTED, SETTINGS, seconds=60)["spec"]["template"]["spec"]
    (volume,) = [volume for volume in pod["volumes"] if "secret" in volume]
    (mount,) = [mount for mount in pod["containers"][0]["volumeMounts"] if mount["name"] == volume["name"]]
    (item,) = volume["secret"]["items"]

    assert (volume["secret"]["secretName"], item["key"]) == ("passwords", "germinal")
    assert f"{mount['mountPath']}/{item['path']}" == PASSWORD_FILE
    assert mount["readOnly"] is True
    assert volume["secret"]["defaultMode"] == 0o440
    assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsGroup"]
    assert "optional" not in volume["secret"]  # without its password, the pod is to wait


@pytest.mark.parametrize(
    "manifest",
    [
        prepare_job(make_pdfjob(), SETTINGS, seconds=60),
        chunks_job(ENCRYPTED, SETTINGS, total=4, pages=120, seconds=60),
        merge_job(ENCRYPTED, SETTINGS, unfinished=None, seconds=60),
    ],
    ids=["prepare without one", "chunks", "merge"],
)
def test_no_other_pod_sees_a_password(manifest: Manifest) -> None:
    assert "secret" not in str(manifest["spec"]["template"]["spec"]["volumes"])
    assert "passwords" not in str(manifest)


def test_a_source_on_another_claim_is_mounted_from_there() -> None:
    job = make_pdfjob(source={"volume": {"path": "a.pdf", "claimName": "library"}})
    pod = prepare_job(job, SETTINGS, seconds=60)["spec"]["template"]["spec"]

    claim, volumes = "persistentVolumeClaim", pod["volumes"]
    claims = {volume["name"]: volume[claim] for volume in volumes if claim in volume}
    assert claims == {
        "workspace": {"claimName": "pdfjob-workspace"},
        "source": {"claimName": "library", "readOnly": True},
    }


def test_a_source_on_the_workspace_claim_needs_no_second_volume() -> None:
    pod = ALL[0]["spec"]["template"]["spec"]

    assert [volume["name"] for volume in pod["volumes"] if "persistentVolumeClaim" in volume] == ["workspace"]
    assert {"name": "workspace", "mountPath": "/source", "readOnly": True} in pod["containers"][0]["volumeMounts"]


def test_prepare_does_not_see_the_workspaces_of_other_jobs() -> None:
    pod = ALL[0]["spec"]["template"]["spec"]
    mounts = {mount["mountPath"]: mount for mount in pod["containers"][0]["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}

    assert "emptyDir" in volumes[mounts["/source/pdfjobs"]["name"]]
    assert mounts["/source/pdfjobs"]["readOnly"]
    # From another claim, nothing may be mounted over a folder that need not exist: a container could not create it.
    other = make_pdfjob(source={"volume": {"path": "a.pdf", "claimName": "library"}})
    container = prepare_job(other, SETTINGS, seconds=60)["spec"]["template"]["spec"]["containers"][0]
    assert "/source/pdfjobs" not in {mount["mountPath"] for mount in container["volumeMounts"]}


def test_every_chunk_runs_to_its_end_and_is_retried_by_itself() -> None:
    spec = ALL[1]["spec"]

    assert spec["completionMode"] == "Indexed"
    assert (spec["backoffLimitPerIndex"], spec["maxFailedIndexes"]) == (3, 4)
    actions = {rule["action"]: rule.get("onExitCodes", {}).get("values") for rule in spec["podFailurePolicy"]["rules"]}
    assert actions == {
        "Ignore": None,
        "FailIndex": [ExitCode.CHUNK, ExitCode.MEMORY],
        "FailJob": [ExitCode.USAGE, ExitCode.CONFIGURATION, ExitCode.WORKSPACE_LOST],
    }


def test_a_pod_knows_whether_one_with_more_memory_can_follow() -> None:
    settings = replace(SETTINGS, max_memory=2**31)

    def told(doublings: int) -> bool:
        pod = chunks_job(make_pdfjob(), settings, total=4, pages=4, seconds=60, doublings=doublings)
        env = pod["spec"]["template"]["spec"]["containers"][0]["env"]
        return any(entry["name"] == MORE_MEMORY_ENV for entry in env)

    assert (told(0), told(1)) == (True, False)


def test_the_specification_has_only_the_name_of_the_api_keys_secret() -> None:
    assert specification(make_pdfjob(processor=make_gemini())).api_key_secret == "gemini"
    assert specification(make_pdfjob()).api_key_secret is None


def test_pods_know_their_round() -> None:
    def rounds(job: PdfJob) -> list[str | None]:
        manifests = (
            prepare_job(job, SETTINGS, seconds=60),
            chunks_job(job, SETTINGS, total=4, pages=120, seconds=60),
            merge_job(job, SETTINGS, unfinished=None, seconds=60),
        )
        return [variables(manifest).get(ROUND_ENV) for manifest in manifests]

    assert rounds(make_pdfjob()) == ["0", "0", "0"]
    assert rounds(make_pdfjob(retryFailed=2, status={"round": 2})) == ["2", "2", "2"]


@pytest.mark.parametrize("manifest", ALL, ids=ids)
def test_an_environment_or_a_configuration_that_is_wrong_is_never_tried_again(manifest: Manifest) -> None:
    rules = {rule["action"]: rule for rule in manifest["spec"]["podFailurePolicy"]["rules"]}

    assert {ExitCode.USAGE, ExitCode.CONFIGURATION} <= {*rules["FailJob"]["onExitCodes"]["values"]}


@pytest.mark.parametrize("manifest", ALL, ids=ids)
def test_an_unavailable_model_does_not_stop_a_job(manifest: Manifest) -> None:
    rules = manifest["spec"]["podFailurePolicy"]["rules"]

    assert all(ExitCode.UNAVAILABLE not in rule.get("onExitCodes", {}).get("values", ()) for rule in rules)


def test_pods_are_labelled_with_the_processor_for_network_policies() -> None:
    def processors(job: PdfJob) -> set[str]:
        manifest = chunks_job(job, SETTINGS, total=4, pages=120, seconds=60)
        return {manifest["spec"]["template"]["metadata"]["labels"]["pdfjob.dev/processor"]}

    assert (processors(make_pdfjob(processor=make_gemini())), processors(make_pdfjob())) == ({"gemini"}, {"text"})


def chunks_of(job: PdfJob, chunks: str | None = None) -> Manifest:
    """A chunks Job of eight chunks, or of some of them."""
    return chunks_job(job, SETTINGS, total=8, pages=240, seconds=60, chunks=chunks)


def test_pods_that_start_early_know_how_many_may_work_and_are_ready_only_then() -> None:
    manifest = chunks_of(make_pdfjob(workers=3, prestart=2))
    (container,) = manifest["spec"]["template"]["spec"]["containers"]

    assert manifest["spec"]["parallelism"] == 5
    assert variables(manifest)[WORKERS_ENV] == "3"
    assert variables(manifest)[READY_PORT_ENV] == str(container["readinessProbe"]["tcpSocket"]["port"])
    parsed = StageJob.parse(as_stored(manifest, active=5, ready=3))
    assert parsed is not None
    assert parsed.wanted_pods == 3  # those that wait are missed by nobody


@pytest.mark.parametrize(
    ("job", "chunks", "parallelism"),
    [
        pytest.param(make_pdfjob(workers=3), None, 3, id="not asked for"),
        pytest.param(make_pdfjob(workers=3, prestart=2), "1,4-5", 3, id="a worker for each chunk"),
        pytest.param(make_pdfjob(workers=0, prestart=2), None, 0, id="a pause"),
        pytest.param(make_pdfjob(workers=3, prestart=2).with_workers(3), None, 3, id="not allowed"),
    ],
)
def test_without_pods_that_wait_no_pod_asks_for_its_turn(job: PdfJob, chunks: str | None, parallelism: int) -> None:
    manifest = chunks_of(job, chunks)

    assert manifest["spec"]["parallelism"] == parallelism
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    assert "readinessProbe" not in container
    assert WORKERS_ENV not in variables(manifest)


def as_stored(manifest: Manifest, **status: int) -> Manifest:
    """A Job as the API server returns it."""
    metadata = manifest["metadata"] | {"uid": "uid", "creationTimestamp": "2026-11-23T12:00:00Z"}
    return manifest | {"metadata": metadata, "status": status}
