"""The Job controller, as the operator sees it.

Level-triggered like the real one: it looks at a Job when it changed or when something of it is due, and writes what is
so by then. A pod's work is a length and an exit code, by plan. Knows of PdfJobs only what `work` tells.
"""

import asyncio
import copy
from collections.abc import Callable
from datetime import datetime, timedelta

from simulation.simulator import clock
from simulation.simulator.controllers.job_run import START_SECONDS, JobRun
from simulation.simulator.controllers.job_status import (
    deadline_of,
    failure_action,
    has_ended,
    job_ranges,
    set_condition,
    show_suspension,
)
from simulation.simulator.controllers.pods import CONTROLLER, create_pod, show_pod
from simulation.simulator.controllers.work import Attempt, Work
from simulation.simulator.journal import How
from simulation.simulator.kinds import CLAIMS, JOBS, PODS, Manifest, Ref, ref_of, timestamp
from simulation.simulator.store import Store


PHASE_SECONDS = 1
"""Between the end of a pod's container, which is visible at once, and its phase, by which its Job counts it."""

CONDITION_SECONDS = 2
"""Between the phase of the last pod and the Job's condition."""

FOREVER = timedelta(days=365)

BACKOFF_SECONDS = 10
"""Before a failed pod is replaced the first time; then twice as long each time, up to six minutes."""

Works = Callable[[Manifest], Work]
"""What a Job's pods do."""


