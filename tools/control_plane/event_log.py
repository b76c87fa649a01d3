"""What happened to PdfJobs and their Jobs, as a watch of the real API server tells it, and what must hold of it.

The oracle of these tests. Knows the promises of a PdfJob, and nothing of how the operator keeps them.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from tools.control_plane.api import Manifest


ENDED = ("Succeeded", "Failed")
PATIENCE_SECONDS = 240.0
"""How long a test waits for anything. No promise: the machine may be busy."""


@dataclass(frozen=True)
class Seen:
    """A state of an object.

    Attributes:
        type: `ADDED`, `MODIFIED` or `DELETED`.
        kind: `PdfJob` or `Job`.
        namespace: Its namespace.
        name: Its name.
        uid: Its identity.
        version: Its resourceVersion.
        phase: Of a PdfJob.
        reason: Why a PdfJob is where it is.
        part: Of a Job: its PdfJob's uid, stage, round and doublings of its memory.
        owners: The uids of its owners.
        ended: Of a Job: it has its final condition.
    """

    type: str
    kind: str
    namespace: str
    name: str
    uid: str
    version: int
    phase: str = ""
    reason: str = ""
    part: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    ended: bool = False

    @classmethod
    def of(cls, change: str, kind: str, raw: Manifest) -> "Seen":
        """From an object."""
        meta, status, labels = raw["metadata"], raw.get("status") or {}, raw["metadata"].get("labels", {})
        conditions = {it["type"]: it for it in status.get("conditions", ())}
        return cls(
            type=change,
            kind=kind,
            namespace=meta["namespace"],
            name=meta["name"],
            uid=meta["uid"],
            version=int(meta["resourceVersion"]),
            phase=status.get("phase", ""),
            reason=conditions.get("Reconciling", {}).get("reason", ""),
            part=tuple(labels.get(f"pdfjob.dev/{it}", "") for it in ("uid", "stage", "round", "memory-doublings")),
            owners=tuple(it["uid"] for it in meta.get("ownerReferences", ())),
            ended=any(conditions.get(it, {}).get("status") == "True" for it in ("Complete", "Failed")),
        )


class EventLog:
    """Everything that was seen; written by one thread, read and waited for by others."""

    def __init__(self) -> None:
        self._seen: list[Seen] = []
        self._news = threading.Condition()

    def note(self, seen: Seen) -> None:
        """Something was seen."""
        with self._news:
            self._seen.append(seen)
            self._news.notify_all()

    def of(self, namespace: str, kind: str, name: str | None = None) -> list[Seen]:
        """The history of a namespace's objects of a kind, or of one of them."""
        with self._news:
            return [it for it in self._seen if (it.namespace, it.kind) == (namespace, kind) and name in (None, it.name)]

    def forget(self, namespace: str) -> None:
        """Drop the history of a namespace."""
        with self._news:
            self._seen = [it for it in self._seen if it.namespace != namespace]

    def until(self, condition: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until a condition holds, which is looked at whenever something is seen."""
        with self._news:
            assert self._news.wait_for(condition, seconds), f"{what}: not within {seconds:.0f} s"

    def check(self, namespace: str, *, deleted_jobs: bool = False) -> None:
        """Judge a namespace: one end for each PdfJob, and one Job for each of its stages.

        Args:
            namespace: Which.
            deleted_jobs: Whether the test deleted Jobs, so that others took their place.
        """
        ends: dict[str, str] = {}
        for seen in self.of(namespace, "PdfJob"):
            end = ends.setdefault(seen.uid, seen.phase) if seen.phase in ENDED else ends.get(seen.uid, seen.phase)
            assert end == seen.phase, f"{seen.name} had ended, as {end}, and is {seen.phase or 'without a phase'}"
        parts: dict[tuple[str, ...], set[str]] = {}
        for seen in self.of(namespace, "Job"):
            if seen.part[0]:  # else it is a sweep
                parts.setdefault((*seen.part, *seen.owners), set()).add(seen.name if deleted_jobs else seen.uid)
        twice = {part: jobs for part, jobs in parts.items() if len(jobs) > 1}
        assert not twice, f"a stage has more than one Job: {twice}"
