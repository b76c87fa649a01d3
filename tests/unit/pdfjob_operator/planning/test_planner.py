"""What the planner decides whatever the stage: admission, suspension, diagnoses, retries, and deletion at last."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import (
    CHUNKS_DONE,
    NOW,
    SETTINGS,
    after,
    created,
    decide,
    make_chunks_job,
    make_job,
    make_merge_job,
    make_merged,
    make_observation,
    make_pdfjob,
    make_pod,
    make_started,
    prepared,
    rejected,
    variables,
)
from chunk_runner.contract.report import Failure, Report
from pdfjob_operator.objects.kubernetes import JobOutcome, format_time
from pdfjob_operator.objects.phases import Phase, Stage
from pdfjob_operator.objects.stage_job import StageJob
from pdfjob_operator.planning.decision import Decision, JobState
from pdfjob_operator.planning.planner import plan
from pdfjob_operator.planning.progress import Progress
from pdfjob_operator.reporting.status import render_status


SUSPENDED = JobState(Phase.SUSPENDED, "Suspended", "…")


@pytest.mark.parametrize(
    ("spec", "phase", "message"),
    [
        ({}, "Pending", "Accepted."),
        ({"suspend": True}, "Suspended", "Suspended by spec.suspend: set it to false to resume."),
    ],
)
def test_the_first_reconciliation_creates_nothing(spec: dict[str, Any], phase: str, message: str) -> None:
    decision = plan(make_observation(pdfjob=make_pdfjob(**spec)), SETTINGS)

    state = JobState(Phase(phase), phase, message)
    assert decision == Decision(state, claim=SETTINGS.workspace_claim, requeue_after=0)


class TestAdmission:
    LIMITED = replace(SETTINGS, max_pdfjobs_per_namespace=2)

    def test_a_pdfjob_that_is_not_admitted_waits_and_says_for_what(self) -> None:
        for pdfjob in (make_pdfjob(), make_started()):
            decision = plan(make_observation(pdfjob=pdfjob, admitted=False), self.LIMITED)

            assert decision.state is not None
            assert (decision.state.phase, decision.state.reason) == ("Pending", "NamespaceLimitReached")
            assert "allows 2 at the same time (maxPdfJobsPerNamespace)" in decision.state.message
            assert (decision.create, decision.requeue_after, decision.state.warning) == ((), None, False)

    def test_one_that_is_out_of_time_does_not_wait(self) -> None:
        pdfjob = make_started(timeoutSeconds=1)

        decision = plan(make_observation(pdfjob=pdfjob, admitted=False), self.LIMITED)

        assert decision.state is not None
        assert decision.state.reason == "DeadlineExceeded"

    def test_one_that_is_at_work_goes_on(self) -> None:
        assert decide(make_chunks_job(active=2), admitted=False).state.phase == "Processing"


class TestSuspension:
    def test_the_unfinished_job_is_suspended_once(self) -> None:
        job = make_started(suspend=True)

        running = decide(make_chunks_job(active=2), pdfjob=job)

        mark = {"annotations": {"pdfjob.dev/suspended-in": "Pending"}}
        assert running.patch == {"germinal-chunks": {"metadata": mark, "spec": {"suspend": True}}}
        assert decide(make_chunks_job(suspended=True), pdfjob=job).patch == {}

    def test_nothing_is_created(self) -> None:
        decided = decide(pods=(prepared(120, 4),), pdfjob=make_started(suspend=True))

        assert (decided.state.phase, decided.create) == ("Suspended", ())

    def test_a_resumed_job_has_the_time_that_was_left(self) -> None:
        began = make_pdfjob(timeoutSeconds=100)
        ran = began_status = after(JobState(Phase.PROCESSING, "Processing", "…"), began, seconds=90)
        paused = render_status(make_started(status=ran, suspend=True), SUSPENDED, NOW - timedelta(seconds=60))
        job = make_started(timeoutSeconds=100, status=paused)

        decided = decide(make_chunks_job(suspended=True, suspended_by_operator=True), pdfjob=job)

        assert began_status["startTime"] == format_time(NOW - timedelta(seconds=90))
        assert decided.patch["germinal-chunks"]["spec"] == {"suspend": False, "activeDeadlineSeconds": 70}
        resumed = render_status(job, decided.state, NOW)
        assert resumed["suspendedSeconds"] == 60
        assert make_started(timeoutSeconds=100, status=resumed).seconds_left(NOW + timedelta(seconds=20)) == 50

    @pytest.mark.parametrize("phase", [Phase.PROCESSING, Phase.SUSPENDED])
    def test_a_job_that_somebody_else_suspended_is_left_alone_and_says_so(self, phase: Phase) -> None:
        pdfjob = make_started(status=after(JobState(phase, phase, "…"), seconds=9))

        decided = decide(make_chunks_job(suspended=True), pdfjob=pdfjob)

        assert (decided.patch, decided.state.reason) == ({}, "JobSuspended")

    @pytest.mark.parametrize("phase", [Phase.PROCESSING, Phase.SUSPENDED])
    def test_a_job_that_the_operator_suspended_is_resumed_whether_or_not_the_status_says_so(self, phase: Phase) -> None:
        pdfjob = make_started(status=after(JobState(phase, phase, "…"), seconds=9))

        decided = decide(make_chunks_job(suspended=True, suspended_by_operator=True), pdfjob=pdfjob)

        assert decided.patch["germinal-chunks"]["metadata"] == {"annotations": {"pdfjob.dev/suspended-in": None}}
        assert decided.patch["germinal-chunks"]["spec"]["suspend"] is False

    def test_the_mark_of_a_job_that_somebody_else_resumed_goes_so_that_the_next_suspension_is_not_taken_for_ones_own(
        self,
    ) -> None:
        decided = decide(make_chunks_job(suspended_by_operator=True))

        assert decided.patch["germinal-chunks"]["metadata"] == {"annotations": {"pdfjob.dev/suspended-in": None}}

    def test_a_merge_job_says_in_which_phase_it_was_suspended(self) -> None:
        merging = make_started(suspend=True, status=after(JobState(Phase.MERGING, "Merging", "…"), seconds=9))

        decided = decide(CHUNKS_DONE, make_job(Stage.MERGE), pdfjob=merging)

        assert decided.patch["germinal-merge"]["metadata"] == {"annotations": {"pdfjob.dev/suspended-in": "Merging"}}

    @pytest.mark.parametrize("jobs", [(), (make_job(Stage.PREPARE, suspended=True, suspended_by_operator=True),)])
    def test_it_goes_on_in_the_phase_in_which_it_was_suspended(self, jobs: tuple[StageJob, ...]) -> None:
        preparing = make_started(status=after(JobState(Phase.PREPARING, "Preparing", "…"), seconds=19))
        pdfjob = make_started(status=after(SUSPENDED, preparing, seconds=9))

        state = decide(*jobs, pdfjob=pdfjob).state

        assert (state.phase, state.reason) == ("Preparing", "Preparing")

    def test_it_goes_on_in_that_phase_even_if_somebody_else_has_suspended_its_job(self) -> None:
        preparing = make_started(status=after(JobState(Phase.PREPARING, "Preparing", "…"), seconds=19))
        pdfjob = make_started(status=after(SUSPENDED, preparing, seconds=9))

        state = decide(make_job(Stage.PREPARE, suspended=True), pdfjob=pdfjob).state

        assert (state.phase, state.reason) == ("Preparing", "JobSuspended")

    def test_a_merge_that_is_deleted_during_a_suspension_runs_again_after_it(self) -> None:
        merging = make_started(status=after(JobState(Phase.MERGING, "Merging", "…", Progress(90, 3)), seconds=19))
        pdfjob = make_started(status=after(replace(SUSPENDED, progress=Progress(90, 3)), merging, seconds=9))

        decided = decide(pdfjob=pdfjob)

        assert (created(decided), decided.state.phase) == (["merge"], "Merging")

    @pytest.mark.parametrize("mark", [{}, {"suspended_by_operator": True}], ids=str)
    def test_a_job_whose_pod_has_succeeded_is_not_resumed(self, mark: dict[str, Any]) -> None:
        prepare = make_job(Stage.PREPARE, suspended=True, **mark)

        decided = decide(prepare, pods=(prepared(120, 4),))

        assert (created(decided), decided.patch, decided.delete) == (["chunks"], {}, ())
        assert decided.state.reason == "Processing"

    @pytest.mark.parametrize(
        ("fields", "deleted"),
        [
            ({"suspended": True}, ("germinal-prepare",)),
            ({"suspended": True, "deleting": True}, ()),
            ({"suspended": True, "finishing": True}, ()),
            ({"suspended": True, "outcome": JobOutcome.COMPLETE}, ()),
            ({}, ()),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("spec", [{}, {"suspend": True}], ids=str)
    def test_a_suspended_job_whose_work_is_done_goes_so_that_nobody_resumes_it(
        self, spec: dict[str, Any], fields: dict[str, Any], deleted: tuple[str, ...]
    ) -> None:
        prepare = make_job(Stage.PREPARE, **fields)

        decided = decide(prepare, make_chunks_job(suspended=True), pdfjob=make_started(**spec))

        assert decided.delete == deleted


def test_a_diagnosis_is_the_reason_in_the_same_phase() -> None:
    diagnosis = Failure("ClaimNotFound", "Create it.")

    state = decide(make_chunks_job(), diagnosis=diagnosis).state

    assert (state.phase, state.reason, state.message) == ("Processing", "ClaimNotFound", "Create it.")
    assert state.warning


def test_in_a_terminating_namespace_unfinished_jobs_are_deleted() -> None:
    complete = make_job(Stage.PREPARE, outcome=JobOutcome.COMPLETE)

    decided = decide(complete, make_chunks_job(), namespace_terminating=True)

    assert decided.delete == ("germinal-chunks",)


class TestRetries:
    PARTIAL = JobState(
        Phase.SUCCEEDED, "PagesMissing", "…", Progress(120, 4, merged=make_merged(failed=1, failed_pages="1-30"))
    )
    FULL = JobState(Phase.SUCCEEDED, "AllPagesProcessed", "…", Progress(120, 4, merged=make_merged()))
    FAILED = JobState(Phase.FAILED, "SourceNotFound", "…")

    @pytest.mark.parametrize(
        ("end", "raised", "new_round"),
        [(PARTIAL, 1, 1), (PARTIAL, 0, None), (FULL, 1, None), (FAILED, 1, 1), (FAILED, 0, None)],
    )
    def test_raising_retry_failed_runs_what_failed(self, end: JobState, raised: int, new_round: int | None) -> None:
        job = make_started(status=after(end, seconds=60), retryFailed=raised)

        decision = plan(make_observation(pdfjob=job), SETTINGS)

        assert (decision.new_round, decision.requeue_after) == (new_round, None)
        assert (decision.state is not None, decision.delete_pdfjob) == (new_round is not None, False)

    def test_an_initial_value_of_retry_failed_begins_no_round(self) -> None:
        job = make_started(retryFailed=3, status=after(self.FAILED, make_pdfjob(retryFailed=3), seconds=9))

        assert plan(make_observation(pdfjob=job), SETTINGS).new_round is None

    def test_a_retry_runs_only_the_chunks_without_a_result(self) -> None:
        job = make_started(status={"round": 2})
        report = make_pod(Stage.PREPARE, exit_code=0, report=Report(pages=120, chunks=4, todo="1,3"))

        decided = decide(make_job(Stage.PREPARE), pods=(report,), pdfjob=job)

        (manifest,) = decided.create
        assert manifest["metadata"]["name"].endswith("-chunks-r2")
        assert manifest["spec"]["completions"] == 2
        assert variables(manifest)["PDFJOB_CHUNKS"] == "1,3"
        assert (decided.state.progress.total, decided.state.progress.succeeded) == (4, 2)

    def test_a_retry_that_finds_every_result_merges(self) -> None:
        report = make_pod(Stage.PREPARE, exit_code=0, report=Report(pages=120, chunks=4, todo=""))

        decided = decide(make_job(Stage.PREPARE), pods=(report,), pdfjob=make_started(status={"round": 1}))

        assert [job["metadata"]["name"].rpartition("-")[0][-5:] for job in decided.create] == ["merge"]

    def test_a_retry_that_cannot_begin_finishes_as_before(self) -> None:
        job, prepare = make_started(status={"round": 1}), make_job(Stage.PREPARE, outcome=JobOutcome.FAILED)
        refused = rejected("SourceChanged")
        merged = make_pod(
            Stage.MERGE, exit_code=0, report=Report(pages=120, merged=make_merged(failed=1, failed_pages="1-30"))
        )

        first = decide(prepare, pods=(refused,), pdfjob=job)
        second = decide(prepare, make_merge_job(first), pods=(refused, merged), pdfjob=job)

        assert (second.state.phase, second.state.reason) == ("Succeeded", "SourceChanged")
        assert second.state.message.startswith("The failed chunks cannot be retried")

    def test_a_retry_counts_the_chunks_of_the_whole_job(self) -> None:
        some = make_chunks_job(completions=2, chunks=(range(1, 2), range(3, 4)), succeeded=1, failed=1)

        progress = decide(some, pdfjob=make_started(status={"round": 1})).state.progress

        assert (progress.total, progress.succeeded, progress.failed) == (4, 3, 1)


@pytest.mark.parametrize(("ended_ago", "delete_in"), [(10, 50), (60, None), (3600, None)])
def test_a_finished_pdfjob_is_deleted_after_its_ttl(ended_ago: float, delete_in: float | None) -> None:
    status = after(JobState(Phase.FAILED, "SourceNotFound", "…"), seconds=ended_ago)

    decision = plan(make_observation(pdfjob=make_started(status=status, ttlSecondsAfterFinished=60)), SETTINGS)

    assert (decision.delete_pdfjob, decision.requeue_after) == (delete_in is None, delete_in)
