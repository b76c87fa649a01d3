"""What the pods of a PdfJob do: how long they take, how they exit, and what they report, by a plan for each PdfJob."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chunk_runner.contract import report_json
from chunk_runner.contract.environment import UNFINISHED_ENV
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.ranges import parse_ranges as ranges_of
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Report
from simulation.kinds import JOBS, PDFJOBS, Manifest, Ref
from simulation.store import RefusedError, Store
from tools.control_plane.fake_runner import Plan


ANNOTATION_JOB = "pdfjob.dev/job"
LABEL_STAGE = "pdfjob.dev/stage"


@dataclass(frozen=True)
class Ended:
    """A pod's work.

    Attributes:
        seconds: How long its container runs.
        exit_code: How it ends.
        message: What it leaves.
    """

    seconds: float
    exit_code: int
    message: str = ""


@dataclass(frozen=True)
class Work:
    """What the pods of one Job do.

    Attributes:
        indexes: How many must succeed.
        reports: Whether the pods leave reports, so that they must be there as objects.
        attempt: The work of an index, at this attempt.
        waiting: Why its containers never start; empty if they do.
    """

    indexes: int
    reports: bool
    attempt: Callable[[int, int], Ended]
    waiting: str = ""


@dataclass(frozen=True)
class TimedPlan(Plan):
    """A plan in virtual time.

    Attributes:
        prepare_seconds: How long prepare takes.
        chunk_seconds: How long a chunk takes.
        merge_seconds: How long merge takes.
        jitter: By how much, at most, times are longer; drawn from the seed.
        waiting: Why no container ever starts; empty if they do.
    """

    prepare_seconds: float = 5
    chunk_seconds: float = 10
    merge_seconds: float = 3
    jitter: float = 0.5
    waiting: str = ""


def work_of(store: Store, plans: Mapping[str, TimedPlan], seed: int, job: Manifest) -> Work:
    """What the pods of a Job do, by the plan of its PdfJob."""
    meta = job["metadata"]
    name, stage = meta.get("annotations", {}).get(ANNOTATION_JOB, ""), meta.get("labels", {}).get(LABEL_STAGE, "")
    plan = plans.get(name, TimedPlan())
    seconds = {"prepare": plan.prepare_seconds, "merge": plan.merge_seconds}.get(stage, plan.chunk_seconds)

    def attempt(index: int, number: int) -> Ended:
        code = plan.exit_code(stage, index, number)
        dice = random.Random(f"{seed} {name} {stage} {index} {number}")  # noqa: S311 (must be repeatable)
        report = _report(store, plan, job, stage, code)
        return Ended(seconds * (1 + plan.jitter * dice.random()), code, report_json.dumps(report) if report else "")

    indexes = job["spec"].get("completions", 1)
    return Work(indexes, stage in ("prepare", "merge"), attempt, plan.waiting)


def _report(store: Store, plan: Plan, job: Manifest, stage: str, code: int) -> Report | None:
    """What a pod reports; a killed one reports nothing."""
    if stage == "prepare" and code == ExitCode.SOURCE:
        return plan.refused()
    if code != 0:
        return None
    pdfjob = _pdfjob(store, job)
    size = pdfjob["spec"]["chunking"]["pagesPerChunk"]
    if stage == "prepare":
        return plan.prepared(size)
    chunks = _sibling(store, job, "chunks")
    reason = _env(job).get(UNFINISHED_ENV, Reason.CRASHED)
    prepared = any(it.get("status", {}).get("phase") == "Succeeded" for it in _prepare_pods(store, job))
    if chunks is None and not prepared:
        return Report(failure=Failure(reason, "Prepare never finished."))
    done = {index for run in ranges_of((chunks or {}).get("status", {}).get("completedIndexes")) for index in run}
    return plan.merged(size, set(range(plan.count(size))) - done, reason)


def _pdfjob(store: Store, job: Manifest) -> Manifest:
    owner = job["metadata"]["ownerReferences"][0]["name"]
    try:
        return store.get(Ref(PDFJOBS, job["metadata"]["namespace"], owner))
    except RefusedError:  # its owner was deleted a moment ago, and its own turn comes soon
        return {"spec": {"chunking": {"pagesPerChunk": 30}}}


def _sibling(store: Store, job: Manifest, stage: str) -> Manifest | None:
    """Another stage's Job of the same PdfJob."""
    owner = job["metadata"]["ownerReferences"][0]["uid"]
    jobs: list[Manifest] = store.all(JOBS, job["metadata"]["namespace"])
    mine = (it for it in jobs if it["metadata"].get("ownerReferences", [{}])[0].get("uid") == owner)
    return next((it for it in mine if it["metadata"]["labels"].get(LABEL_STAGE) == stage), None)


def _prepare_pods(store: Store, job: Manifest) -> list[Manifest]:
    prepare = _sibling(store, job, "prepare")
    return [] if prepare is None else store.children(prepare["metadata"]["uid"])


def _env(job: Manifest) -> dict[str, Any]:
    entries = job["spec"]["template"]["spec"]["containers"][0]["env"]
    return {entry["name"]: entry["value"] for entry in entries if "value" in entry}
