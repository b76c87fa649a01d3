"""What the pods of a PdfJob do, by its plan: how long they take, how they end, what they write and report."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chunk_runner.contract import report_json
from chunk_runner.contract.environment import BEFORE_ENV, CHUNKS_ENV, CLAIM_ENV, LIVE_ENV, UNFINISHED_ENV
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.live_pdfjobs import LivePdfJobs
from chunk_runner.contract.ranges import format_ranges, nth, parse_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Report
from simulation.simulator.controllers.claims import waits_for_volume
from simulation.simulator.journal import RefusedError
from simulation.simulator.kinds import PDFJOBS, Manifest, Ref
from simulation.simulator.store import Store
from simulation.simulator.volume import Volume, Workspace
from tools.control_plane.fake_runner import Plan


ANNOTATION_JOB = "pdfjob.dev/job"
LABEL_STAGE = "pdfjob.dev/stage"
LABEL_UID = "pdfjob.dev/uid"
LABEL_ROUND = "pdfjob.dev/round"
LABEL_DOUBLINGS = "pdfjob.dev/memory-doublings"

KILLED = 137
"""The exit code of a container that is killed for using too much memory."""

FOUND_SECONDS = 1
"""The time of a chunk pod that finds its result."""

Finish = Callable[[int], str]
"""What a container does in the end, given its exit code: it writes to the volume, and leaves a message."""


@dataclass(frozen=True)
class Attempt:
    """A pod's work.

    Attributes:
        seconds: How long its container runs.
        exit_code: How it ends.
        finish: What it does last.
        awaits: Whether what it waits for, before these seconds begin, is there; `None` if it does not wait.
    """

    seconds: float
    exit_code: int
    finish: Finish
    awaits: Callable[[], bool] | None = None


@dataclass(frozen=True)
class Work:
    """What the pods of one Job do.

    Attributes:
        indexes: How many must succeed.
        visible: Whether the operator may look at the pods, so that they must be there as objects.
        attempt: The work of an index, at this attempt.
        waiting: Why its containers do not start; empty if they do.
    """

    indexes: int
    visible: bool
    attempt: Callable[[int, int], Attempt]
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
        mended: The round from which on nothing fails any more.
        early: How a merge that waits for the last chunks ends: its exit code; `None` if it hangs.
    """

    prepare_seconds: float = 5
    chunk_seconds: float = 10
    merge_seconds: float = 3
    jitter: float = 0.5
    waiting: str = ""
    mended: int = 1000
    early: int | None = 0


