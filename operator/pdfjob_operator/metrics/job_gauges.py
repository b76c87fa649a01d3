"""Gauges of PdfJobs by phase, of their chunks by state, and of the longest stall. Knows statuses only.

It is told of every PdfJob that the watch or the resync sees, and of what each pass finds: a status is not written for
every chunk, so that what is written tells too little of whether a job gets on.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from pdfjob_operator.metrics import registry
from pdfjob_operator.objects.phases import TERMINAL_PHASES, Phase


if TYPE_CHECKING:
    from collections.abc import Mapping


CHUNK_STATES = ("waiting", "active", "succeeded", "failed")


class _Entry(NamedTuple):
    phase: str
    progress: tuple[object, ...]
    """Whatever changes when a PdfJob gets on."""
    since: float
    waits: bool
    """Nobody expects it to get on."""
    chunks: Mapping[str, int]


class JobGauges:
    """What PdfJobs there are."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def register(self) -> None:
        """Let the metrics tell of these PdfJobs."""
        for phase in Phase:
            registry.JOBS.labels(phase).set_function(partial(self.count_jobs, phase))
        for state in CHUNK_STATES:
            registry.CHUNKS.labels(state).set_function(partial(self.count_chunks, state))
        registry.LONGEST_STALL.set_function(self.longest_stall)

    def add(self, raw: Mapping[str, Any]) -> None:
        """A PdfJob was seen, as the API server has it: of one that is at work, its passes tell more."""
        phase = (raw.get("status") or {}).get("phase")
        if raw["metadata"]["uid"] not in self._entries or phase in TERMINAL_PHASES:
            self.update(raw)

    def update(self, raw: Mapping[str, Any]) -> None:
        """A pass knows how a PdfJob stands."""
        uid, status, spec = raw["metadata"]["uid"], raw.get("status") or {}, raw.get("spec") or {}
        phase = status.get("phase", "Pending")
        counts: Counter[str] = Counter(status.get("chunks") or {})
        if phase not in TERMINAL_PHASES:
            counts["waiting"] = counts["total"] - counts["active"] - counts["succeeded"] - counts["failed"]
        progress = (phase, counts["succeeded"] + counts["failed"], status.get("pagesProcessed"), status.get("round"))
        before = self._entries.get(uid)
        moved = before is None or before.progress != progress
        paused = spec.get("suspend") is True or spec.get("workers") == 0
        waits = paused or phase in (*TERMINAL_PHASES, "Suspended")
        now = asyncio.get_running_loop().time()
        since = now if before is None or moved or before.waits else before.since
        self._entries[uid] = _Entry(phase, progress, since, waits, {} if phase in TERMINAL_PHASES else counts)

    def remove(self, uid: str) -> None:
        """A PdfJob is there no more."""
        self._entries.pop(uid, None)

    def count_jobs(self, phase: str) -> int:
        """PdfJobs in this phase."""
        return sum(it.phase == phase for it in self._entries.values())

    def count_chunks(self, state: str) -> int:
        """Chunks in this state, of PdfJobs that have not ended."""
        return sum(max(it.chunks.get(state, 0), 0) for it in self._entries.values())

    def longest_stall(self) -> float:
        """For how many seconds the PdfJob has stood still that has done so longest."""
        now = asyncio.get_running_loop().time()
        return max((now - it.since for it in self._entries.values() if not it.waits), default=0.0)
