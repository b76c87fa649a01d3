from datetime import timedelta
from typing import Any

import pytest

from builders import NOW, SETTINGS, make_children, make_job, make_merged, make_pdfjob, make_pod, prepared, rejected
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.report import FailedChunk, Failure, Report
from chunk_runner.contract.stats import Tokens
from pdfjob_operator.objects.children import Children
from pdfjob_operator.objects.pdfjob import PdfJob
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.stage_job import StageJob
from pdfjob_operator.planning.decision import Decision
from pdfjob_operator.planning.planner import next_step


STARTED = {"startTime": "2026-11-23T11:59:00Z"}


def step(children: Children, job: PdfJob | None = None) -> Decision:
    return next_step(job or make_pdfjob(), children, SETTINGS, NOW)


def created(decided: Decision) -> list[str]:
    return [manifest["metadata"]["name"].rpartition("-")[2] for manifest in decided.create]


def env(manifest: dict[str, Any]) -> dict[str, str]:
    container = manifest["spec"]["template"]["spec"]["containers"][0]
    return {entry["name"]: entry["value"] for entry in container["env"] if "value" in entry}


def chunks(**fields: Any) -> StageJob:
    return make_job(Stage.CHUNKS, **{"completions": 4, "parallelism": 4, "pages": 120} | fields)


DONE = chunks(verdict="Complete", succeeded=4)
PARTLY = chunks(verdict="Failed", reason="FailedIndexes", succeeded=3, failed=1)
LATE = chunks(verdict="Failed", reason="DeadlineExceeded", succeeded=3)


def test_a_new_job_gets_its_prepare_job() -> None:
    decided = step(make_children())

    assert (decided.situation.phase, created(decided)) == ("Pending", ["prepare"])


def test_it_is_pending_until_the_prepare_pod_is_there() -> None:
    assert step(make_children(make_job(Stage.PREPARE, active=0))).situation.phase == "Pending"
    assert step(make_children(make_job(Stage.PREPARE, active=1))).situation.phase == "Pending"
    begun = make_children(make_job(Stage.PREPARE, active=1), pods=(make_pod(Stage.PREPARE),))
    assert step(begun).situation.phase == "Preparing"


def test_the_chunks_follow_as_soon_as_the_prepare_pod_has_reported() -> None:
    decided = step(make_children(make_job(Stage.PREPARE, active=1), pods=(prepared(pages=120, chunks=4),)))

    assert (decided.situation.phase, created(decided)) == ("Processing", ["chunks"])
    spec = decided.create[0]["spec"]
    assert (spec["completions"], spec["parallelism"]) == (4, 4)


def test_there_are_never_more_pods_than_workers_or_chunks() -> None:
    few_workers = step(make_children(make_job(Stage.PREPARE), pods=(prepared(300, 10),)), make_pdfjob(workers=3))
    few_chunks = step(make_children(make_job(Stage.PREPARE), pods=(prepared(60, 2),)), make_pdfjob(workers=8))

    assert few_workers.create[0]["spec"]["parallelism"] == 3
    assert few_chunks.create[0]["spec"]["parallelism"] == 2


def test_one_chunk_ends_without_another_pod() -> None:
    report = Report(pages=12, chunks=1, merged=make_merged())
    pod = make_pod(Stage.PREPARE, exit_code=0, report=report)

    decided = step(make_children(make_job(Stage.PREPARE), pods=(pod,)))

    assert (decided.situation.phase, created(decided)) == ("Succeeded", [])
    assert decided.situation.facts.succeeded == 1


def test_one_chunk_that_fails_fails_the_job() -> None:
    merged = make_merged(output=None, failed=1, failed_pages="1-12")
    report = Report(pages=12, chunks=1, merged=merged, failure=Failure("ChunkUnreadable", "All 1 chunks failed."))

    decided = step(make_children(make_job(Stage.PREPARE), pods=(make_pod(Stage.PREPARE, exit_code=0, report=report),)))

    assert (decided.situation.phase, decided.situation.reason) == ("Failed", "ChunkUnreadable")


def test_a_refused_source_fails_the_job_at_once_and_makes_no_chunks() -> None:
    decided = step(make_children(make_job(Stage.PREPARE, active=0), pods=(rejected("NotAPdf"),)))

    assert (decided.situation.phase, decided.situation.reason) == ("Failed", "NotAPdf")
    assert created(decided) == []


