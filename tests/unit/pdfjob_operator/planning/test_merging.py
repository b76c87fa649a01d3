"""What the planner decides once no chunk is processed any more."""

from dataclasses import replace
from typing import Any

import pytest

from builders import (
    CHUNKS_DONE,
    CHUNKS_PARTLY_FAILED,
    STARTED,
    Decided,
    created,
    decide,
    make_chunks_job,
    make_job,
    make_merge_job,
    make_merged,
    make_pod,
    make_started,
    prepared,
    variables,
)
from chunk_runner.contract.number_set import NumberSet
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


@pytest.mark.parametrize("timeout", [86400, 10])
def test_a_lost_merge_report_runs_merge_again_while_there_is_time(timeout: int) -> None:
    complete = make_job(Stage.MERGE, outcome=JobOutcome.COMPLETE)

    decided = decide(CHUNKS_DONE, complete, pdfjob=make_started(timeoutSeconds=timeout))

    assert decided.delete == (("germinal-merge",) if timeout > 60 else ())
    assert decided.state.phase == ("Merging" if timeout > 60 else "Failed")


def test_a_failed_merge_fails_the_job_with_its_reason() -> None:
    pod = make_pod(Stage.MERGE, exit_code=23, report=Report(failure=Failure("WorkspaceUnavailable", "Full.")))
    failed = make_job(Stage.MERGE, outcome=JobOutcome.FAILED, reason="BackoffLimitExceeded")

    decided = decide(CHUNKS_DONE, failed, pods=(pod,))

    assert (decided.state.phase, decided.state.reason) == ("Failed", "WorkspaceUnavailable")


def test_a_job_that_timed_out_before_its_chunks_finishes_with_its_merge() -> None:
    job = make_started(timeoutSeconds=10, status=STARTED)
    report = Report(pages=120, merged=make_merged(output=None, failed=4), failure=Failure("DeadlineExceeded", "…"))
    pods = (prepared(120, 4), make_pod(Stage.MERGE, exit_code=0, report=report))

    merge = make_merge_job(decide(make_job(Stage.PREPARE), pods=pods[:1], pdfjob=job))
    decided = decide(make_job(Stage.PREPARE), merge, pods=pods, pdfjob=job)

    assert (decided.state.phase, decided.state.reason) == ("Failed", "DeadlineExceeded")


def test_a_merge_that_runs_again_with_more_memory_has_the_same_input() -> None:
    timed_out = make_chunks_job(outcome=JobOutcome.FAILED, reason="DeadlineExceeded", succeeded=1)
    killed = make_merge_job(decide(timed_out), outcome=JobOutcome.FAILED)

    (second,) = decide(killed, pods=(replace(make_pod(Stage.MERGE, exit_code=137), out_of_memory=True),)).create

    assert second["metadata"]["annotations"]["pdfjob.dev/merge-input"] == killed.merge_input
    assert variables(second)["PDFJOB_UNFINISHED_REASON"] == "DeadlineExceeded"


def completed(decided: Decided) -> list[int] | None:
    """The chunks of which merge is told that they have a result, among the first ten."""
    text = variables(decided.create[0]).get("PDFJOB_COMPLETED")
    return None if text is None else [chunk for chunk in range(10) if chunk in NumberSet.loads(text)]


def ended(**fields: Any) -> StageJob:
    """A chunks Job of which some indexes have completed."""
    return make_chunks_job(**{"outcome": JobOutcome.FAILED, "reason": "FailedIndexes"} | fields)


@pytest.mark.parametrize(
    ("jobs", "chunks"),
    [
        ((ended(completed_indexes=(range(4),)),), [0, 1, 2, 3]),
        ((ended(completed_indexes=(range(1), range(2, 4))),), [0, 2, 3]),
        ((ended(reason="DeadlineExceeded"),), []),
        ((ended(completed_indexes=(range(2, 9),)),), [2, 3]),
        (
            (
                ended(
                    completions=3, total_chunks=7, chunks=(range(1, 2), range(4, 6)), completed_indexes=(range(1, 3),)
                ),
            ),
            [0, 2, 3, 4, 5, 6],
        ),
        (
            (
                ended(completed_indexes=(range(2),)),
                ended(doublings=1, completions=2, chunks=(range(2, 4),), completed_indexes=(range(1, 2),)),
            ),
            [0, 1, 3],
        ),
    ],
    ids=["all", "some", "none", "more than there are", "in a round of some chunks", "with more memory"],
)
def test_merge_is_told_which_chunks_have_a_result(jobs: tuple[StageJob, ...], chunks: list[int]) -> None:
    assert completed(decide(*jobs)) == chunks


@pytest.mark.parametrize(
    ("todo", "timeout", "chunks"), [("", 86400, [0, 1, 2, 3]), ("1-2", 10, [0, 3]), (None, 10, [])], ids=str
)
def test_merge_is_told_which_chunks_had_a_result_before(todo: str | None, timeout: int, chunks: list[int]) -> None:
    pod = make_pod(Stage.PREPARE, exit_code=0, report=Report(pages=120, chunks=4, todo=todo))

    decided = decide(make_job(Stage.PREPARE), pods=(pod,), pdfjob=make_started(timeoutSeconds=timeout, status=STARTED))

    assert completed(decided) == chunks


def test_a_merge_that_only_cleans_up_is_told_nothing() -> None:
    crashed = make_job(Stage.PREPARE, outcome=JobOutcome.FAILED, reason="BackoffLimitExceeded")

    decided = decide(crashed, pods=(make_pod(Stage.PREPARE, exit_code=1),))

    assert created(decided) == ["merge"]
    assert completed(decided) is None
