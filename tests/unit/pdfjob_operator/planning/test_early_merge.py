"""When the planner has results merged early, when it gives that up, and what it makes of its end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import (
    NOW,
    SETTINGS,
    Decided,
    decide,
    make_chunks_job,
    make_claim,
    make_job,
    make_merged,
    make_observation,
    make_pod,
    make_started,
    variables,
)
from chunk_runner.contract.report import Failure, Report
from pdfjob_operator.configuration.queueing import Queueing
from pdfjob_operator.configuration.settings import Settings
from pdfjob_operator.objects.kubernetes import JobOutcome
from pdfjob_operator.objects.manifests.node_sharing import claim_label
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.planning.planner import plan


ALL_RUN: dict[str, Any] = {"active": 4, "ready": 4}
EARLY = make_job(Stage.EARLY_MERGE, active=1)
WAITING = make_pod(Stage.EARLY_MERGE)
MERGED = make_pod(Stage.EARLY_MERGE, exit_code=0, report=Report(pages=120, merged=make_merged()))
UNSCHEDULABLE = Failure("Unschedulable", "No node can run the pod.")


def stages(decided: Decided) -> list[str]:
    """The stages of the Jobs that are to be created."""
    return [manifest["metadata"]["labels"]["pdfjob.dev/stage"] for manifest in decided.create]


@pytest.mark.parametrize(
    "job",
    [
        ALL_RUN,
        {"completions": 16, "completed_indexes": (range(12),), "succeeded": 12, **ALL_RUN},
        {"completions": 2, "doublings": 1, "chunks": (range(2),), "active": 2, "ready": 2, "parallelism": 2},
    ],
    ids=["one wave", "the last wave", "with more memory"],
)
def test_it_begins_once_every_chunk_that_is_left_runs(job: dict[str, Any]) -> None:
    decided = decide(make_chunks_job(**job), workspace_claim=make_claim())

    assert (decided.state.phase, stages(decided), decided.delete) == ("Processing", ["early-merge"], ())
    (manifest,) = decided.create
    assert variables(manifest)["PDFJOB_MERGE_EARLY"] == "true"
    assert manifest["spec"]["backoffLimit"] == 0


@pytest.mark.parametrize(
    "job",
    [
        {"active": 4, "ready": 3},
        {"completions": 5, **ALL_RUN},
        {"failed_indexes": (range(1),), "succeeded": 1, "active": 2, "ready": 2},
        {"deleting": True, **ALL_RUN},
        {"suspended": True, **ALL_RUN},
        {"parallelism": 3, **ALL_RUN},
        {"succeeded": 4},
    ],
    ids=["one starts", "one waits", "one failed", "deleted", "suspended", "scaled", "none is left"],
)
def test_it_does_not_begin_otherwise(job: dict[str, Any]) -> None:
    assert decide(make_chunks_job(**job), workspace_claim=make_claim()).create == ()


@pytest.mark.parametrize(
    "settings",
    [
        replace(SETTINGS, early_merge=False),
        replace(SETTINGS, queueing=Queueing("books", manage_jobs_without_queue_name=True)),
    ],
    ids=["switched off", "Kueue manages all Jobs"],
)
def test_it_does_not_begin_if_the_administrator_does_not_want_it(settings: Settings) -> None:
    assert plan(make_observation(make_chunks_job(**ALL_RUN)), settings).create == ()


def test_its_pod_runs_where_the_claim_is_mounted() -> None:
    claim = make_claim(access_modes=frozenset({"ReadWriteOnce"}))

    (manifest,) = decide(make_chunks_job(**ALL_RUN), workspace_claim=claim).create

    assert claim_label(claim.name) in manifest["spec"]["template"]["metadata"]["labels"]


def test_a_claim_that_may_not_be_used_is_the_concern_of_the_merge_stage() -> None:
    claim = make_claim(access_modes=frozenset({"ReadWriteOncePod"}))

    decided = decide(make_chunks_job(**ALL_RUN), workspace_claim=claim)

    assert (decided.state.phase, decided.create) == ("Processing", ())


@pytest.mark.parametrize(
    "job", [ALL_RUN, {"active": 4, "ready": 0}, {"active": 1, "succeeded": 3}], ids=["all run", "ended", "the last"]
)
def test_it_goes_on_while_the_chunks_end(job: dict[str, Any]) -> None:
    decided = decide(make_chunks_job(**job), EARLY, pods=(WAITING,))

    assert (decided.create, decided.delete) == ((), ())


@pytest.mark.parametrize(
    ("job", "fields"),
    [
        ({"active": 3, "failed_pods": 1}, {}),
        ({"active": 3, "failed_indexes": (range(1),)}, {}),
        ({"active": 4, "ready": 3}, {"diagnosis": UNSCHEDULABLE}),
        ({"active": 0, "suspended": True}, {}),
        (ALL_RUN, {"pdfjob": make_started(suspend=True)}),
    ],
    ids=["one is tried again", "one failed", "one does not start", "suspended", "the PdfJob is suspended"],
)
def test_it_gives_way_to_chunks_that_need_its_room(job: dict[str, Any], fields: dict[str, Any]) -> None:
    decided = decide(make_chunks_job(**job), EARLY, pods=(WAITING,), **fields)

    assert EARLY.name in decided.delete
    assert decided.create == ()


@pytest.mark.parametrize("outcome", [None, JobOutcome.COMPLETE, JobOutcome.FAILED])
def test_its_success_is_the_end_whatever_the_chunks_job_says(outcome: JobOutcome | None) -> None:
    decided = decide(
        make_chunks_job(succeeded=3, active=1, outcome=outcome, reason="DeadlineExceeded"), EARLY, pods=(MERGED,)
    )

    assert (decided.state.phase, decided.state.reason) == ("Succeeded", "AllPagesProcessed")
    assert (decided.state.progress.succeeded, decided.state.progress.active) == (4, 0)
    assert (decided.create, decided.delete) == ((), ())


def test_its_success_counts_after_the_chunks_job_is_gone() -> None:
    assert decide(EARLY, pods=(MERGED,)).state.phase == "Succeeded"


@pytest.mark.parametrize(
    "report",
    [
        None,
        Report(pages=120),
        Report(pages=120, merged=make_merged(failed=1)),
        Report(failure=Failure("Crashed", "It crashed."), merged=make_merged()),
    ],
    ids=["none", "not merged", "a gap", "a failure"],
)
def test_nothing_but_a_complete_output_is_a_success(report: Report | None) -> None:
    pod = make_pod(Stage.EARLY_MERGE, exit_code=0, report=report)

    assert decide(make_chunks_job(active=4), EARLY, pods=(pod,)).state.phase == "Processing"
    done = make_chunks_job(succeeded=4, outcome=JobOutcome.COMPLETE, finished_at=NOW)
    assert stages(decide(done, EARLY, pods=(pod,))) == ["merge"]


@pytest.mark.parametrize("exit_code", [1, 27, 137, 143])
def test_its_failure_fails_nothing(exit_code: int) -> None:
    failed = replace(EARLY, outcome=JobOutcome.FAILED, reason="BackoffLimitExceeded")
    pod = make_pod(Stage.EARLY_MERGE, exit_code=exit_code, report=Report(failure=Failure("Crashed", "It crashed.")))

    running = decide(make_chunks_job(**ALL_RUN), failed, pods=(pod,))
    assert (running.state.reason, running.create, running.delete) == ("Processing", (), ())
    done = make_chunks_job(succeeded=4, outcome=JobOutcome.COMPLETE, finished_at=NOW)
    assert stages(decide(done, failed, pods=(pod,))) == ["merge"]


@pytest.mark.parametrize(
    ("pods", "seconds", "waits"),
    [((WAITING,), 0, True), ((WAITING,), 59, True), ((WAITING,), 61, False), ((), 0, False)],
    ids=["at work", "for long", "for too long", "not started"],
)
def test_once_all_chunks_have_completed_it_has_a_minute(pods: tuple[Any, ...], seconds: float, *, waits: bool) -> None:
    finished_at = NOW - timedelta(seconds=seconds)
    done = make_chunks_job(
        succeeded=4, completed_indexes=(range(4),), outcome=JobOutcome.COMPLETE, finished_at=finished_at
    )

    decision = plan(make_observation(done, EARLY, pods=pods), SETTINGS)

    assert decision.state is not None
    assert decision.state.phase == "Merging"
    assert len(decision.create) == (not waits)
    assert decision.delete == (() if waits else (EARLY.name,))
    assert decision.requeue_after == (60 - seconds if waits else None)


def test_chunks_that_failed_are_merged_without_waiting() -> None:
    failed = make_chunks_job(
        succeeded=3, failed_indexes=(range(1),), outcome=JobOutcome.FAILED, reason="FailedIndexes", finished_at=NOW
    )

    decided = decide(failed, EARLY, pods=(WAITING,))

    assert (stages(decided), decided.delete) == (["merge"], (EARLY.name,))


def test_once_there_is_a_merge_job_it_decides() -> None:
    done = make_chunks_job(succeeded=4, outcome=JobOutcome.COMPLETE)

    decided = decide(done, EARLY, make_job(Stage.MERGE), pods=(WAITING,))

    assert (decided.state.phase, decided.delete) == ("Merging", (EARLY.name,))
    assert decide(done, EARLY, make_job(Stage.MERGE), pods=(MERGED,)).state.phase == "Merging"


def test_one_that_somebody_suspends_is_left_until_the_end() -> None:
    """Whoever suspends each new Job would otherwise have it created again and again."""
    held = replace(EARLY, suspended=True)

    assert decide(make_chunks_job(**ALL_RUN), held).delete == ()
    assert held.name in decide(make_chunks_job(succeeded=4, outcome=JobOutcome.COMPLETE), held).delete
