from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdfjob_operator.objects.labels import LABEL_STAGE
from pdfjob_operator.objects.stage_job import StageJob


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
    assert (job.succeeded, job.failed, job.active, job.outcome) == (4, 1, 2, None)


def test_a_job_has_finished_with_its_terminal_condition_and_not_before() -> None:
    early = StageJob.parse(raw_job({"conditions": [{"type": "FailureTarget", "status": "True"}]}))
    ended = StageJob.parse(raw_job({"conditions": [{"type": "Failed", "status": "True", "reason": "FailedIndexes"}]}))

    assert early is not None
    assert (early.outcome, early.finishing) == (None, True)
    assert ended is not None
    assert (ended.outcome, ended.reason) == ("Failed", "FailedIndexes")


@pytest.mark.parametrize("labels", [{}, {LABEL_STAGE: "other"}])
def test_a_job_without_a_known_stage_is_ignored(labels: dict[str, str]) -> None:
    assert StageJob.parse(raw_job({}, labels)) is None


@given(st.text(max_size=30))
def test_no_index_string_breaks_the_parser(text: str) -> None:
    StageJob.parse(raw_job({"completedIndexes": text}))
