"""Gauges of the existing PdfJobs: their phases, the states of their chunks, and the longest stall. Knows statuses only.

Watch and resync add every PdfJob; each reconcile updates the one that it looked at, because the status is not written
for every chunk and so lags behind the progress.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from functools import cache, partial
from typing import Any, NamedTuple

from pdfjob_operator.metrics import registry
from pdfjob_operator.objects.phases import TERMINAL_PHASES, Phase
from pdfjob_operator.objects.standing import Standing, standing_of


CHUNK_STATES = ("waiting", "active", "succeeded", "failed")


class _Entry(NamedTuple):
    """The last known state of a PdfJob.

    Attributes:
        phase: Its phase.
        progress: Values of which at least one changes whenever the PdfJob makes progress.
        since: Event loop time of the last progress.
        idle: No progress is expected: it is finished, suspended or paused, or waits for another PdfJob.
        chunks: Number of chunks by state; empty once it is finished.
    """

    phase: str
    progress: tuple[object, ...]
    since: float
    idle: bool
    chunks: Mapping[str, int]


_NO_CHUNKS: Mapping[str, int] = {}


@cache
def _finished(phase: str) -> _Entry:
    """Return the state of every PdfJob that ended in this phase: there may be a hundred thousand of them."""
    return _Entry(phase, (), 0.0, idle=True, chunks=_NO_CHUNKS)


class JobGauges:
    """The PdfJobs that exist, by uid."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def register(self) -> None:
        """Connect the gauges to this object."""
        for phase in Phase:
            registry.JOBS.labels(phase).set_function(partial(self.count_jobs, phase))
        for state in CHUNK_STATES:
            registry.CHUNKS.labels(state).set_function(partial(self.count_chunks, state))
        registry.LONGEST_STALL.set_function(self.longest_stall)

    def add(self, raw: Mapping[str, Any]) -> None:
        """Take over a PdfJob as listed or watched, unless it is unfinished and known: `update` knows more about it."""
        phase = (raw.get("status") or {}).get("phase")
        if raw["metadata"]["uid"] not in self._entries or phase in TERMINAL_PHASES:
            self.update(raw)

    def update(self, raw: Mapping[str, Any]) -> None:
        """Take over a PdfJob with the status that a reconcile rendered, written or not."""
        uid, status, spec = raw["metadata"]["uid"], raw.get("status") or {}, raw.get("spec") or {}
        phase = status.get("phase", Phase.PENDING)
        if phase in TERMINAL_PHASES:
            self._entries[uid] = _finished(phase)
            return
        counts: Counter[str] = Counter(status.get("chunks") or {})
        counts["waiting"] = counts["total"] - counts["active"] - counts["succeeded"] - counts["failed"]
        done = counts["succeeded"] + counts["failed"]
        progress = (phase, done, status.get("pagesProcessed"), status.get("round"))
        before = self._entries.get(uid)
        moved = before is None or before.progress != progress
        paused = spec.get("suspend") is True or spec.get("workers") == 0
        idle = paused or phase == Phase.SUSPENDED or standing_of(raw) is Standing.WAITING
        now = asyncio.get_running_loop().time()
        since = now if before is None or moved or before.idle else before.since
        self._entries[uid] = _Entry(phase, progress, since, idle, counts if counts["total"] else _NO_CHUNKS)

    def remove(self, uid: str) -> None:
        """Forget a PdfJob that no longer exists."""
        self._entries.pop(uid, None)

    def count_jobs(self, phase: str) -> int:
        """Count the PdfJobs in this phase."""
        return sum(entry.phase == phase for entry in self._entries.values())

    def count_chunks(self, state: str) -> int:
        """Count the chunks in this state, of unfinished PdfJobs."""
        return sum(max(entry.chunks.get(state, 0), 0) for entry in self._entries.values())

    def longest_stall(self) -> float:
        """Return the seconds since the most stalled PdfJob made progress; 0 if none is expected to."""
        now = asyncio.get_running_loop().time()
        return max((now - entry.since for entry in self._entries.values() if not entry.idle), default=0.0)
