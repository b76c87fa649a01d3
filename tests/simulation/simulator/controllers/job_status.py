"""The status of a Job as the real controller writes it: conditions, deadline, ranges of indexes."""

from datetime import datetime, timedelta

from simulation.simulator.kinds import Manifest, timestamp


def job_ranges(indexes: set[int]) -> str:
    """As in a Job's status: `"0,2-4"`, and `"0,1"` for two neighbors."""
    text, run = [], list[int]()
    for index in [*sorted(indexes), -1]:
        if run and index != run[-1] + 1:
            text.append(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)))
            run = []
        run.append(index)
    return ",".join(text)


def has_ended(job: Manifest) -> bool:
    """Return whether a Job is complete or has failed."""
    return any(it["type"] in ("Complete", "Failed") for it in job.get("status", {}).get("conditions", ()))


def show_suspension(status: Manifest, now: datetime, *, suspended: bool) -> None:
    """Say that a Job is suspended, or is no longer: then its clock starts anew."""
    shown = next((it["status"] for it in status.get("conditions", ()) if it["type"] == "Suspended"), None)
    if suspended:
        set_condition(status, "Suspended", "True", "JobSuspended", now)
    elif shown == "True":
        set_condition(status, "Suspended", "False", "JobResumed", now)
        status["startTime"] = timestamp(now)


def deadline_of(spec: Manifest, status: Manifest) -> datetime:
    """Return the deadline of a Job that has started."""
    return datetime.fromisoformat(status["startTime"]) + timedelta(seconds=spec.get("activeDeadlineSeconds", 10**9))


def failure_action(spec: Manifest, exit_code: int) -> str:
    """What the Job's pod failure policy says of an exit code."""
    for rule in spec.get("podFailurePolicy", {}).get("rules", ()):
        if exit_code in rule.get("onExitCodes", {}).get("values", ()):
            return str(rule["action"])
    return "Count"


def set_condition(status: Manifest, kind: str, truth: str, reason: str, now: datetime) -> None:
    others = [it for it in status.get("conditions", ()) if it["type"] != kind]
    if [kind, truth] not in [[it["type"], it["status"]] for it in status.get("conditions", ())]:
        new = {"type": kind, "status": truth, "reason": reason, "lastTransitionTime": timestamp(now)}
        status["conditions"] = [*others, new]
