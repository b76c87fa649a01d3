"""What the state machine decides about suspension, retries, memory, queues and namespaces that go."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import NOW, SETTINGS, make_children, make_job, make_merged, make_pdfjob, make_pod, prepared, rejected
from chunk_runner.contract.report import Failure, Report
from pdfjob_operator.objects.children import Children
from pdfjob_operator.objects.kubernetes import format_time
from pdfjob_operator.objects.pdfjob import PdfJob
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.stage_job import StageJob
from pdfjob_operator.planning.decision import Afterwards, Decision, JobState, Progress
from pdfjob_operator.planning.planner import afterwards, next_step
from pdfjob_operator.reporting.status import status_of


def step(children: Children, job: PdfJob | None = None) -> Decision:
    return next_step(job or make_pdfjob(), children, SETTINGS, NOW)


def chunks(**fields: Any) -> StageJob:
    return make_job(Stage.CHUNKS, **{"completions": 4, "parallelism": 4, "pages": 120, "total": 4} | fields)


def after(situation: JobState, job: PdfJob | None = None, **ago: float) -> dict[str, Any]:
    """The status that a job got so long ago."""
    return status_of(job or make_pdfjob(), situation, NOW - timedelta(**ago))


SUSPENDED = JobState("Suspended", "Suspended", "…")


class TestSuspension:
    def test_whatever_runs_is_suspended_once(self) -> None:
        job = make_pdfjob(suspend=True)

        assert step(make_children(chunks(active=2)), job).patch == {"germinal-chunks": {"suspend": True}}
        assert step(make_children(chunks(suspended=True)), job).patch == {}

    def test_nothing_new_is_made(self) -> None:
        decided = step(make_children(pods=(prepared(120, 4),)), make_pdfjob(suspend=True))

        assert (decided.situation.phase, decided.create) == ("Suspended", ())

    def test_a_resumed_job_has_the_time_that_was_left(self) -> None:
        began = make_pdfjob(timeoutSeconds=100)
        ran = began_status = after(JobState("Processing", "Processing", "…"), began, seconds=90)
        paused = status_of(make_pdfjob(status=ran, suspend=True), SUSPENDED, NOW - timedelta(seconds=60))
        job = make_pdfjob(timeoutSeconds=100, status=paused)

        decided = step(make_children(chunks(suspended=True)), job)

        assert began_status["startTime"] == format_time(NOW - timedelta(seconds=90))
        assert decided.patch == {"germinal-chunks": {"suspend": False, "activeDeadlineSeconds": 70}}
        resumed = status_of(job, decided.situation, NOW)
        assert resumed["suspendedSeconds"] == 60
        assert make_pdfjob(timeoutSeconds=100, status=resumed).seconds_left(NOW + timedelta(seconds=20)) == 50

    def test_a_job_that_somebody_else_suspended_is_left_alone(self) -> None:
        running = make_pdfjob(status=after(JobState("Processing", "Processing", "…"), seconds=9))

        assert step(make_children(chunks(suspended=True)), running).patch == {}


class TestQueues:
    def test_a_queued_job_is_neither_started_nor_scaled(self) -> None:
        job = replace(make_pdfjob(workers=2), queue_name="books")

        decided = step(make_children(chunks(suspended=True, queued=True)), job)

        assert (decided.situation.phase, decided.situation.reason, decided.patch) == ("Processing", "Queued", {})
        assert step(make_children(chunks(parallelism=3, queued=True)), job).patch == {}

    def test_its_job_waits_to_be_admitted(self) -> None:
        job = replace(make_pdfjob(), queue_name="books")

        (manifest,) = step(make_children(make_job(Stage.PREPARE), pods=(prepared(120, 4),)), job).create

        assert manifest["spec"]["suspend"] is True
        assert manifest["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "books"


class TestRetries:
    PARTIAL = JobState(
        "Succeeded", "PagesMissing", "…", Progress(120, 4, merged=make_merged(failed=1, failed_pages="1-30"))
    )
    FULL = JobState("Succeeded", "AllPagesProcessed", "…", Progress(120, 4, merged=make_merged()))
    FAILED = JobState("Failed", "SourceNotFound", "…")

    @pytest.mark.parametrize(
        ("end", "raised", "retry"),
        [(PARTIAL, 1, True), (PARTIAL, 0, False), (FULL, 1, False), (FAILED, 1, True), (FAILED, 0, False)],
    )
    def test_a_raise_runs_what_failed(self, end: JobState, raised: int, retry: bool) -> None:  # noqa: FBT001 (a table)
        job = make_pdfjob(status=after(end, seconds=60), retryFailed=raised)

        assert afterwards(job, NOW) == Afterwards(retry=retry, delete_in=None)

    def test_a_value_that_was_there_from_the_start_is_no_raise(self) -> None:
        job = make_pdfjob(retryFailed=3)

        assert afterwards(make_pdfjob(retryFailed=3, status=after(self.FAILED, job, seconds=9)), NOW).retry is False

    def test_only_the_chunks_without_a_result_are_run(self) -> None:
        job = make_pdfjob(status={"round": 2})
        report = make_pod(Stage.PREPARE, exit_code=0, report=Report(pages=120, chunks=4, todo="1,3"))

        decided = step(make_children(make_job(Stage.PREPARE), pods=(report,)), job)

        (manifest,) = decided.create
        assert manifest["metadata"]["name"].endswith("-chunks-r2")
        assert manifest["spec"]["completions"] == 2
        (variable,) = [
            it["value"]
            for it in manifest["spec"]["template"]["spec"]["containers"][0]["env"]
            if it["name"] == "PDFJOB_CHUNKS"
        ]
        assert variable == "1,3"
        assert (decided.situation.facts.total, decided.situation.facts.succeeded) == (4, 2)

    def test_a_retry_that_finds_every_result_merges(self) -> None:
        report = make_pod(Stage.PREPARE, exit_code=0, report=Report(pages=120, chunks=4, todo=""))

        decided = step(make_children(make_job(Stage.PREPARE), pods=(report,)), make_pdfjob(status={"round": 1}))

        assert [it["metadata"]["name"].rpartition("-")[0][-5:] for it in decided.create] == ["merge"]

    def test_a_retry_that_cannot_begin_ends_as_the_job_had_ended(self) -> None:
        job, prepare = make_pdfjob(status={"round": 1}), make_job(Stage.PREPARE, verdict="Failed")
        refused = rejected("SourceChanged")
        merged = make_pod(
            Stage.MERGE, exit_code=0, report=Report(pages=120, merged=make_merged(failed=1, failed_pages="1-30"))
        )

        first = step(make_children(prepare, pods=(refused,)), job)
        second = step(make_children(prepare, make_job(Stage.MERGE), pods=(refused, merged)), job)

        assert len(first.create) == 1
        assert (second.situation.phase, second.situation.reason) == ("Succeeded", "SourceChanged")
        assert second.situation.message.startswith("The failed chunks cannot be run again")

    def test_counts_are_of_the_whole_job(self) -> None:
        some = chunks(completions=2, chunks=(range(1, 2), range(3, 4)), succeeded=1, failed=1)

        facts = step(make_children(some), make_pdfjob(status={"round": 1})).situation.facts

        assert (facts.total, facts.succeeded, facts.failed) == (4, 3, 1)


PARTLY = {"verdict": "Failed", "reason": "FailedIndexes", "succeeded": 2, "failed_indexes": (range(1, 3),)}


class TestMemory:
    def test_what_was_out_of_memory_is_run_again_with_more(self) -> None:
        children = replace(make_children(chunks(**PARTLY)), out_of_memory=frozenset({2}))

        (manifest,) = step(children).create

        assert manifest["metadata"]["name"].endswith("-chunks-m1")
        assert manifest["spec"]["completions"] == 1
        assert manifest["metadata"]["annotations"]["pdfjob.dev/chunks"] == "2"
        assert manifest["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"] == "2048Mi"

    def test_at_the_limit_the_merge_is_told(self) -> None:
        second = chunks(memory=2, completions=1, chunks=(range(2, 3),), verdict="Failed", reason="FailedIndexes")
        children = replace(
            make_children(chunks(**PARTLY), replace(second, failed_indexes=(range(1),))),
            out_of_memory=frozenset({0}),
        )

        (manifest,) = step(children).create

        assert manifest["metadata"]["labels"]["pdfjob.dev/stage"] == "merge"
        env = {it["name"]: it.get("value") for it in manifest["spec"]["template"]["spec"]["containers"][0]["env"]}
        assert env["PDFJOB_OUT_OF_MEMORY"] == "2"
        facts = step(children).situation.facts
        assert (facts.succeeded, facts.failed) == (2, 2)

    @pytest.mark.parametrize("reason", ["DeadlineExceeded", "PodFailurePolicy", "MaxFailedIndexesExceeded"])
    def test_a_job_that_was_stopped_gets_no_more(self, reason: str) -> None:
        children = make_children(chunks(**PARTLY | {"reason": reason}))

        (manifest,) = step(replace(children, out_of_memory=frozenset({2}))).create

        assert manifest["metadata"]["labels"]["pdfjob.dev/stage"] == "merge"

    @pytest.mark.parametrize("stage", [Stage.PREPARE, Stage.MERGE])
    def test_the_other_stages_get_more_too(self, stage: Stage) -> None:
        killed = replace(make_pod(stage, exit_code=137), out_of_memory=True)
        before = (chunks(verdict="Complete", succeeded=4),) if stage is Stage.MERGE else ()
        children = make_children(*before, make_job(stage, verdict="Failed"), pods=(killed,))

        (manifest,) = step(children).create

        assert manifest["metadata"]["name"].endswith(f"-{stage}-m1")


def test_trouble_is_shown_where_the_job_is() -> None:
    trouble = Failure("ClaimNotFound", "Make one.")
    children = replace(make_children(chunks()), trouble=trouble)

    situation = step(children).situation

    assert (situation.phase, situation.reason, situation.message) == ("Processing", "ClaimNotFound", "Make one.")
    assert situation.warning


def test_a_job_that_runs_out_of_time_tells_what_it_waited_for() -> None:
    waiting = JobState("Processing", "…", "…").troubled("ImageUnavailable", "The image cannot be pulled.")
    job = make_pdfjob(status=after(waiting, seconds=60))
    late = chunks(verdict="Failed", reason="DeadlineExceeded")

    merging = step(make_children(late), job).situation
    later = make_pdfjob(status=status_of(job, merging, NOW))
    end = step(
        make_children(late, make_job(Stage.MERGE), pods=(make_pod(Stage.MERGE, exit_code=0, report=Report()),)), later
    ).situation

    assert (end.phase, end.reason) == ("Failed", "DeadlineExceeded")
    assert "The image cannot be pulled." in end.message


def test_in_a_namespace_that_goes_unfinished_jobs_go_first() -> None:
    children = replace(make_children(make_job(Stage.PREPARE, verdict="Complete"), chunks()), namespace_ends=True)

    assert step(children).delete == ("germinal-chunks",)


def test_more_failed_chunks_than_allowed_fail_the_job() -> None:
    job = make_pdfjob(maxFailedChunks=1)
    pod = make_pod(Stage.MERGE, exit_code=0, report=Report(merged=make_merged(failed=2, failed_pages="1-60")))

    def end(allowed: int) -> JobState:
        job = make_pdfjob(maxFailedChunks=allowed)
        done = chunks(verdict="Failed", reason="FailedIndexes", succeeded=2, failed=2)
        return step(make_children(done, make_job(Stage.MERGE), pods=(pod,)), job).situation

    assert (end(1).phase, end(1).reason) == ("Failed", "TooManyFailedChunks")
    assert end(2).phase == "Succeeded"
    report = make_children(make_job(Stage.PREPARE), pods=(prepared(120, 4),))
    assert step(report, job).create[0]["spec"]["maxFailedIndexes"] == 1


@pytest.mark.parametrize(("ended_ago", "delete_in"), [(10, 50), (60, 0), (3600, 0)])
def test_a_job_is_deleted_when_its_time_has_come(ended_ago: float, delete_in: float) -> None:
    status = after(JobState("Failed", "SourceNotFound", "…"), seconds=ended_ago)

    assert afterwards(make_pdfjob(status=status, ttlSecondsAfterFinished=60), NOW).delete_in == delete_in


@pytest.mark.parametrize(
    ("reason", "recorded"), [("FailedIndexes", "WorkspaceUnavailable"), ("DeadlineExceeded", "DeadlineExceeded")]
)
def test_pods_that_could_not_write_a_word_are_spoken_for(reason: str, recorded: str) -> None:
    children = replace(make_children(chunks(**PARTLY | {"reason": reason})), volume_failed=True)

    (manifest,) = step(children).create

    env = {it["name"]: it.get("value") for it in manifest["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert env["PDFJOB_UNFINISHED_REASON"] == recorded
