"""What must hold whatever goes wrong: an oracle over the journal of a run.

Knows the promises of a PdfJob, and nothing of how the operator keeps them.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from simulation.simulator.controllers.job_status import has_ended
from simulation.simulator.journal import Change
from simulation.simulator.kinds import CLAIMS, JOBS, PDFJOBS, PODS, Manifest
from simulation.simulator.store import Store
from simulation.simulator.volume import Volume


ORDER = ("", "Pending", "Preparing", "Processing", "Merging", "Succeeded", "Failed")
ENDED = ("Succeeded", "Failed")

_SHOWN = 25
"""Changes that an error shows."""


def check(store: Store, volume: Volume, *, ended: bool = True) -> None:
    """Judge a run.

    Args:
        store: With the journal of the run.
        volume: With the workspaces.
        ended: Whether every PdfJob must have come to its end.

    Raises:
        AssertionError: A promise was broken; the message shows where.
    """
    for uid in {change.after["metadata"]["uid"] for change in store.journal if change.ref.kind is PDFJOBS}:
        mine = [change for change in store.journal if _about(change, uid)]
        _phases([change for change in mine if change.ref.kind is PDFJOBS])
        _jobs(mine)
        _deletion(mine)
    _strangers(store)
    _removals(store, volume)
    living = {raw["metadata"]["uid"] for kind in (PDFJOBS, JOBS) for raw in store.all(kind)}
    for raw in (*store.all(JOBS), *store.all(PODS), *store.all(CLAIMS)):
        owners = [it["uid"] for it in raw["metadata"].get("ownerReferences", ())]
        _assert(not owners or living & set(owners), f"{raw['metadata']['name']} has no living owner", store.journal)
    for raw in store.all(PDFJOBS) if ended else ():
        phase, uid = raw.get("status", {}).get("phase"), raw["metadata"]["uid"]
        mine = [change for change in store.journal if _about(change, uid)]
        _assert(phase in ENDED, f"{raw['metadata']['name']} has not ended, it is {phase}", mine)
        _assert(not wants_retry(raw), f"the retry of {raw['metadata']['name']} was never taken up", mine)


def wants_retry(pdfjob: Manifest) -> bool:
    """Return whether a finished PdfJob has failures, and a retry of them that has not begun."""
    status = pdfjob.get("status", {})
    partial = any(it["type"] == "Partial" and it["status"] == "True" for it in status.get("conditions", ()))
    asked = pdfjob["spec"].get("retryFailed", 0)
    return bool(asked > status.get("round", asked) and (status.get("phase") == "Failed" or partial))


def unfinished_jobs(store: Store, pdfjob: Manifest) -> list[Manifest]:
    """Return the Jobs of a PdfJob that have not ended."""
    children = store.children(pdfjob["metadata"]["uid"])
    return [raw for raw in children if raw["kind"] == JOBS.name and not has_ended(raw)]


def _phases(changes: list[Change]) -> None:
    """Phases go forward, an end is final unless a retry was asked for, and the clock starts once."""
    granted, phase, start = 0, "", None
    for number, change in enumerate(changes):
        status, seen = change.after.get("status", {}), changes[: number + 1]
        asked = change.after.get("spec", {}).get("retryFailed", 0)
        new = status.get("phase", "")
        if phase in ENDED and asked > granted and new != phase:
            phase, start = "", None
        _assert(phase not in ENDED or new == phase, f"{change.ref} had ended, as {phase}, and is {new}", seen)
        if new in ORDER:  # Suspended may come and go
            _assert(ORDER.index(new) >= ORDER.index(phase), f"{change.ref} went back from {phase} to {new}", seen)
            phase = new
        if phase in ENDED:
            granted = status.get("round", 0)
        begun = status.get("startTime")
        _assert(start in (None, begun), f"the clock of {change.ref} was set from {start} to {begun}", seen)
        start = begun


def _jobs(changes: list[Change]) -> None:
    """A Job is made for a PdfJob whose start and round are on record, once, and none beside the merge of its round."""
    there: dict[str, Manifest] = {}
    parts: dict[tuple[str, str, str], str] = {}
    status: Manifest = {}
    for number, change in enumerate(changes):
        seen, name = changes[: number + 1], change.ref.name
        if change.ref.kind is PDFJOBS:
            status = change.after.get("status", {})
        if change.ref.kind is not JOBS:
            continue
        if change.type == "DELETED":
            there.pop(name, None)
        if change.type == "ADDED":
            stage, round_ = _label(change.after, "stage"), _label(change.after, "round")
            part = (stage, round_, _label(change.after, "memory-doublings"))
            _assert(name not in there, f"{name} was made twice", seen)
            _assert(parts.setdefault(part, name) == name, f"{name} and {parts[part]} are the same stage", seen)
            recorded = "startTime" in status and str(status.get("round")) == round_
            _assert(not _by_operator(change) or recorded, f"{name} was made before round {round_} was on record", seen)
            merging = [it for it in there.values() if (_label(it, "stage"), _label(it, "round")) == ("merge", round_)]
            _assert(stage == "merge" or not merging, f"{name} was made beside the merge of its round", seen)
            there[name] = change.after


def _deletion(changes: list[Change]) -> None:
    """The operator deletes a PdfJob only after its time to live, and never one whose retry was asked for."""
    last = next(change for change in reversed(changes) if change.ref.kind is PDFJOBS)
    if last.type != "DELETED" or not _by_operator(last):
        return
    status, ttl = last.after.get("status", {}), last.after["spec"].get("ttlSecondsAfterFinished")
    _assert(status.get("phase") in ENDED and ttl is not None, f"{last.ref} was deleted, though nobody asked", changes)
    due = datetime.fromisoformat(status["completionTime"]) + timedelta(seconds=ttl or 0)
    _assert(last.time >= due, f"{last.ref} was deleted before {due}", changes)
    _assert(not wants_retry(last.after), f"{last.ref} was deleted, though a retry was asked for", changes)


def _strangers(store: Store) -> None:
    """The operator changes and deletes only Jobs that it made, and of claims, it only makes some."""
    made: set[str] = set()
    for number, change in enumerate(store.journal):
        if change.ref.kind is CLAIMS and _by_operator(change):
            _assert(change.type == "ADDED", f"{change.ref} is not the operator's", store.journal[: number + 1])
        if change.ref.kind is JOBS and _by_operator(change):
            uid = change.after["metadata"]["uid"]
            if change.type == "ADDED":
                made.add(uid)
            _assert(uid in made, f"{change.ref} is not the operator's", store.journal[: number + 1])


def _removals(store: Store, volume: Volume) -> None:
    """No sweep removes the workspace of a PdfJob that exists."""
    for removal in volume.removals:
        lives = [it for it in store.journal if it.ref.kind is PDFJOBS and it.after["metadata"]["uid"] == removal.uid]
        gone = any(it.type == "DELETED" and it.time <= removal.time for it in lives)
        _assert(gone, f"the workspace of {removal.uid} was removed, and its PdfJob exists", lives)


def _by_operator(change: Change) -> bool:
    return change.how.by.client.startswith(("operator-", "second-"))


def _label(raw: Manifest, name: str) -> str:
    return str(raw["metadata"].get("labels", {}).get(f"pdfjob.dev/{name}", ""))


def _about(change: Change, uid: str) -> bool:
    meta = change.after["metadata"]
    return uid == meta["uid"] or uid in [it["uid"] for it in meta.get("ownerReferences", ())]


def _assert(holds: Any, message: str, history: Iterable[Change]) -> None:
    if not holds:
        raise AssertionError("\n  ".join([message, *map(str, list(history)[-_SHOWN:])]))
