"""What the planner decides while chunks are processed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import (
    NOW,
    after,
    decide,
    in_queue,
    make_chunks_job,
    make_job,
    make_pod,
    make_started,
    prepared,
    variables,
)
from chunk_runner.contract.report import Failure
from pdfjob_operator.objects.kubernetes import JobOutcome
from pdfjob_operator.objects.phases import Phase, Stage
from pdfjob_operator.planning.decision import JobState


QUEUED = JobState(Phase.MERGING, "Queued", "Waiting for Kueue to admit the merge Job to the queue books.")
FAILED: dict[str, Any] = {
    "outcome": JobOutcome.FAILED,
    "reason": "FailedIndexes",
    "succeeded": 2,
    "failed_indexes": (range(1, 3),),
}


def test_the_prepare_pod_and_job_may_be_gone_once_there_is_a_chunks_job() -> None:
    assert decide(make_chunks_job(active=2)).state.phase == "Processing"


@pytest.mark.parametrize(("workers", "parallelism"), [(2, 2), (0, 0), (9, 4)])
def test_another_number_of_workers_reaches_the_running_job(workers: int, parallelism: int) -> None:
    decided = decide(make_chunks_job(parallelism=1), pdfjob=make_started(workers=workers))

    assert decided.patch == {"germinal-chunks": {"spec": {"parallelism": parallelism}}}


def test_a_pdfjob_with_fewer_workers_than_it_asks_for_says_so() -> None:
    pdfjob = make_started(workers=50).with_workers(2)

    decided = decide(make_chunks_job(), pdfjob=pdfjob)

    assert decided.patch == {"germinal-chunks": {"spec": {"parallelism": 2}}}
    assert (decided.state.phase, decided.state.reason) == ("Processing", "WorkersLimited")
    assert decided.state.message.endswith(
        "spec.workers is 50, but the operator's configuration allows 2 workers (maxWorkersPerJob)."
    )


@pytest.mark.parametrize(("workers", "most"), [(50, 4), (3, 4), (0, 4), (50, None)])
def test_a_limit_that_changes_nothing_is_not_mentioned(workers: int, most: int | None) -> None:
    assert (
        decide(make_chunks_job(), pdfjob=make_started(workers=workers).with_workers(most)).state.reason == "Processing"
    )


def test_the_right_number_of_workers_is_left_alone() -> None:
    assert decide(make_chunks_job()).patch == {}


class TestKueue:
    def test_a_queued_job_is_neither_started_nor_scaled(self) -> None:
        pdfjob = make_started(workers=2)

        decided = decide(make_chunks_job(suspended=True, queue="books"), pdfjob=pdfjob)

        assert (decided.state.phase, decided.state.reason, decided.patch) == ("Processing", "Queued", {})
        assert "queue books" in decided.state.message
        assert decide(make_chunks_job(parallelism=3, queue="books"), pdfjob=pdfjob).patch == {}

    @pytest.mark.parametrize(("stage", "phase"), [(Stage.PREPARE, "Pending"), (Stage.MERGE, "Merging")])
    def test_other_stages_that_wait_in_a_queue_say_so_too(self, stage: Stage, phase: str) -> None:
        decided = decide(make_job(stage, suspended=True, queue="books"))

        assert (decided.state.phase, decided.state.reason, decided.patch) == (phase, "Queued", {})

    def test_a_merge_that_kueue_never_admits_is_given_up_and_says_why(self) -> None:
        started = make_started(timeoutSeconds=60)
        queued = replace(started, status=after(QUEUED, started))
        job = make_job(Stage.MERGE, suspended=True, queue="books", created_at=NOW - timedelta(hours=1))

        decided = decide(job, pdfjob=queued)

        assert (decided.state.phase, decided.state.reason) == ("Failed", "DeadlineExceeded")
        assert "Waiting for Kueue to admit" in decided.state.message
        assert decided.delete == (job.name,)

    def test_its_job_is_created_suspended_in_the_queue(self) -> None:
        pdfjob = in_queue(make_started(), "books")

        (manifest,) = decide(make_job(Stage.PREPARE), pods=(prepared(120, 4),), pdfjob=pdfjob).create

        assert manifest["spec"]["suspend"] is True
        assert manifest["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "books"


class TestMemory:
    def test_chunks_that_ran_out_of_memory_run_again_with_more(self) -> None:
        (manifest,) = decide(make_chunks_job(**FAILED), out_of_memory_indexes=frozenset({2})).create

        assert manifest["metadata"]["name"].endswith("-chunks-m1")
        assert manifest["spec"]["completions"] == 1
        assert manifest["metadata"]["annotations"]["pdfjob.dev/chunks"] == "2"
        assert manifest["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"] == "2048Mi"

    def test_at_the_limit_merge_learns_which_ran_out_of_memory(self) -> None:
        second = make_chunks_job(
            doublings=2,
            completions=1,
            chunks=(range(2, 3),),
            outcome=JobOutcome.FAILED,
            reason="FailedIndexes",
            failed_indexes=(range(1),),
        )

        decided = decide(make_chunks_job(**FAILED), second, out_of_memory_indexes=frozenset({0}))

        (manifest,) = decided.create
        assert manifest["metadata"]["labels"]["pdfjob.dev/stage"] == "merge"
        assert variables(manifest)["PDFJOB_OUT_OF_MEMORY"] == "2"
        assert (decided.state.progress.succeeded, decided.state.progress.failed) == (2, 2)

    @pytest.mark.parametrize("reason", ["DeadlineExceeded", "PodFailurePolicy", "MaxFailedIndexesExceeded"])
    def test_chunks_of_a_job_that_was_stopped_do_not_run_again(self, reason: str) -> None:
        stopped = make_chunks_job(**FAILED | {"reason": reason})

        (manifest,) = decide(stopped, out_of_memory_indexes=frozenset({2})).create

        assert manifest["metadata"]["labels"]["pdfjob.dev/stage"] == "merge"

    @pytest.mark.parametrize("stage", [Stage.PREPARE, Stage.MERGE])
    def test_the_other_stages_run_again_with_more_memory_too(self, stage: Stage) -> None:
        killed = replace(make_pod(stage, exit_code=137), out_of_memory=True)
        before = (make_chunks_job(outcome=JobOutcome.COMPLETE, succeeded=4),) if stage is Stage.MERGE else ()

        (manifest,) = decide(*before, make_job(stage, outcome=JobOutcome.FAILED), pods=(killed,)).create

        assert manifest["metadata"]["name"].endswith(f"-{stage}-m1")


@pytest.mark.parametrize(
    ("reason", "recorded"), [("FailedIndexes", "WorkspaceUnavailable"), ("DeadlineExceeded", "DeadlineExceeded")]
)
def test_a_reason_is_given_for_pods_that_could_not_write_theirs(reason: str, recorded: str) -> None:
    denied = Failure("WorkspaceUnavailable", "Permission denied.")

    (manifest,) = decide(make_chunks_job(**FAILED | {"reason": reason}), volume_failure=denied).create

    assert variables(manifest)["PDFJOB_UNFINISHED_REASON"] == recorded
    said = variables(manifest).get("PDFJOB_UNFINISHED_MESSAGE")
    assert said == ("Permission denied." if recorded == "WorkspaceUnavailable" else None)


def test_a_lost_workspace_fails_the_job_at_once() -> None:
    stopped = make_chunks_job(outcome=JobOutcome.FAILED, reason="PodFailurePolicy", succeeded=1)
    lost = Failure("WorkspaceUnavailable", "The workspace has no manifest.")

    decided = decide(stopped, workspace_lost=lost)

    assert (decided.state.phase, decided.state.reason, decided.create) == ("Failed", "WorkspaceUnavailable", ())
    assert decided.state.message == "The workspace has no manifest."


def test_chunks_that_failed_do_not_count_as_done() -> None:
    message = decide(make_chunks_job(completions=16, total_chunks=16, succeeded=8, failed=8)).state.message

    assert message == "8 of 16 chunks are done, and 8 failed."


@pytest.mark.parametrize(
    ("ready", "reason"), [(0, "ModelUnavailable"), (1, "Processing")], ids=["all wait", "others are at work"]
)
def test_while_chunks_fail_the_message_says_why(ready: int, reason: str) -> None:
    failure = Failure("ModelUnavailable", "The service does not answer.")

    state = decide(make_chunks_job(active=ready, ready=ready, failed_pods=3), chunk_failure=failure).state

    assert (state.phase, state.reason) == ("Processing", reason)
    assert state.message.endswith("The service does not answer.")
