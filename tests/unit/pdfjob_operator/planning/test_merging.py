"""What the planner decides once no chunk is processed any more."""

import pytest

from builders import (
    CHUNKS_DONE,
    CHUNKS_PARTLY_FAILED,
    STARTED,
    created,
    decide,
    make_chunks_job,
    make_job,
    make_merged,
    make_pod,
    make_started,
    prepared,
    variables,
)
from chunk_runner.contract.report import Failure, Report
from pdfjob_operator.objects.kubernetes import JobOutcome
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.stage_job import StageJob


@pytest.mark.parametrize("ended", [CHUNKS_DONE, CHUNKS_PARTLY_FAILED])
def test_merge_follows_either_end_of_the_chunks(ended: StageJob) -> None:
    decided = decide(ended)

    assert (decided.state.phase, created(decided)) == ("Merging", ["merge"])
    assert "PDFJOB_UNFINISHED_REASON" not in variables(decided.create[0])


@pytest.mark.parametrize(
    ("reason", "recorded"), [("DeadlineExceeded", "DeadlineExceeded"), ("PodFailurePolicy", "JobStopped")]
)
def test_merge_learns_why_chunks_are_unfinished(reason: str, recorded: str) -> None:
    decided = decide(make_chunks_job(outcome=JobOutcome.FAILED, reason=reason))

    assert variables(decided.create[0])["PDFJOB_UNFINISHED_REASON"] == recorded


@pytest.mark.parametrize("stage", [Stage.PREPARE, Stage.MERGE])
def test_a_pod_that_succeeded_without_a_readable_report_fails_the_job(stage: Stage) -> None:
    silent = make_pod(stage, exit_code=0, report=None)
    before = () if stage is Stage.PREPARE else (CHUNKS_DONE,)

    decided = decide(*before, make_job(stage, outcome=JobOutcome.COMPLETE), pods=(silent,))

    assert (decided.state.phase, decided.state.reason) == ("Failed", "UnexpectedError")


def test_a_lost_merge_report_runs_merge_again() -> None:
    assert decide(CHUNKS_DONE, make_job(Stage.MERGE, outcome=JobOutcome.COMPLETE)).delete == ("germinal-merge",)


def test_a_failed_merge_fails_the_job_with_its_reason() -> None:
    pod = make_pod(Stage.MERGE, exit_code=23, report=Report(failure=Failure("WorkspaceUnavailable", "Full.")))
    failed = make_job(Stage.MERGE, outcome=JobOutcome.FAILED, reason="BackoffLimitExceeded")

    decided = decide(CHUNKS_DONE, failed, pods=(pod,))

    assert (decided.state.phase, decided.state.reason) == ("Failed", "WorkspaceUnavailable")


def test_a_job_that_timed_out_before_its_chunks_finishes_with_its_merge() -> None:
    job = make_started(timeoutSeconds=10, status=STARTED)
    report = Report(pages=120, merged=make_merged(output=None, failed=4), failure=Failure("DeadlineExceeded", "…"))
    pods = (prepared(120, 4), make_pod(Stage.MERGE, exit_code=0, report=report))

    decided = decide(make_job(Stage.PREPARE), make_job(Stage.MERGE), pods=pods, pdfjob=job)

    assert (decided.state.phase, decided.state.reason) == ("Failed", "DeadlineExceeded")