def test_a_prepare_pod_that_may_be_tried_again_is_waited_for() -> None:
    pod = make_pod(Stage.PREPARE, exit_code=ExitCode.WORKSPACE)

    assert step(make_children(make_job(Stage.PREPARE, active=1), pods=(pod,))).situation.phase == "Preparing"


def test_a_lost_prepare_report_runs_prepare_again() -> None:
    decided = step(make_children(make_job(Stage.PREPARE, verdict="Complete")))

    assert decided.delete == ("germinal-prepare",)
    assert decided.situation.phase == "Pending"


@pytest.mark.parametrize("stage", [Stage.PREPARE, Stage.MERGE])
def test_a_pod_that_ended_well_but_said_nothing_readable_fails_the_job(stage: Stage) -> None:
    silent = make_pod(stage, exit_code=0, report=None)
    before = () if stage is Stage.PREPARE else (DONE,)

    decided = step(make_children(*before, make_job(stage, verdict="Complete"), pods=(silent,)))

    assert (decided.situation.phase, decided.situation.reason) == ("Failed", "UnexpectedError")


def test_a_job_on_its_way_out_is_not_deleted_twice() -> None:
    assert step(make_children(make_job(Stage.PREPARE, verdict="Complete", deleting=True))).delete == ()


def test_a_prepare_that_died_is_cleaned_up_after_before_the_job_fails() -> None:
    dead = make_job(Stage.PREPARE, verdict="Failed", reason="BackoffLimitExceeded")
    pod = make_pod(Stage.PREPARE, exit_code=137)

    first = step(make_children(dead, pods=(pod,)))
    then = step(make_children(dead, make_job(Stage.MERGE, active=1), pods=(pod,)))
    last = step(make_children(dead, make_job(Stage.MERGE, verdict="Complete"), pods=(pod,)))

    assert (created(first), first.situation.phase) == (["merge"], "Merging")
    assert (created(then), then.situation.phase) == ([], "Merging")
    assert (last.situation.phase, last.situation.reason) == ("Failed", "Crashed")


@pytest.mark.parametrize("reason", ["BackoffLimitExceeded", "DeadlineExceeded"])
def test_a_prepare_that_died_had_a_price(reason: str) -> None:
    dead = make_job(Stage.PREPARE, verdict="Failed", reason=reason)
    merged = make_merged(output=None, failed=1, failed_pages="1-12", tokens=Tokens(total=150_000))
    pod = make_pod(Stage.MERGE, exit_code=0, report=Report(pages=12, merged=merged, failure=Failure("Crashed", "…")))

    last = step(
        make_children(dead, make_job(Stage.MERGE, verdict="Complete"), pods=(pod,)),
        make_pdfjob(status={"phase": "Merging"}),
    ).situation

    assert (last.phase, last.reason) == ("Failed", "Crashed" if reason.startswith("B") else reason)
    assert last.facts.merged == merged
    assert (last.facts.pages, last.facts.total, last.facts.failed) == (12, 1, 1)


def test_a_prepare_killed_at_the_deadline_with_its_pods_is_cleaned_up_after() -> None:
    late = make_job(Stage.PREPARE, verdict="Failed", reason="DeadlineExceeded")

    assert created(step(make_children(late), make_pdfjob(status={"phase": "Preparing"}))) == ["merge"]


def test_a_prepare_that_never_started_leaves_nothing_to_clean() -> None:
    decided = step(make_children(make_job(Stage.PREPARE, verdict="Failed", reason="DeadlineExceeded")))

    assert (created(decided), decided.situation.reason) == ([], "DeadlineExceeded")


def test_progress_is_what_the_chunks_job_counts() -> None:
    facts = step(make_children(chunks(active=2, succeeded=1, failed=1))).situation.facts

    assert (facts.total, facts.active, facts.succeeded, facts.failed, facts.pages) == (4, 2, 1, 1, 120)


def test_the_prepare_pod_and_job_may_go_once_the_chunks_are_there() -> None:
    assert step(make_children(chunks(active=2))).situation.phase == "Processing"


@pytest.mark.parametrize(("workers", "parallelism"), [(2, 2), (0, 0), (9, 4)])
def test_another_number_of_workers_reaches_the_running_job(workers: int, parallelism: int) -> None:
    decided = step(make_children(chunks(parallelism=1)), make_pdfjob(workers=workers))

    assert decided.patch == {"germinal-chunks": {"parallelism": parallelism}}


