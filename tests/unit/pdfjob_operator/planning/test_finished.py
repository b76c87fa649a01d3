"""What the planner decides about a PdfJob that has finished, and in the rounds that follow."""

import pytest

from builders import (
    SETTINGS,
    after,
    decide,
    make_chunks_job,
    make_job,
    make_merged,
    make_observation,
    make_pdfjob,
    make_pod,
    make_started,
    rejected,
    variables,
)
from chunk_runner.contract.report import Report
from pdfjob_operator.objects.kubernetes import JobOutcome
from pdfjob_operator.objects.phases import Phase, Stage
from pdfjob_operator.planning.decision import JobState
from pdfjob_operator.planning.planner import plan
from pdfjob_operator.planning.progress import Progress


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
        second = decide(prepare, make_job(Stage.MERGE), pods=(refused, merged), pdfjob=job)

        assert len(first.create) == 1
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