class JobController:
    """Runs the Jobs.

    Args:
        store: The cluster.
        work: What a Job's pods do.
    """

    def __init__(self, store: Store, work: Works) -> None:
        self._store = store
        self._work = work
        self._runs: dict[str, JobRun] = {}

    async def run(self) -> None:
        """Run Jobs until cancelled."""
        seen, due = 0, dict[Ref, datetime]()
        while True:
            changes = self._store.since(seen)
            changed = {it.ref for it in changes if it.ref.kind is JOBS}
            if any(it.ref.kind is CLAIMS for it in changes):  # pods may have waited for a volume
                changed |= {ref_of(JOBS, raw) for raw in self._store.all(JOBS)}
            seen, now = self._store.revision, clock.now()
            for ref in sorted(changed | {ref for ref, time in due.items() if time <= now}):
                due.pop(ref, None)
                raw = next((it for it in self._store.all(JOBS, ref.namespace) if ref_of(JOBS, it) == ref), None)
                if raw is not None and (again := self._step(ref, raw, now)) is not None:
                    due[ref] = again
            if self._store.revision == seen:
                try:
                    async with asyncio.timeout(min(((it - now).total_seconds() for it in due.values()), default=None)):
                        await self._store.change()
                except TimeoutError:
                    pass  # something is due

    def _step(self, ref: Ref, raw: Manifest, now: datetime) -> datetime | None:
        """Bring a Job up to date; returns when to look again."""
        if has_ended(raw):
            return None
        run = self._runs.setdefault(raw["metadata"]["uid"], JobRun.of(raw))
        status = copy.deepcopy(raw.get("status", {}))
        spec, suspended = raw["spec"], bool(raw["spec"].get("suspend"))
        if not suspended and "startTime" not in status:
            status["startTime"] = timestamp(now)
        run.begin_waiting(self._work(raw), now)
        if run.verdict is None:
            self._settle(run, raw, now)
        if run.verdict is None:  # the real controller, too, ends a Job whose pods have ended, suspended or not
            show_suspension(status, now, suspended=suspended)
        if run.verdict is None and not suspended and now >= deadline_of(spec, status):
            run.verdict = ("Failed", "DeadlineExceeded", now + timedelta(seconds=CONDITION_SECONDS))
            self._stop(run)
        _announce(run, status, now)
        if run.verdict is not None:
            if is_due := run.verdict[2] <= now:
                self._end(run, status, now)
            return self._write(ref, run, spec, status, None if is_due else run.verdict[2])
        if suspended:
            self._stop(run)
            return self._write(ref, run, spec, status, None)
        self._start(run, raw, now)
        for index, (started, _) in run.running.items():
            self._show_running(run, index, started, now)
        return self._write(ref, run, spec, status, self._next(run, deadline_of(spec, status), now))

    def _settle(self, run: JobRun, raw: Manifest, now: datetime) -> None:
        """Judge the pods that have ended by now."""
        spec, work = raw["spec"], self._work(raw)
        for index, (_, attempt) in sorted(run.running.items()):
            end = run.end_of(index, now)
            if end > now:
                continue
            if index not in run.ended:
                run.ended.add(index)
                self._show_end(run, index, attempt, now)
            if end + timedelta(seconds=PHASE_SECONDS) > now:
                continue
            self._show_phase(run, index, attempt)
            run.forget(index)
            if attempt.exit_code == 0:
                run.done.add(index)
                continue
            run.failures[index] = failures = run.failures.get(index, 0) + 1
            action = failure_action(spec, attempt.exit_code)
            if action == "FailJob":
                run.verdict = ("Failed", "PodFailurePolicy", now + timedelta(seconds=CONDITION_SECONDS))
                self._stop(run)
                return
            limit = spec.get("backoffLimitPerIndex", spec.get("backoffLimit", 6))
            if action == "FailIndex" or failures > limit:
                run.failed.add(index)
            else:
                wait = min(BACKOFF_SECONDS * 2 ** (failures - 1), 360)
                run.later[index] = now + timedelta(seconds=wait)
        over = now + timedelta(seconds=CONDITION_SECONDS)
        if len(run.failed) > spec.get("maxFailedIndexes", 10**9):
            run.verdict = ("Failed", "MaxFailedIndexesExceeded", over)
            self._stop(run)
        elif len(run.done) + len(run.failed) == work.indexes:
            reason = "FailedIndexes" if spec.get("completionMode") == "Indexed" else "BackoffLimitExceeded"
            run.verdict = ("Failed", reason, over) if run.failed else ("Complete", "CompletionsReached", over)

    def _start(self, run: JobRun, raw: Manifest, now: datetime) -> None:
        """Make pods, the lowest indexes first, until as many run as may; end some if more do."""
        allowed, work = raw["spec"].get("parallelism", 1), self._work(raw)
        for index in sorted(run.running)[allowed:]:
            self._stop(run, index)
        for index in range(work.indexes):
            if len(run.running) >= allowed:
                return
            busy = index in run.running or index in run.done or index in run.failed
            if not busy and run.later.get(index, now) <= now:
                started = now + FOREVER if work.waiting else now
                run.running[index] = (started, work.attempt(index, run.failures.get(index, 0)))
                if work.visible:
                    run.pods[index] = create_pod(self._store, raw, index, work.waiting or "ContainerCreating")

    def _stop(self, run: JobRun, *indexes: int) -> None:
        """End running pods: these, or all."""
        for index in indexes or tuple(run.running):
            run.forget(index)
            if (pod := run.pods.pop(index, None)) in {ref_of(PODS, it) for it in self._store.all(PODS)}:
                self._store.delete(pod, How("delete", by=CONTROLLER))

    def _next(self, run: JobRun, deadline: datetime, now: datetime) -> datetime | None:
        starts = [it + timedelta(seconds=START_SECONDS) for it, _ in run.running.values()]
        ends = [run.end_of(index, now) for index in run.running]
        phases = [end + timedelta(seconds=PHASE_SECONDS) for end in ends]
        return min(time for time in (deadline, *starts, *ends, *phases, *run.later.values()) if time > now)

    def _end(self, run: JobRun, status: Manifest, now: datetime) -> None:
        kind, reason, _ = run.verdict or ("", "", now)
        if reason in ("PodFailurePolicy", "DeadlineExceeded"):
            run.failed.clear()  # as the real controller does: which indexes had failed is lost
        if kind == "Complete":
            status["completionTime"] = timestamp(now)
        set_condition(status, kind, "True", reason, now)

    def _write(
        self, ref: Ref, run: JobRun, spec: Manifest, status: Manifest, again: datetime | None
    ) -> datetime | None:
        """Write a Job's status; returns when to look again."""
        now = clock.now()
        started = [it for it, _ in run.running.values() if it + timedelta(seconds=START_SECONDS) <= now]
        failures = sum(run.failures.values())
        status |= {"active": len(run.running), "ready": len(started), "terminating": 0}
        status |= {"succeeded": len(run.done), "failed": failures}
        if spec.get("completionMode") == "Indexed":
            status["completedIndexes"] = job_ranges(run.done)
            status["failedIndexes"] = job_ranges(run.failed)
        self._store.patch(ref, {"status": status}, How("patch", "status", CONTROLLER))
        return again

    def _show_running(self, run: JobRun, index: int, started: datetime, now: datetime) -> None:
        begun = started + timedelta(seconds=START_SECONDS)
        if index in run.pods and index not in run.ended and begun <= now:
            show_pod(self._store, run.pods[index], "Running", {"running": {"startedAt": timestamp(begun)}})

    def _show_end(self, run: JobRun, index: int, attempt: Attempt, now: datetime) -> None:
        """End a pod's container."""
        message = attempt.finish(attempt.exit_code)
        if (pod := run.pods.get(index)) is not None:
            state = {"exitCode": attempt.exit_code, "message": message, "finishedAt": timestamp(now)}
            show_pod(self._store, pod, "Running", {"terminated": state})

    def _show_phase(self, run: JobRun, index: int, attempt: Attempt) -> None:
        """End a pod."""
        if (pod := run.pods.pop(index, None)) is not None:
            show_pod(self._store, pod, "Failed" if attempt.exit_code else "Succeeded")


def _announce(run: JobRun, status: Manifest, now: datetime) -> None:
    """Say how a Job will end, while its last pods go (KEP-3998)."""
    if run.verdict is not None:
        kind, reason, _ = run.verdict
        set_condition(status, "SuccessCriteriaMet" if kind == "Complete" else "FailureTarget", "True", reason, now)
