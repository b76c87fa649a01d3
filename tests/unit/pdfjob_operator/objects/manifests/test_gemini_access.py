from dataclasses import replace

import pytest

from builders import SETTINGS, make_gemini, make_pdfjob
from chunk_runner.contract.environment import (
    API_KEY_FILE,
    BASE_URL_ENV,
    PASSWORD_FILE,
    REDIS_URL_ENV,
    REDIS_URL_FILE,
    REQUESTS_ENV,
    TOKENS_ENV,
)
from pdfjob_operator.configuration.settings import Settings
from pdfjob_operator.objects.kubernetes import Manifest
from pdfjob_operator.objects.manifests.jobs import chunks_job, merge_job, prepare_job
from pdfjob_operator.objects.pdfjob import PdfJob


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
    return {stage: job["spec"]["template"]["spec"] for stage, job in jobs.items()}


def secret_files(pod: Manifest) -> dict[str, tuple[str, str, bool]]:
    """Secret, key and whether the pod can do without, by the path of the file."""
    folders = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
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
    return {entry["name"]: entry["value"] for entry in pod["containers"][0]["env"] if "value" in entry}


@pytest.mark.parametrize("stage", ["prepare", "chunks"])
def test_a_pod_that_may_call_gemini_mounts_the_api_key_and_waits_for_it(stage: str) -> None:
    pod = pods(GEMINI, SETTINGS)[stage]

    assert secret_files(pod) == {API_KEY_FILE: ("gemini", "api-key", False)}
    assert not {BASE_URL_ENV, REQUESTS_ENV, TOKENS_ENV, REDIS_URL_ENV} & set(variables(pod))


@pytest.mark.parametrize("stage", ["prepare", "chunks"])
def test_the_base_url_rate_limits_and_redis_come_from_the_configuration(stage: str) -> None:
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


def test_password_api_key_and_redis_url_are_mounted_side_by_side() -> None:
    job = make_pdfjob(
        source={"volume": {"path": "a.pdf"}, "passwordSecretRef": {"name": "passwords", "key": "germinal"}},
        processor=make_gemini(),
    )
    pod = pods(job, CONFIGURED)["prepare"]

    assert list(secret_files(pod)) == [API_KEY_FILE, REDIS_URL_FILE, PASSWORD_FILE]
    assert len({volume["name"] for volume in pod["volumes"]}) == len(pod["volumes"])


@pytest.mark.parametrize(
    "pod",
    [*pods(make_pdfjob(), CONFIGURED).values(), pods(GEMINI, CONFIGURED)["merge"]],
    ids=["prepare of text", "chunks of text", "merge of text", "merge of gemini"],
)
def test_a_pod_that_calls_no_model_has_neither_key_nor_url(pod: Manifest) -> None:
    assert secret_files(pod) == {}
    assert not {BASE_URL_ENV, REQUESTS_ENV, TOKENS_ENV, REDIS_URL_ENV} & set(variables(pod))


def test_only_pods_that_may_wait_for_a_paid_answer_have_a_longer_grace_period() -> None:
    def seconds(job: PdfJob) -> list[int]:
        return [pod["terminationGracePeriodSeconds"] for pod in pods(job, SETTINGS).values()]

    assert seconds(GEMINI) == [60, 60, 30]
    assert seconds(make_pdfjob()) == [30, 30, 30]
