"""How a PdfJob finishes, and what its author is told."""

import pytest

from builders import (
    CHUNKS_DONE,
    CHUNKS_PARTLY_FAILED,
    NOW,
    Decided,
    after,
    decide,
    make_chunks_job,
    make_job,
    make_merge_job,
    make_merged,
    make_pod,
    make_started,
    prepared,
)
from chunk_runner.contract.report import FailedChunk, Failure, Report
from pdfjob_operator.objects.kubernetes import JobOutcome
from pdfjob_operator.objects.phases import Phase, Stage
from pdfjob_operator.objects.stage_job import StageJob
from pdfjob_operator.planning.decision import JobState
from pdfjob_operator.reporting.status import render_status


LATE = make_chunks_job(outcome=JobOutcome.FAILED, reason="DeadlineExceeded", succeeded=3)


def merged(report: Report, ended: StageJob = CHUNKS_DONE) -> Decided:
    pod = make_pod(Stage.MERGE, exit_code=0, report=report)
    return decide(ended, make_merge_job(decide(ended), active=1), pods=(pod,))


def test_a_job_succeeds_with_its_merge() -> None:
    decided = merged(Report(pages=120, merged=make_merged()))

    assert (decided.state.phase, decided.state.reason) == ("Succeeded", "AllPagesProcessed")
    assert decided.state.progress.succeeded == 4


def test_a_job_with_a_failed_chunk_succeeds_and_says_what_is_missing() -> None:
    decided = merged(Report(pages=120, merged=make_merged(failed=1, failed_pages="31-60")), CHUNKS_PARTLY_FAILED)

    assert (decided.state.phase, decided.state.reason) == ("Succeeded", "PagesMissing")
    assert "31-60" in decided.state.message


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        ({"PageUnreadable": "7,12"}, "pages 7,12 (PageUnreadable)"),
        ({"PageUnreadable": "7", "TimeLimitExceeded": "12-20"}, "(mostly TimeLimitExceeded)"),
        ({"PageUnreadable": "7,12", "TimeLimitExceeded": "20,22,24,2…"}, "(mostly TimeLimitExceeded)"),
        ({"PageUnreadable": "7", "TimeLimitExceeded": "…"}, "(mostly PageUnreadable)"),
        ({"PageUnreadable": "7", "Forged": "nonsense"}, "(mostly PageUnreadable)"),
        ({"PageUnreadable": "7", "Forged": f"1-{'9' * 18}"}, "(mostly Forged)"),
        ({"PageUnreadable": "7", "Forged": f"1-{'9' * 200}"}, "(mostly PageUnreadable)"),
        ({}, "see failedPages"),
    ],
    ids=["one reason", "two", "cut", "cut to nothing", "no ranges", "a huge range", "beyond all numbers", "none"],
)
def test_the_message_names_pages_that_failed_alone_and_their_most_common_reason(
    reasons: dict[str, str], said: str
) -> None:
    merged = make_merged(failed_pages="7,12", page_reasons=reasons)
    pod = make_pod(Stage.MERGE, exit_code=0, report=Report(merged=merged))

    decided = decide(CHUNKS_DONE, make_job(Stage.MERGE), pods=(pod,))

    assert (decided.state.phase, decided.state.reason) == ("Succeeded", "PagesMissing")
    assert said in decided.state.message


def test_pages_that_fell_back_to_their_text_layer_are_mentioned_but_not_missing() -> None:
    decided = merged(Report(pages=120, merged=make_merged(page_reasons={"Recitation": "7,12"})))

    assert (decided.state.phase, decided.state.reason) == ("Succeeded", "AllPagesProcessed")
    assert "pageReasons" in decided.state.message


def test_failed_chunks_are_mentioned_rather_than_single_pages() -> None:
    merged = make_merged(failed=1, failed_pages="7,31-60", page_reasons={"PageUnreadable": "7"})
    pod = make_pod(Stage.MERGE, exit_code=0, report=Report(merged=merged))

    decided = decide(CHUNKS_PARTLY_FAILED, make_job(Stage.MERGE), pods=(pod,))

    assert "failedChunks" in decided.state.message


def test_a_job_whose_chunks_all_failed_fails_with_their_reason() -> None:
    report = Report(
        merged=make_merged(output=None, failed=4), failure=Failure("ChunkUnreadable", "All 4 chunks failed.")
    )

    decided = merged(report, CHUNKS_PARTLY_FAILED)

    assert (decided.state.phase, decided.state.reason) == ("Failed", "ChunkUnreadable")


def test_a_job_that_timed_out_fails_and_keeps_its_output() -> None:
    decided = merged(Report(pages=120, merged=make_merged(failed=1, failed_pages="91-120")), LATE)

    assert (decided.state.phase, decided.state.reason) == ("Failed", "DeadlineExceeded")
    assert decided.state.progress.merged is not None


def test_a_job_that_was_stopped_has_the_reason_of_the_chunk_that_stopped_it() -> None:
    stopped = [FailedChunk(index, f"{index}", "JobStopped", "…") for index in (0, 2, 3)]
    rejected = FailedChunk(1, "31-60", "ConfigurationError", "The API key was rejected.")
    report = Report(merged=make_merged(output=None, failed=4, failed_chunks=(stopped[0], rejected, *stopped[1:])))
    pod = make_pod(Stage.MERGE, exit_code=0, report=report)
    ended = make_chunks_job(outcome=JobOutcome.FAILED, reason="PodFailurePolicy", failed=1)

    decided = decide(ended, make_job(Stage.MERGE), pods=(pod,), pdfjob=make_started(maxFailedChunks=0))

    assert (decided.state.phase, decided.state.reason) == ("Failed", "ConfigurationError")
    assert "The API key was rejected." in decided.state.message


def test_a_job_that_timed_out_says_what_it_was_waiting_for() -> None:
    waiting = JobState(Phase.PROCESSING, "…", "…").blocked(Failure("ImageUnavailable", "The image cannot be pulled."))
    job = make_started(status=after(waiting, seconds=60))
    late = make_chunks_job(outcome=JobOutcome.FAILED, reason="DeadlineExceeded")

    merging = decide(late, pdfjob=job)
    later = make_started(status=render_status(job, merging.state, NOW))
    merged = make_pod(Stage.MERGE, exit_code=0, report=Report())
    end = decide(late, make_merge_job(merging), pods=(merged,), pdfjob=later).state

    assert (end.phase, end.reason) == ("Failed", "DeadlineExceeded")
    assert "The image cannot be pulled." in end.message


def test_more_failed_chunks_than_allowed_fail_the_job() -> None:
    job = make_started(maxFailedChunks=1)
    pod = make_pod(Stage.MERGE, exit_code=0, report=Report(merged=make_merged(failed=2, failed_pages="1-60")))

    def end(allowed: int) -> JobState:
        job = make_started(maxFailedChunks=allowed)
        done = make_chunks_job(outcome=JobOutcome.FAILED, reason="FailedIndexes", succeeded=2, failed=2)
        return decide(done, make_job(Stage.MERGE), pods=(pod,), pdfjob=job).state

    assert (end(1).phase, end(1).reason) == ("Failed", "TooManyFailedChunks")
    assert end(2).phase == "Succeeded"
    decided = decide(make_job(Stage.PREPARE), pods=(prepared(120, 4),), pdfjob=job)
    assert decided.create[0]["spec"]["maxFailedIndexes"] == 1
