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
        ("end", "raised", "retry"),
        [(PARTIAL, 1, True), (PARTIAL, 0, False), (FULL, 1, False), (FAILED, 1, True), (FAILED, 0, False)],
    )
    def test_a_raise_runs_what_failed(self, end: JobState, raised: int, retry: bool) -> None:  # noqa: FBT001 (a table)
        job = make_started(status=after(end, seconds=60), retryFailed=raised)

        decision = plan(make_observation(pdfjob=job), SETTINGS)

        assert (decision.new_round, decision.requeue_after) == (raised if retry else None, None)
        assert (decision.state is not None, decision.delete_pdfjob) == (retry, False)

    def test_a_value_that_was_there_from_the_start_is_no_raise(self) -> None:
        job = make_started(retryFailed=3, status=after(self.FAILED, make_pdfjob(retryFailed=3), seconds=9))

        assert plan(make_observation(pdfjob=job), SETTINGS).new_round is None

    def test_only_the_chunks_without_a_result_are_run(self) -> None:
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

        assert [it["metadata"]["name"].rpartition("-")[0][-5:] for it in decided.create] == ["merge"]

    def test_a_retry_that_cannot_begin_ends_as_the_job_had_ended(self) -> None:
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

    def test_counts_are_of_the_whole_job(self) -> None:
        some = make_chunks_job(completions=2, chunks=(range(1, 2), range(3, 4)), succeeded=1, failed=1)

        facts = decide(some, pdfjob=make_started(status={"round": 1})).state.progress

        assert (facts.total, facts.succeeded, facts.failed) == (4, 3, 1)


@pytest.mark.parametrize(("ended_ago", "delete_in"), [(10, 50), (60, None), (3600, None)])
def test_a_job_is_deleted_when_its_time_has_come(ended_ago: float, delete_in: float | None) -> None:
    status = after(JobState(Phase.FAILED, "SourceNotFound", "…"), seconds=ended_ago)

    decision = plan(make_observation(pdfjob=make_started(status=status, ttlSecondsAfterFinished=60)), SETTINGS)

    assert (decision.delete_pdfjob, decision.requeue_after) == (delete_in is None, delete_in)
