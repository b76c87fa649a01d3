from dataclasses import replace

import pytest

from builders import SETTINGS, make_gemini, make_pdfjob
from chunk_runner.contract.environment import (
    API_KEY_FILE,
    BASE_URL_ENV,
    MORE_MEMORY_ENV,
    PASSWORD_FILE,
    REDIS_URL_ENV,
    REDIS_URL_FILE,
    REQUESTS_ENV,
    ROUND_ENV,
    TOKENS_ENV,
)
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.job_spec import JobSpec
from pdfjob_operator.configuration.settings import Settings
from pdfjob_operator.objects.job_manifests import chunks_job, merge_job, prepare_job
from pdfjob_operator.objects.kubernetes import Manifest
from pdfjob_operator.objects.pdfjob import PdfJob


ALL = [
    prepare_job(make_pdfjob(), SETTINGS, seconds=60),
    chunks_job(make_pdfjob(), SETTINGS, total=4, pages=120, seconds=60),
    merge_job(make_pdfjob(), SETTINGS, unfinished=None, seconds=60),
]
ids = ["prepare", "chunks", "merge"]


@pytest.mark.parametrize("manifest", ALL, ids=ids)
def test_every_pod_passes_the_restricted_standard_and_has_no_token(manifest: Manifest) -> None:
    pod = manifest["spec"]["template"]["spec"]
    container = pod["containers"][0]["securityContext"]

    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["allowPrivilegeEscalation"] is False
    assert container["capabilities"] == {"drop": ["ALL"]}
    assert container["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize("manifest", ALL, ids=ids)
def test_every_job_goes_with_its_pdfjob_and_has_a_deadline(manifest: Manifest) -> None:
    (owner,) = manifest["metadata"]["ownerReferences"]

    assert (owner["uid"], owner["controller"]) == (make_pdfjob().uid, True)
    assert manifest["spec"]["activeDeadlineSeconds"] == 60


@pytest.mark.parametrize("manifest", ALL, ids=ids)
def test_every_pod_sees_its_own_workspace_only(manifest: Manifest) -> None:
    mounts = {it["mountPath"]: it for it in manifest["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]}

    assert mounts["/workspace"]["subPath"] == f"pdfjobs/books/{make_pdfjob().uid}"


def specification(job: PdfJob) -> JobSpec:
    container = prepare_job(job, SETTINGS, seconds=60)["spec"]["template"]["spec"]["containers"][0]
    (text,) = [entry["value"] for entry in container["env"] if entry["name"] == "PDFJOB_SPEC"]
    return JobSpec.loads(text)


def test_the_specification_reaches_the_prepare_pod() -> None:
    job = make_pdfjob(
        source={"volume": {"path": "germinal.pdf"}, "sha256": "ab" * 32, "language": "fr"},
        pages="1-120,130-",
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
        format="markdown",
    )


def test_what_its_author_left_out_is_left_to_prepare() -> None:
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
    (volume,) = [it for it in pod["volumes"] if "secret" in it]
    (mount,) = [it for it in pod["containers"][0]["volumeMounts"] if it["name"] == volume["name"]]
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

    claims = {it["name"]: it["persistentVolumeClaim"] for it in pod["volumes"] if "persistentVolumeClaim" in it}
    assert claims == {
        "workspace": {"claimName": "pdfjob-workspace"},
        "source": {"claimName": "library", "readOnly": True},
    }


def test_a_source_beside_the_workspaces_needs_no_second_volume() -> None:
    pod = ALL[0]["spec"]["template"]["spec"]

    assert [it["name"] for it in pod["volumes"]] == ["workspace", "tmp"]
    assert {"name": "workspace", "mountPath": "/source", "readOnly": True} in pod["containers"][0]["volumeMounts"]


def test_chunks_are_run_to_the_end_and_retried_alone() -> None:
    spec = ALL[1]["spec"]

    assert spec["completionMode"] == "Indexed"
    assert (spec["backoffLimitPerIndex"], spec["maxFailedIndexes"]) == (3, 4)
    actions = {rule["action"]: rule.get("onExitCodes", {}).get("values") for rule in spec["podFailurePolicy"]["rules"]}
    assert actions == {
        "Ignore": None,
        "FailIndex": [ExitCode.CHUNK, ExitCode.MEMORY],
        "FailJob": [ExitCode.USAGE, ExitCode.CONFIGURATION],
    }


def test_a_pod_is_told_whether_one_with_more_memory_can_follow() -> None:
    settings = replace(SETTINGS, max_memory=2**31)

    def told(doublings: int) -> bool:
        pod = chunks_job(make_pdfjob(), settings, total=4, pages=4, seconds=60, doublings=doublings)
        env = pod["spec"]["template"]["spec"]["containers"][0]["env"]
        return any(it["name"] == MORE_MEMORY_ENV for it in env)

    assert (told(0), told(1)) == (True, False)


GEMINI = make_pdfjob(processor=make_gemini())
CONFIGURED = replace(
    SETTINGS,
    gemini_base_url="https://gateway.example.com",
    gemini_requests_per_minute=15,
    gemini_tokens_per_minute=4_000_000,
    redis_url="redis://redis:6379/0",
    redis_secret=("redis", "redis-url"),
)


def pods(job: PdfJob, settings: Settings) -> dict[str, Manifest]:
    """The pods of a job by stage."""
    jobs = {
        "prepare": prepare_job(job, settings, seconds=60),
        "chunks": chunks_job(job, settings, total=4, pages=120, seconds=60),
        "merge": merge_job(job, settings, unfinished=None, seconds=60),
    }
    return {stage: it["spec"]["template"]["spec"] for stage, it in jobs.items()}


def secret_files(pod: Manifest) -> dict[str, tuple[str, str, bool]]:
    """Secret, key and whether the pod can do without, by the path of the file."""
    folders = {it["name"]: it["mountPath"] for it in pod["containers"][0]["volumeMounts"]}
    return {
        f"{folders[volume['name']]}/{item['path']}": (
            volume["secret"]["secretName"],
            item["key"],
            volume["secret"].get("optional", False),
        )
        for volume in pod["volumes"]
        if "secret" in volume
        for item in volume["secret"]["items"]
    }


def variables(pod: Manifest) -> dict[str, str]:
    return {it["name"]: it["value"] for it in pod["containers"][0]["env"] if "value" in it}


@pytest.mark.parametrize("stage", ["prepare", "chunks"])
def test_a_pod_that_may_ask_gemini_has_the_key_as_a_file_and_waits_for_it(stage: str) -> None:
    pod = pods(GEMINI, SETTINGS)[stage]

    assert secret_files(pod) == {API_KEY_FILE: ("gemini", "api-key", False)}
    assert not {BASE_URL_ENV, REQUESTS_ENV, TOKENS_ENV, REDIS_URL_ENV} & set(variables(pod))


def test_of_the_key_the_specification_has_no_more_than_the_name_of_its_secret() -> None:
    assert specification(GEMINI).api_key_secret == "gemini"
    assert specification(make_pdfjob()).api_key_secret is None


@pytest.mark.parametrize("stage", ["prepare", "chunks"])
def test_where_gemini_is_and_what_pods_share_come_from_the_configuration(stage: str) -> None:
    pod = pods(GEMINI, CONFIGURED)[stage]

    assert secret_files(pod) == {
        API_KEY_FILE: ("gemini", "api-key", False),
        REDIS_URL_FILE: ("redis", "redis-url", True),
    }
    assert variables(pod).items() >= {
        (BASE_URL_ENV, "https://gateway.example.com"),
        (REQUESTS_ENV, "15"),
        (TOKENS_ENV, "4000000"),
        (REDIS_URL_ENV, "redis://redis:6379/0"),
    }


def test_an_encrypted_source_and_gemini_go_together() -> None:
    job = make_pdfjob(
        source={"volume": {"path": "a.pdf"}, "passwordSecretRef": {"name": "passwords", "key": "germinal"}},
        processor=make_gemini(),
    )
    pod = pods(job, CONFIGURED)["prepare"]

    assert list(secret_files(pod)) == [API_KEY_FILE, REDIS_URL_FILE, PASSWORD_FILE]
    assert len({it["name"] for it in pod["volumes"]}) == len(pod["volumes"])


@pytest.mark.parametrize(
    "pod",
    [*pods(make_pdfjob(), CONFIGURED).values(), pods(GEMINI, CONFIGURED)["merge"]],
    ids=["prepare of text", "chunks of text", "merge of text", "merge of gemini"],
)
def test_a_pod_that_asks_nobody_has_neither_a_key_nor_an_address(pod: Manifest) -> None:
    assert secret_files(pod) == {}
    assert not {BASE_URL_ENV, REQUESTS_ENV, TOKENS_ENV, REDIS_URL_ENV} & set(variables(pod))


def test_only_a_pod_that_may_wait_for_a_paid_answer_is_given_more_time_to_go() -> None:
    def seconds(job: PdfJob) -> list[int]:
        return [pod["terminationGracePeriodSeconds"] for pod in pods(job, SETTINGS).values()]

    assert seconds(GEMINI) == [60, 60, 30]
    assert seconds(make_pdfjob()) == [30, 30, 30]


def test_pods_know_their_round() -> None:
    def rounds(job: PdfJob) -> list[str | None]:
        return [variables(pod).get(ROUND_ENV) for pod in pods(job, SETTINGS).values()]

    assert rounds(make_pdfjob()) == ["0", "0", "0"]
    assert rounds(make_pdfjob(retryFailed=2, status={"round": 2})) == ["2", "2", "2"]


@pytest.mark.parametrize("manifest", ALL, ids=ids)
def test_a_service_that_is_down_for_a_while_stops_nothing(manifest: Manifest) -> None:
    rules = manifest["spec"]["podFailurePolicy"]["rules"]

    assert all(ExitCode.UNAVAILABLE not in rule.get("onExitCodes", {}).get("values", ()) for rule in rules)


def test_labels_from_the_configuration_reach_every_pod_and_its_job_but_never_win() -> None:
    labels = {"team": "books", "app.kubernetes.io/name": "other", "pdfjob.dev/stage": "other"}
    manifest = prepare_job(make_pdfjob(), replace(SETTINGS, pod_labels=labels), seconds=60)

    for metadata in (manifest["metadata"], manifest["spec"]["template"]["metadata"]):
        assert (
            metadata["labels"]
            | {
                "team": "books",
                "app.kubernetes.io/name": "pdfjob",
                "pdfjob.dev/stage": "prepare",
            }
            == metadata["labels"]
        )


def test_pods_say_by_which_processor_so_that_a_network_policy_can_tell() -> None:
    def processors(job: PdfJob) -> set[str]:
        manifest = chunks_job(job, SETTINGS, total=4, pages=120, seconds=60)
        return {manifest["spec"]["template"]["metadata"]["labels"]["pdfjob.dev/processor"]}

    assert (processors(GEMINI), processors(make_pdfjob())) == ({"gemini"}, {"text"})
