"""What the planner decides until the source is split."""

from datetime import timedelta

import pytest

from builders import (
    STARTED,
    created,
    decide,
    make_job,
    make_merge_job,
    make_merged,
    make_pod,
    make_started,
    prepared,
    rejected,
)
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.report import Failure, Report
from chunk_runner.contract.stats import Tokens
from pdfjob_operator.objects.kubernetes import JobOutcome
from pdfjob_operator.objects.phases import Stage


def test_a_new_job_gets_its_prepare_job() -> None:
    decided = decide()

    assert (decided.state.phase, created(decided)) == ("Pending", ["prepare"])


def test_it_is_pending_until_the_prepare_pod_has_started() -> None:
    assert decide(make_job(Stage.PREPARE, active=0)).state.phase == "Pending"
    assert decide(make_job(Stage.PREPARE, active=1)).state.phase == "Pending"
    running = decide(make_job(Stage.PREPARE, active=1), pods=(make_pod(Stage.PREPARE),))
    assert running.state.phase == "Preparing"


def test_it_is_not_pending_again_because_its_prepare_pod_is_gone() -> None:
    pdfjob = make_started(status=STARTED | {"phase": "Preparing"})

    assert decide(make_job(Stage.PREPARE, active=1), pdfjob=pdfjob).state.phase == "Preparing"


def test_the_chunks_follow_as_soon_as_the_prepare_pod_has_reported() -> None:
    decided = decide(make_job(Stage.PREPARE, active=1), pods=(prepared(pages=120, chunks=4),))

    assert (decided.state.phase, created(decided)) == ("Processing", ["chunks"])
    spec = decided.create[0]["spec"]
    assert (spec["completions"], spec["parallelism"]) == (4, 4)


def test_there_are_never_more_pods_than_workers_or_chunks() -> None:
    few_workers = decide(make_job(Stage.PREPARE), pods=(prepared(300, 10),), pdfjob=make_started(workers=3))
    few_chunks = decide(make_job(Stage.PREPARE), pods=(prepared(60, 2),), pdfjob=make_started(workers=8))

    assert few_workers.create[0]["spec"]["parallelism"] == 3
    assert few_chunks.create[0]["spec"]["parallelism"] == 2


def test_a_job_of_one_chunk_finishes_without_another_pod() -> None:
    report = Report(pages=12, chunks=1, merged=make_merged())
    pod = make_pod(Stage.PREPARE, exit_code=0, report=report)

    decided = decide(make_job(Stage.PREPARE), pods=(pod,))

    assert (decided.state.phase, created(decided)) == ("Succeeded", [])
    assert decided.state.progress.succeeded == 1


def test_a_job_of_one_chunk_fails_with_its_chunk() -> None:
    merged = make_merged(output=None, failed=1, failed_pages="1-12")
    report = Report(pages=12, chunks=1, merged=merged, failure=Failure("ChunkUnreadable", "All 1 chunks failed."))

    decided = decide(make_job(Stage.PREPARE), pods=(make_pod(Stage.PREPARE, exit_code=0, report=report),))

    assert (decided.state.phase, decided.state.reason) == ("Failed", "ChunkUnreadable")


def test_a_refused_source_fails_the_job_at_once_and_makes_no_chunks() -> None:
    decided = decide(make_job(Stage.PREPARE, active=0), pods=(rejected("NotAPdf"),))

    assert (decided.state.phase, decided.state.reason) == ("Failed", "NotAPdf")
    assert created(decided) == []


def test_a_prepare_pod_that_kubernetes_retries_is_waited_for() -> None:
    pod = make_pod(Stage.PREPARE, exit_code=ExitCode.WORKSPACE)

    assert decide(make_job(Stage.PREPARE, active=1), pods=(pod,)).state.phase == "Preparing"