def test_the_right_number_of_workers_is_left_alone() -> None:
    assert step(make_children(chunks())).patch == {}


@pytest.mark.parametrize("ended", [DONE, PARTLY])
def test_merge_follows_either_end_of_the_chunks(ended: StageJob) -> None:
    decided = step(make_children(ended))

    assert (decided.situation.phase, created(decided)) == ("Merging", ["merge"])
    assert "PDFJOB_UNFINISHED_REASON" not in env(decided.create[0])


@pytest.mark.parametrize(
    ("reason", "recorded"), [("DeadlineExceeded", "DeadlineExceeded"), ("PodFailurePolicy", "JobStopped")]
)
def test_merge_is_told_why_chunks_are_unfinished(reason: str, recorded: str) -> None:
    decided = step(make_children(chunks(verdict="Failed", reason=reason)))

    assert env(decided.create[0])["PDFJOB_UNFINISHED_REASON"] == recorded


def test_a_job_that_was_stopped_says_what_stopped_it_and_not_that_it_was_stopped() -> None:
    stopped = [FailedChunk(index, f"{index}", "JobStopped", "…") for index in (0, 2, 3)]
    rejected = FailedChunk(1, "31-60", "ConfigurationError", "The API key was rejected.")
    report = Report(merged=make_merged(output=None, failed=4, failed_chunks=(stopped[0], rejected, *stopped[1:])))
    pod = make_pod(Stage.MERGE, exit_code=0, report=report)
    ended = chunks(verdict="Failed", reason="PodFailurePolicy", failed=1)

    decided = step(make_children(ended, make_job(Stage.MERGE), pods=(pod,)), make_pdfjob(maxFailedChunks=0))

    assert (decided.situation.phase, decided.situation.reason) == ("Failed", "ConfigurationError")
    assert "The API key was rejected." in decided.situation.message


def merged(report: Report, ended: StageJob = DONE) -> Decision:
    pod = make_pod(Stage.MERGE, exit_code=0, report=report)
    return step(make_children(ended, make_job(Stage.MERGE, active=1), pods=(pod,)))


def test_a_job_succeeds_with_its_merge() -> None:
    decided = merged(Report(pages=120, merged=make_merged()))

    assert (decided.situation.phase, decided.situation.reason) == ("Succeeded", "AllPagesProcessed")
    assert decided.situation.facts.succeeded == 4


def test_a_job_with_a_failed_chunk_succeeds_and_says_what_is_missing() -> None:
    decided = merged(Report(pages=120, merged=make_merged(failed=1, failed_pages="31-60")), PARTLY)

    assert (decided.situation.phase, decided.situation.reason) == ("Succeeded", "PagesMissing")
    assert "31-60" in decided.situation.message


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        ({"PageUnreadable": "7,12"}, "pages 7,12 (PageUnreadable)"),
        ({"PageUnreadable": "7", "TimeLimitExceeded": "12-20"}, "(mostly TimeLimitExceeded)"),
        ({"PageUnreadable": "7,12", "TimeLimitExceeded": "20,22,24,2…"}, "(mostly TimeLimitExceeded)"),
        ({"PageUnreadable": "7", "TimeLimitExceeded": "…"}, "(mostly PageUnreadable)"),
        ({"PageUnreadable": "7", "Forged": "nonsense"}, "(mostly PageUnreadable)"),
        ({"PageUnreadable": "7", "Forged": f"1-{'9' * 200}"}, "(mostly Forged)"),
        ({}, "see failedPages"),
    ],
    ids=["one reason", "two", "cut", "cut to nothing", "no ranges", "beyond all numbers", "none"],
)
def test_pages_that_failed_alone_are_told_with_what_most_of_them_have(reasons: dict[str, str], said: str) -> None:
    merged = make_merged(failed_pages="7,12", page_reasons=reasons)
    pod = make_pod(Stage.MERGE, exit_code=0, report=Report(merged=merged))

    decided = step(make_children(DONE, make_job(Stage.MERGE), pods=(pod,)))

    assert (decided.situation.phase, decided.situation.reason) == ("Succeeded", "PagesMissing")
    assert said in decided.situation.message


