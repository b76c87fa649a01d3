"""A deadline holds even if Kubernetes does not end the Job at its own."""

from datetime import timedelta
from typing import Any

import pytest

from builders import (
    CHUNKS_DONE,
    NOW,
    SETTINGS,
    STARTED,
    after,
    created,
    decide,
    make_chunks_job,
    make_job,
    make_merged,
    make_observation,
    make_pod,
    make_started,
    variables,
)
from chunk_runner.contract.report import Report
from pdfjob_operator.objects.kubernetes import format_time
from pdfjob_operator.objects.manifests.jobs import MIN_MERGE_SECONDS
from pdfjob_operator.objects.pdfjob import PdfJob
from pdfjob_operator.objects.phases import Phase, Stage
from pdfjob_operator.planning.decision import JobState
from pdfjob_operator.planning.observation import OVERDUE_SECONDS
from pdfjob_operator.planning.planner import plan


def timed_out(seconds: int) -> PdfJob:
    """A PdfJob whose timeout passed so many seconds ago."""
    started = format_time(NOW - timedelta(seconds=100 + seconds))
    return make_started(timeoutSeconds=100, status={"phase": "Processing", "startTime": started})


@pytest.mark.parametrize(
    "fields",
    [{"suspended": True}, {"queue": "books"}, {"suspended": True, "queue": "books"}],
    ids=str,
)
def test_chunks_that_somebody_else_suspended_are_merged_at_the_deadline(fields: dict[str, Any]) -> None:
    decided = decide(make_chunks_job(**fields, succeeded=1), pdfjob=timed_out(0))

    assert (decided.state.phase, decided.state.reason) == ("Merging", "DeadlineExceeded")
    assert (created(decided), decided.delete) == (["merge"], ("germinal-chunks",))
    assert variables(decided.create[0])["PDFJOB_UNFINISHED_REASON"] == "DeadlineExceeded"


def test_a_prepare_that_never_ran_fails_at_the_deadline() -> None:
    pdfjob = make_started(timeoutSeconds=10, status=STARTED | {"phase": "Pending"})

    decided = decide(make_job(Stage.PREPARE, suspended=True), pdfjob=pdfjob)

    assert (decided.state.phase, decided.state.reason) == ("Failed", "DeadlineExceeded")
    assert (created(decided), decided.delete) == ([], ("germinal-prepare",))


@pytest.mark.parametrize(("age", "phase"), [(MIN_MERGE_SECONDS - 1, "Merging"), (MIN_MERGE_SECONDS, "Failed")])
def test_a_merge_that_somebody_else_suspended_fails_once_its_own_time_is_over(age: int, phase: str) -> None:
    merge = make_job(Stage.MERGE, suspended=True, created_at=NOW - timedelta(seconds=age))

    decided = decide(CHUNKS_DONE, merge, pdfjob=timed_out(0))

    assert decided.state.phase == phase
    assert decided.delete == (("germinal-merge",) if phase == "Failed" else ())


@pytest.mark.parametrize(("late", "deleted"), [(OVERDUE_SECONDS - 1, ()), (OVERDUE_SECONDS, ("germinal-chunks",))])
def test_a_running_job_that_kubernetes_does_not_end_is_given_up(late: int, deleted: tuple[str, ...]) -> None:
    assert decide(make_chunks_job(active=1, ready=1), pdfjob=timed_out(late)).delete == deleted


def test_a_merge_that_did_its_work_counts_even_if_somebody_suspends_its_job_afterwards() -> None:
    merge = make_job(Stage.MERGE, suspended=True, created_at=NOW - timedelta(hours=1))
    done = make_pod(Stage.MERGE, exit_code=0, report=Report(pages=120, chunks=4, merged=make_merged()))

    decided = decide(CHUNKS_DONE, merge, pods=(done,), pdfjob=timed_out(0))

    assert (decided.state.phase, decided.delete) == ("Succeeded", ("germinal-merge",))


def test_a_job_that_waits_without_events_is_looked_at_again_at_the_deadline() -> None:
    pdfjob = make_started(timeoutSeconds=100, status=STARTED | {"phase": "Processing"})

    decision = plan(make_observation(make_chunks_job(suspended=True), pdfjob=pdfjob), SETTINGS)

    assert decision.requeue_after == 40


def test_a_suspension_by_the_owner_stops_the_clock() -> None:
    suspended = JobState(Phase.SUSPENDED, "Suspended", "…")
    status = after(suspended, make_started(timeoutSeconds=100), hours=5)
    pdfjob = make_started(timeoutSeconds=100, suspend=True, status=status)

    decided = decide(make_chunks_job(suspended=True, suspended_by_operator=True), pdfjob=pdfjob)

    assert (decided.state.phase, decided.delete) == ("Suspended", ())


def test_a_merge_job_that_kubernetes_refuses_for_good_does_not_keep_the_job_from_its_end() -> None:
    refused = JobState(Phase.MERGING, "JobRefused", "Kubernetes refuses to create the Job: quota.", warning=True)
    status = after(refused, seconds=60) | {"startTime": format_time(NOW - timedelta(seconds=MIN_MERGE_SECONDS + 100))}
    pdfjob = make_started(timeoutSeconds=100, status=status)

    decided = decide(CHUNKS_DONE, pdfjob=pdfjob)

    assert (decided.state.phase, decided.state.reason, created(decided)) == ("Failed", "JobRefused", [])
