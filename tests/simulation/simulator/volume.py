"""The volume of the simulated cluster: a workspace for each PdfJob, with the results and the output in it.

Knows which results are durable and what a sweep may remove; knows no Jobs and no pods.
"""

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from chunk_runner.contract.report import Report, Swept
from simulation.simulator import clock


@dataclass
class Workspace:
    """The workspace of a PdfJob.

    Attributes:
        namespace: Of the PdfJob.
        claim: The uid of the claim for which it was made; empty for none.
        changed: When a file in it changed last.
        prepared: Whether there is a manifest, without which a chunk cannot be processed.
        results: The chunks that have a result.
        sealed: The report of a merge after which nothing is left to do; `None` before it.
        merged: The last report of a merge that wrote an output; `None` before it.
    """

    namespace: str
    claim: str
    changed: datetime
    prepared: bool = False
    results: set[int] = field(default_factory=set)
    sealed: Report | None = None
    merged: Report | None = None


class Removal(NamedTuple):
    """The removal of a workspace by a sweep."""

    time: datetime
    uid: str


class Volume:
    """The workspaces.

    Attributes:
        workspaces: By the uid of their PdfJobs.
        removals: What sweeps have removed.
    """

    def __init__(self) -> None:
        self.workspaces: dict[str, Workspace] = {}
        self.removals: list[Removal] = []

    def change(self, uid: str, namespace: str, claim: str) -> Workspace:
        """Return the workspace of a PdfJob for a change; the first one makes it, for a claim."""
        workspace = self.workspaces.setdefault(uid, Workspace(namespace, claim, clock.now()))
        workspace.changed = clock.now()
        return workspace

    def has_result(self, uid: str, chunk: int) -> bool:
        """Return whether a chunk has a result."""
        return uid in self.workspaces and chunk in self.workspaces[uid].results

    def sweep(self, namespace: str, claim: str, *, live: Container[str], before: int) -> Swept:
        """Remove the claim's workspaces of PdfJobs that are not on the list, unless they changed after `before`."""
        mine = {uid: it for uid, it in self.workspaces.items() if (it.namespace, it.claim) == (namespace, claim)}
        gone = [uid for uid, it in mine.items() if uid not in live and it.changed.timestamp() < before]
        for uid in gone:
            del self.workspaces[uid]
            self.removals.append(Removal(clock.now(), uid))
        return Swept(removed=len(gone), workspaces=len(mine) - len(gone), stale=0, bytes=4096 * (len(mine) - len(gone)))
