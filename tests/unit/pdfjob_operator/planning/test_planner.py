"""What the planner decides at any stage: suspension, diagnoses, namespaces that are deleted."""

from datetime import timedelta
from typing import Any

import pytest

from builders import (
    NOW,
    SETTINGS,
    after,
    decide,
    make_chunks_job,
    make_job,
    make_observation,
    make_pdfjob,
    make_started,
    prepared,
)
from chunk_runner.contract.report import Failure
from pdfjob_operator.objects.kubernetes import JobOutcome, format_time
from pdfjob_operator.objects.phases import Phase, Stage
from pdfjob_operator.planning.decision import Decision, JobState
from pdfjob_operator.planning.planner import plan
from pdfjob_operator.reporting.status import render_status


SUSPENDED = JobState(Phase.SUSPENDED, "Suspended", "…")


@pytest.mark.parametrize(("spec", "phase"), [({}, "Pending"), ({"suspend": True}, "Suspended")])
def test_the_first_reconciliation_creates_nothing(spec: dict[str, Any], phase: str) -> None:
    decision = plan(make_observation(pdfjob=make_pdfjob(**spec)), SETTINGS)

    assert decision == Decision(JobState(Phase(phase), phase, "Accepted."), requeue_after=0)


class TestSuspension:
    def test_the_unfinished_job_is_suspended_once(self) -> None:
        job = make_started(suspend=True)

        assert decide(make_chunks_job(active=2), pdfjob=job).patch == {"germinal-chunks": {"suspend": True}}
        assert decide(make_chunks_job(suspended=True), pdfjob=job).patch == {}

    def test_nothing_is_created(self) -> None:
        decided = decide(pods=(prepared(120, 4),), pdfjob=make_started(suspend=True))

        assert (decided.state.phase, decided.create) == ("Suspended", ())

    def test_a_resumed_job_has_the_time_that_was_left(self) -> None:
        began = make_pdfjob(timeoutSeconds=100)
        ran = began_status = after(JobState(Phase.PROCESSING, "Processing", "…"), began, seconds=90)
        paused = render_status(make_started(status=ran, suspend=True), SUSPENDED, NOW - timedelta(seconds=60))
        job = make_started(timeoutSeconds=100, status=paused)

        decided = decide(make_chunks_job(suspended=True), pdfjob=job)

        assert began_status["startTime"] == format_time(NOW - timedelta(seconds=90))
        assert decided.patch == {"germinal-chunks": {"suspend": False, "activeDeadlineSeconds": 70}}
        resumed = render_status(job, decided.state, NOW)
        assert resumed["suspendedSeconds"] == 60
        assert make_started(timeoutSeconds=100, status=resumed).seconds_left(NOW + timedelta(seconds=20)) == 50

    def test_a_job_that_somebody_else_suspended_is_left_alone(self) -> None:
        running = make_started(status=after(JobState(Phase.PROCESSING, "Processing", "…"), seconds=9))

        assert decide(make_chunks_job(suspended=True), pdfjob=running).patch == {}


def test_a_diagnosis_is_the_reason_in_the_same_phase() -> None:
    diagnosis = Failure("ClaimNotFound", "Create it.")

    state = decide(make_chunks_job(), diagnosis=diagnosis).state

    assert (state.phase, state.reason, state.message) == ("Processing", "ClaimNotFound", "Create it.")
    assert state.warning


def test_in_a_terminating_namespace_unfinished_jobs_are_deleted() -> None:
    complete = make_job(Stage.PREPARE, outcome=JobOutcome.COMPLETE)

    decided = decide(complete, make_chunks_job(), namespace_terminating=True)

    assert decided.delete == ("germinal-chunks",)