def test_pages_that_have_their_text_layer_instead_of_an_answer_are_told_but_not_missing() -> None:
    decided = merged(Report(pages=120, merged=make_merged(page_reasons={"Recitation": "7,12"})))

    assert (decided.situation.phase, decided.situation.reason) == ("Succeeded", "AllPagesProcessed")
    assert "pageReasons" in decided.situation.message


def test_chunks_that_failed_are_told_before_single_pages() -> None:
    merged = make_merged(failed=1, failed_pages="7,31-60", page_reasons={"PageUnreadable": "7"})
    pod = make_pod(Stage.MERGE, exit_code=0, report=Report(merged=merged))

    decided = step(make_children(PARTLY, make_job(Stage.MERGE), pods=(pod,)))

    assert "failedChunks" in decided.situation.message


def test_what_prepare_found_odd_is_told_from_then_on() -> None:
    odd = ("The file was damaged, and repaired.",)
    pod = make_pod(Stage.PREPARE, exit_code=0, report=Report(pages=120, chunks=4, warnings=odd))
    merged = make_pod(Stage.MERGE, exit_code=0, report=Report(pages=120, chunks=4, merged=make_merged(), warnings=odd))
    prepare, merge = make_job(Stage.PREPARE), make_job(Stage.MERGE)

    steps = [
        step(make_children(prepare, pods=(pod,))),
        step(make_children(prepare, chunks(active=4), pods=(pod,))),
        step(make_children(prepare, DONE, pods=(pod,))),
        step(make_children(DONE, merge, pods=(merged,))),
    ]

    assert [it.situation.phase for it in steps] == ["Processing", "Processing", "Merging", "Succeeded"]
    assert {it.situation.facts.warnings for it in steps} == {odd}


def test_a_job_whose_chunks_all_failed_fails_with_their_reason() -> None:
    report = Report(
        merged=make_merged(output=None, failed=4), failure=Failure("ChunkUnreadable", "All 4 chunks failed.")
    )

    decided = merged(report, PARTLY)

    assert (decided.situation.phase, decided.situation.reason) == ("Failed", "ChunkUnreadable")


def test_a_job_out_of_time_fails_and_keeps_what_it_has() -> None:
    decided = merged(Report(pages=120, merged=make_merged(failed=1, failed_pages="91-120")), LATE)

    assert (decided.situation.phase, decided.situation.reason) == ("Failed", "DeadlineExceeded")
    assert decided.situation.facts.merged is not None


def test_a_lost_merge_report_runs_merge_again() -> None:
    assert step(make_children(DONE, make_job(Stage.MERGE, verdict="Complete"))).delete == ("germinal-merge",)


def test_a_merge_that_fails_fails_the_job_with_its_own_words() -> None:
    pod = make_pod(Stage.MERGE, exit_code=23, report=Report(failure=Failure("WorkspaceUnavailable", "Full.")))
    failed = make_job(Stage.MERGE, verdict="Failed", reason="BackoffLimitExceeded")

    decided = step(make_children(DONE, failed, pods=(pod,)))

    assert (decided.situation.phase, decided.situation.reason) == ("Failed", "WorkspaceUnavailable")


def test_the_jobs_clock_starts_at_its_first_pass() -> None:
    job = make_pdfjob(timeoutSeconds=100, status=STARTED)

    decided = step(make_children(make_job(Stage.PREPARE), pods=(prepared(120, 4),)), job)

    assert decided.create[0]["spec"]["activeDeadlineSeconds"] == 100 - timedelta(minutes=1).seconds


def test_no_chunks_are_started_when_the_time_is_up() -> None:
    job = make_pdfjob(timeoutSeconds=10, status=STARTED)

    decided = step(make_children(make_job(Stage.PREPARE), pods=(prepared(120, 4),)), job)

    assert created(decided) == ["merge"]


def test_a_job_that_ran_out_of_time_before_its_chunks_ends_with_its_merge() -> None:
    job = make_pdfjob(timeoutSeconds=10, status=STARTED)
    report = Report(pages=120, merged=make_merged(output=None, failed=4), failure=Failure("DeadlineExceeded", "…"))
    pods = (prepared(120, 4), make_pod(Stage.MERGE, exit_code=0, report=report))

    decided = step(make_children(make_job(Stage.PREPARE), make_job(Stage.MERGE), pods=pods), job)

    assert (decided.situation.phase, decided.situation.reason) == ("Failed", "DeadlineExceeded")
