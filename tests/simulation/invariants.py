"""What must hold whatever goes wrong: an oracle over the journal of a run.

Knows the promises of a PdfJob, and nothing of how the operator keeps them.
"""

from collections.abc import Iterable
from typing import Any

from simulation.kinds import JOBS, PDFJOBS, PODS
from simulation.store import Change, Store


ORDER = ("", "Pending", "Preparing", "Processing", "Merging", "Succeeded", "Failed")
ENDED = ("Succeeded", "Failed")

_SHOWN = 25
"""Changes that an error shows."""


def check(store: Store, *, ended: bool = True) -> None:
    """Judge a run.

    Args:
        store: With the journal of the run.
        ended: Whether every PdfJob must have come to its end.

    Raises:
        AssertionError: A promise was broken; the message shows where.
    """
    for uid in {change.after["metadata"]["uid"] for change in store.journal if change.ref.kind is PDFJOBS}:
        mine = [change for change in store.journal if _about(change, uid)]
        _phases([change for change in mine if change.ref.kind is PDFJOBS])
        _one_job_each([change for change in mine if change.ref.kind is JOBS])
    living = {raw["metadata"]["uid"] for kind in (PDFJOBS, JOBS) for raw in store.all(kind)}
    for raw in (*store.all(JOBS), *store.all(PODS)):
        owners = [it["uid"] for it in raw["metadata"].get("ownerReferences", ())]
        _assert(not owners or living & set(owners), f"{raw['metadata']['name']} has no living owner", store.journal)
    for raw in store.all(PDFJOBS) if ended else ():
        phase, uid = raw.get("status", {}).get("phase"), raw["metadata"]["uid"]
        mine = [change for change in store.journal if _about(change, uid)]
        _assert(phase in ENDED, f"{raw['metadata']['name']} has not ended, it is {phase}", mine)


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
            granted = asked
        begun = status.get("startTime")
        _assert(start in (None, begun), f"the clock of {change.ref} was set from {start} to {begun}", seen)
        start = begun


def _one_job_each(changes: list[Change]) -> None:
    """No Job is made while one of its name is there, and no other name ever plays its part."""
    there: set[str] = set()
    parts: dict[str, str] = {}
    for number, change in enumerate(changes):
        name, stage = change.ref.name, change.after["metadata"].get("labels", {}).get("pdfjob.dev/stage", "")
        if change.type == "ADDED":
            seen = changes[: number + 1]
            _assert(name not in there, f"{name} was made twice", seen)
            _assert(parts.setdefault(stage, name) == name, f"{name} and {parts[stage]} are the same stage", seen)
            there.add(name)
        if change.type == "DELETED":
            there.discard(name)


def _about(change: Change, uid: str) -> bool:
    meta = change.after["metadata"]
    return uid == meta["uid"] or uid in [it["uid"] for it in meta.get("ownerReferences", ())]


def _assert(holds: Any, message: str, history: Iterable[Change]) -> None:
    if not holds:
        raise AssertionError("\n  ".join([message, *map(str, list(history)[-_SHOWN:])]))
