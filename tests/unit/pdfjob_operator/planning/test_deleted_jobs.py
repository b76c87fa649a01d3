"""Whoever deletes Jobs, in whatever phase: the phase does not go back, and no stage runs beside a later one."""

from dataclasses import replace

import pytest

from builders import (
    CHUNKS_DONE,
    NOW,
    after,
    created,
    decide,
    make_chunks_job,
    make_job,
    make_merge_job,
    make_merged,
    make_pod,
    make_started,
    prepared,
)
from chunk_runner.contract.report import Report
from pdfjob_operator.objects.kubernetes import JobOutcome
from pdfjob_operator.objects.phases import Phase, Stage
from pdfjob_operator.objects.stage_job import StageJob
from pdfjob_operator.planning.decision import JobState
from pdfjob_operator.planning.merge_input import MergeInput
from pdfjob_operator.planning.progress import Progress
from pdfjob_operator.reporting.status import render_status


PROCESSING = JobState(Phase.PROCESSING, "Processing", "…", Progress(120, 4, 0, 3, 1))
MERGING = JobState(Phase.MERGING, "Merging", "…", Progress(120, 4, 0, 3, 1))
REPORT = Report(pages=120, chunks=4, merged=make_merged())
MERGE = make_job(Stage.MERGE, merge_input=MergeInput(Progress(120, 4, 0, 3, 1)).dumps())


@pytest.mark.parametrize(
    "others", [(), (make_job(Stage.PREPARE),), (CHUNKS_DONE,)], ids=["no Job", "prepare", "chunks"]
)
def test_once_there_is_a_merge_job_it_decides(others: tuple[StageJob, ...]) -> None:
    pdfjob = make_started(status=after(MERGING, seconds=9))

    waiting = decide(*others, MERGE, pods=(prepared(120, 4),), pdfjob=pdfjob)
    pods = (prepared(120, 4), make_pod(Stage.MERGE, exit_code=0, report=REPORT))
    ended = decide(*others, MERGE, pods=pods, pdfjob=pdfjob)

    assert (waiting.state.phase, created(waiting)) == ("Merging", [])
    assert (ended.state.phase, ended.state.progress.total) == ("Succeeded", 4)


@pytest.mark.parametrize("others", [(), (make_job(Stage.PREPARE),)], ids=["no Job", "prepare"])
def test_a_merge_job_that_is_deleted_with_the_chunks_runs_again(others: tuple[StageJob, ...]) -> None:
    pdfjob = make_started(status=after(MERGING, seconds=9))

    decided = decide(*others, pods=(prepared(120, 4),), pdfjob=pdfjob)

    assert (decided.state.phase, created(decided)) == ("Merging", ["merge"])
    assert decided.state.progress == MERGING.progress


def test_after_a_timeout_it_still_fails() -> None:
    unfinished = replace(MERGING, progress=Progress(120, 4, 0, 1, 0))
    pdfjob = make_started(timeoutSeconds=1, status=after(unfinished, seconds=9))

    merge = make_merge_job(decide(pdfjob=pdfjob))
    ended = decide(merge, pods=(make_pod(Stage.MERGE, exit_code=0, report=REPORT),), pdfjob=pdfjob)

    assert (ended.state.phase, ended.state.reason) == ("Failed", "DeadlineExceeded")


def test_chunks_that_are_deleted_with_prepare_run_again_without_another_prepare() -> None:
    decided = decide(pdfjob=make_started(status=after(PROCESSING, seconds=9)))

    assert (decided.state.phase, created(decided)) == ("Processing", ["chunks"])
    assert decided.create[0]["spec"]["completions"] == 4
    assert decided.create[0]["metadata"]["annotations"]["pdfjob.dev/pages"] == "120"


def test_chunks_that_are_deleted_during_a_suspension_run_again_after_it() -> None:
    suspended = make_started(suspend=True, status=after(PROCESSING, seconds=9))

    state = decide(pdfjob=suspended).state
    decided = decide(pdfjob=make_started(status=render_status(suspended, state, NOW)))

    assert (state.phase, state.progress.total) == ("Suspended", 4)
    assert (decided.state.phase, created(decided)) == ("Processing", ["chunks"])


def test_at_the_deadline_they_are_merged() -> None:
    decided = decide(pdfjob=make_started(timeoutSeconds=1, status=after(PROCESSING, seconds=9)))

    assert (decided.state.phase, decided.state.reason, created(decided)) == (
        "Merging",
        "DeadlineExceeded",
        ["merge"],
    )


def test_a_prepare_job_that_is_deleted_runs_again_in_the_same_phase() -> None:
    preparing = make_started(status=after(JobState(Phase.PREPARING, "Preparing", "…"), seconds=9))

    decided = decide(pdfjob=preparing)

    assert (decided.state.phase, decided.state.reason, created(decided)) == ("Preparing", "Preparing", ["prepare"])


def test_chunks_that_are_still_being_deleted_do_not_disturb_the_merge() -> None:
    pdfjob = make_started(timeoutSeconds=1, status=after(MERGING, seconds=9))
    deleting = make_chunks_job(suspended=True, deleting=True)
    merge = replace(MERGE, outcome=JobOutcome.COMPLETE)

    decided = decide(deleting, merge, pods=(make_pod(Stage.MERGE, exit_code=0, report=REPORT),), pdfjob=pdfjob)

    assert (decided.state.phase, decided.delete, created(decided)) == ("Succeeded", (), [])
