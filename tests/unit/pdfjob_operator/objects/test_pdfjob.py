from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import make_gemini, make_pdfjob
from pdfjob_operator.objects.pdfjob import LABEL_STAGE, Stage, is_settled, owned_by
from pdfjob_operator.objects.stage_jobs import StageJob, StagePod


def test_what_a_pdfjob_selects_and_speaks_is_as_its_author_wrote_it() -> None:
    secret = {"name": "passwords", "key": "germinal"}
    source = {"volume": {"path": "a.pdf"}, "passwordSecretRef": secret, "language": "fr"}

    job = make_pdfjob(source=source, pages="-20,7", output={"format": "jsonl"})

    assert (job.password, job.language) == (("passwords", "germinal"), "fr")
    assert (job.pages, job.output_format) == ("-20,7", "jsonl")


def test_a_pdfjob_that_says_nothing_of_it_means_all_pages_as_json() -> None:
    job = make_pdfjob()

    assert (job.password, job.language, job.pages, job.output_format) == (None, None, None, "json")


def test_the_runner_gets_the_settings_of_gemini_and_of_its_key_no_more_than_the_secrets_name() -> None:
    asked = {"prompt": "List names.", "outputSchema": "{}", "maxOutputTokens": 9000, "maxTotalTokens": 10**6}

    job = make_pdfjob(processor=make_gemini(**asked, thinkingLevel="low"))

    assert job.api_key == ("gemini", "api-key")
    assert job.processor == {
        "name": "gemini",
        "model": "gemini-3.5-flash-lite",
        "input": "pdf",
        "requestTimeoutSeconds": 600,
        "fallback": "none",
        "secret": "gemini",
        "thinkingLevel": "low",
        **asked,
    }


def test_text_has_no_settings_and_needs_no_key() -> None:
    job = make_pdfjob()

    assert (job.processor, job.api_key) == ({"name": "text"}, None)


def raw_job(status: dict[str, Any], labels: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "j",
            "uid": "u",
            "creationTimestamp": "2026-11-23T12:00:00Z",
            "labels": {LABEL_STAGE: "chunks"} if labels is None else labels,
        },
        "spec": {"completions": 8, "parallelism": 4},
        "status": status,
    }


def test_a_jobs_counts_come_from_its_indexes() -> None:
    job = StageJob.parse(raw_job({"completedIndexes": "0,2-4", "failedIndexes": "1", "active": 2}))

    assert job is not None
    assert (job.succeeded, job.failed, job.active, job.verdict) == (4, 1, 2, None)


def test_a_job_has_ended_with_its_condition_and_not_before() -> None:
    early = StageJob.parse(raw_job({"conditions": [{"type": "FailureTarget", "status": "True"}]}))
    ended = StageJob.parse(raw_job({"conditions": [{"type": "Failed", "status": "True", "reason": "FailedIndexes"}]}))

    assert early is not None
    assert (early.verdict, early.ending) == (None, True)
    assert ended is not None
    assert (ended.verdict, ended.reason) == ("Failed", "FailedIndexes")


@pytest.mark.parametrize("labels", [{}, {LABEL_STAGE: "other"}])
def test_a_job_with_strange_labels_is_none_of_ours(labels: dict[str, str]) -> None:
    assert StageJob.parse(raw_job({}, labels)) is None


@given(st.text(max_size=30))
def test_no_index_string_breaks_the_parser(text: str) -> None:
    StageJob.parse(raw_job({"completedIndexes": text}))


@given(st.text(max_size=60))
def test_no_termination_message_breaks_the_parser(message: str) -> None:
    state = {"terminated": {"exitCode": 0, "message": message}}
    pod = StagePod.parse(
        {"metadata": {"labels": {LABEL_STAGE: "merge"}}, "status": {"containerStatuses": [{"state": state}]}}
    )

    assert pod is not None
    assert (pod.stage, pod.exit_code) == (Stage.MERGE, 0)


def test_a_pod_without_status_neither_runs_nor_ended() -> None:
    pod = StagePod.parse({"metadata": {"labels": {LABEL_STAGE: "merge"}}})

    assert pod == StagePod(Stage.MERGE, running=False, exit_code=None, report=None)


def test_ownership_is_the_controllers_uid() -> None:
    def owned(**reference: object) -> bool:
        return owned_by({"metadata": {"ownerReferences": [reference]}}, "u1")

    assert owned(uid="u1", controller=True)
    assert not owned(uid="u2", controller=True)
    assert not owned(uid="u1")
    assert not owned_by({"metadata": {}}, "u1")


def test_a_job_is_settled_once_it_ended_and_its_status_is_about_its_spec() -> None:
    def settled(phase: str, observed: int) -> bool:
        return is_settled({"metadata": {"generation": 2}, "status": {"phase": phase, "observedGeneration": observed}})

    assert settled("Succeeded", 2)
    assert settled("Failed", 2)
    assert not settled("Succeeded", 1)
    assert not settled("Merging", 2)
    assert not is_settled({"metadata": {"generation": 1}})