def test_while_prepare_is_retried_the_status_says_why() -> None:
    failure = Failure("WorkspaceUnavailable", "The volume is full.")
    pod = make_pod(Stage.PREPARE, exit_code=ExitCode.WORKSPACE, report=Report(failure=failure))

    state = decide(make_job(Stage.PREPARE), pods=(pod,)).state

    assert (state.phase, state.reason, state.message) == ("Preparing", "WorkspaceUnavailable", "The volume is full.")


def test_a_lost_prepare_report_runs_prepare_again() -> None:
    decided = decide(make_job(Stage.PREPARE, outcome=JobOutcome.COMPLETE))

    assert decided.delete == ("germinal-prepare",)
    assert decided.state.phase == "Pending"


def test_a_job_that_is_being_deleted_is_not_deleted_again() -> None:
    assert decide(make_job(Stage.PREPARE, outcome=JobOutcome.COMPLETE, deleting=True)).delete == ()


def test_a_crashed_prepare_is_cleaned_up_after_before_the_job_fails() -> None:
    dead = make_job(Stage.PREPARE, outcome=JobOutcome.FAILED, reason="BackoffLimitExceeded")
    pod = make_pod(Stage.PREPARE, exit_code=137)

    first = decide(dead, pods=(pod,))
    then = decide(dead, make_merge_job(first, active=1), pods=(pod,))
    merge = make_merge_job(first, outcome=JobOutcome.FAILED)
    last = decide(dead, merge, pods=(pod, make_pod(Stage.MERGE, exit_code=23)))

    assert (created(first), first.state.phase) == (["merge"], "Merging")
    assert (created(then), then.state.phase) == ([], "Merging")
    assert (last.state.phase, last.state.reason) == ("Failed", "Crashed")


@pytest.mark.parametrize("reason", ["BackoffLimitExceeded", "DeadlineExceeded"])
def test_tokens_of_a_crashed_prepare_are_counted(reason: str) -> None:
    dead = make_job(Stage.PREPARE, outcome=JobOutcome.FAILED, reason=reason)
    merged = make_merged(output=None, failed=1, failed_pages="1-12", tokens=Tokens(total=150_000))
    pod = make_pod(Stage.MERGE, exit_code=0, report=Report(pages=12, merged=merged, failure=Failure("Crashed", "…")))

    preparing = make_started(status=STARTED | {"phase": "Preparing"})
    last = decide(make_merge_job(decide(dead, pdfjob=preparing)), pods=(pod,)).state

    assert (last.phase, last.reason) == ("Failed", "Crashed" if reason.startswith("B") else reason)
    assert last.progress.merged == merged
    assert (last.progress.pages, last.progress.total, last.progress.failed) == (12, 1, 1)


def test_a_prepare_whose_pods_were_deleted_at_the_deadline_is_cleaned_up_after() -> None:
    late = make_job(Stage.PREPARE, outcome=JobOutcome.FAILED, reason="DeadlineExceeded")

    assert created(decide(late, pdfjob=make_started(status={"phase": "Preparing"}))) == ["merge"]


def test_a_prepare_that_never_started_leaves_nothing_to_clean_up() -> None:
    decided = decide(make_job(Stage.PREPARE, outcome=JobOutcome.FAILED, reason="DeadlineExceeded"))

    assert (created(decided), decided.state.reason) == ([], "DeadlineExceeded")


def test_the_timeout_counts_from_the_first_reconciliation() -> None:
    job = make_started(timeoutSeconds=100, status=STARTED)

    decided = decide(make_job(Stage.PREPARE), pods=(prepared(120, 4),), pdfjob=job)

    assert decided.create[0]["spec"]["activeDeadlineSeconds"] == 100 - timedelta(minutes=1).seconds


def test_no_chunk_starts_after_the_timeout() -> None:
    job = make_started(timeoutSeconds=10, status=STARTED)

    decided = decide(make_job(Stage.PREPARE), pods=(prepared(120, 4),), pdfjob=job)

    assert created(decided) == ["merge"]