class Worker:
    """Plays the pods of all Jobs.

    Args:
        store: The cluster.
        volume: The volume on which they work.
        plans: What happens to each PdfJob, by name.
        seed: Of everything that is drawn.
    """

    def __init__(self, store: Store, volume: Volume, plans: Mapping[str, TimedPlan], seed: int) -> None:
        self._store = store
        self._volume = volume
        self._plans = plans
        self._seed = seed

    def work_of(self, job: Manifest) -> Work:
        """Return what the pods of a Job do, by the plan of its PdfJob."""
        stage = _label(job, LABEL_STAGE)
        plan = self._plans.get(job["metadata"].get("annotations", {}).get(ANNOTATION_JOB, ""), TimedPlan())
        stages = {"prepare": self._prepare, "chunks": self._chunk, "merge": self._merge, "early-merge": self._early}
        make = stages.get(stage, self._sweep)

        def attempt(index: int, number: int) -> Attempt:
            made = make(job, plan, index, number)
            dice = random.Random(f"{self._seed} {job['metadata']['name']} {index} {number}")  # noqa: S311 (must be repeatable)
            return replace(made, seconds=made.seconds * (1 + plan.jitter * dice.random()))

        visible = stage != "chunks" or bool(plan.out_of_memory)
        waiting = plan.waiting or ("ContainerCreating" if waits_for_volume(self._store, job) else "")
        return Work(job["spec"].get("completions", 1), visible, attempt, waiting)

    def _prepare(self, job: Manifest, plan: TimedPlan, _: int, number: int) -> Attempt:
        mended = int(_label(job, LABEL_ROUND)) >= plan.mended
        size = self._pages_per_chunk(job)

        def finish(code: int) -> str:
            if code == ExitCode.SOURCE:
                return report_json.dumps(plan.refused())
            workspace = self._workspace(job)
            if code:
                return ""
            report = (replace(plan, chunks={}) if mended else plan).prepared(size)
            if report.merged is not None and report.failure is None:
                workspace.merged = report
            workspace.prepared, workspace.sealed = True, None
            if report.merged is None:
                missing = [chunk for chunk in range(plan.count(size)) if chunk not in workspace.results]
                report = replace(report, todo=format_ranges(missing))
            return report_json.dumps(report)

        return Attempt(plan.prepare_seconds, 0 if mended else plan.exit_code("prepare", 0, number), finish)

    def _chunk(self, job: Manifest, plan: TimedPlan, index: int, number: int) -> Attempt:
        some, uid = _env(job).get(CHUNKS_ENV), _label(job, LABEL_UID)
        chunk = index if some is None else nth(parse_ranges(some), index)
        workspace = self._volume.workspaces.get(uid)
        is_merged = workspace is not None and workspace.sealed is not None
        if is_merged or self._volume.has_result(uid, chunk):
            return Attempt(FOUND_SECONDS, 0, lambda _: "")
        code = 0 if int(_label(job, LABEL_ROUND)) >= plan.mended else plan.exit_code("chunks", chunk, number)
        if chunk in plan.out_of_memory and _label(job, LABEL_DOUBLINGS) == "0":
            code = KILLED
        if workspace is None or not workspace.prepared:
            code = ExitCode.WORKSPACE

        def finish(code: int) -> str:
            if code == 0:
                self._workspace(job).results.add(chunk)
            return ""

        return Attempt(plan.chunk_seconds, code, finish)

    def _merge(self, job: Manifest, plan: TimedPlan, _: int, number: int) -> Attempt:
        reason = _env(job).get(UNFINISHED_ENV, Reason.CRASHED)
        size = self._pages_per_chunk(job)

        def finish(code: int) -> str:
            workspace = self._workspace(job)
            if code:
                return ""
            if not workspace.prepared:
                return report_json.dumps(workspace.sealed or Report(failure=Failure(reason, "Prepare never finished.")))
            failed = {*range(plan.count(size))} - workspace.results
            report = plan.merged(size, failed, reason)
            if report.failure is None:
                workspace.merged = report
            if not failed:
                workspace.prepared, workspace.results, workspace.sealed = False, set(), report
            return report_json.dumps(report)

        return Attempt(plan.merge_seconds, plan.exit_code("merge", 0, number), finish)

    def _early(self, job: Manifest, plan: TimedPlan, index: int, number: int) -> Attempt:
        uid, chunks = _label(job, LABEL_UID), plan.count(self._pages_per_chunk(job))

        def is_complete() -> bool:
            workspace = self._volume.workspaces.get(uid)
            is_merged = workspace is not None and not workspace.prepared and workspace.sealed is not None
            return is_merged or all(self._volume.has_result(uid, chunk) for chunk in range(chunks))

        merge = self._merge(job, plan, index, number)
        if plan.early is None:
            return replace(merge, awaits=lambda: False)
        return replace(merge, exit_code=plan.early, awaits=None if plan.early else is_complete)

    def _sweep(self, job: Manifest, plan: TimedPlan, _index: int, _number: int) -> Attempt:
        env = _env(job)
        before = int(env[BEFORE_ENV])
        live = LivePdfJobs.loads(before, env[LIVE_ENV])

        def finish(_: int) -> str:
            swept = self._volume.sweep(job["metadata"]["namespace"], env[CLAIM_ENV], live=live, before=before)
            return report_json.dumps(Report(swept=swept))

        return Attempt(plan.chunk_seconds, 0, finish)

    def _workspace(self, job: Manifest) -> Workspace:
        """Return the workspace of a Job for a change."""
        claim = _env(job).get(CLAIM_ENV, "")
        return self._volume.change(_label(job, LABEL_UID), job["metadata"]["namespace"], claim)

    def _pages_per_chunk(self, job: Manifest) -> int:
        owner = job["metadata"]["ownerReferences"][0]["name"]
        try:
            pdfjob = self._store.get(Ref(PDFJOBS, job["metadata"]["namespace"], owner))
        except RefusedError:  # its owner was deleted a moment ago, and its own turn comes soon
            return 30
        return int(pdfjob["spec"]["chunking"]["pagesPerChunk"])


def _label(job: Manifest, name: str) -> str:
    return str(job["metadata"].get("labels", {}).get(name, ""))


def _env(job: Manifest) -> dict[str, Any]:
    entries = job["spec"]["template"]["spec"]["containers"][0]["env"]
    return {entry["name"]: entry["value"] for entry in entries if "value" in entry}
