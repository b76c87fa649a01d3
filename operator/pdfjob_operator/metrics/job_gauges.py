"""Gauges of the existing PdfJobs: their phases, the states of their chunks, and the longest stall. Knows statuses only.

Watch and resync add every PdfJob; each reconcile updates the one that it looked at, because the status is not written
for every chunk and so lags behind the progress.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from pdfjob_operator.metrics import registry
from pdfjob_operator.objects.phases import TERMINAL_PHASES, Phase
from pdfjob_operator.objects.standing import Standing, standing_of


if TYPE_CHECKING:
    from pdfjob_operator.metrics.namespace_labels import NamespaceLabels


CHUNK_STATES = ("waiting", "active", "succeeded", "failed")


class _Entry(NamedTuple):
    """The last known state of a PdfJob.

    Attributes:
        namespace: Its namespace.
        phase: Its phase.
        progress: Values of which at least one changes whenever the PdfJob makes progress.
        since: Event loop time of the last progress.
        idle: No progress is expected: it is finished, suspended or paused, or waits for another PdfJob.
        chunks: Number of chunks by state; empty once it is finished.
    """

    namespace: str
    phase: str
    progress: tuple[object, ...]
    since: float
    idle: bool
    chunks: Mapping[str, int]


_NO_CHUNKS: Mapping[str, int] = {}


@cache
def _finished(namespace: str, phase: str) -> _Entry:
    """Return the state of every PdfJob of a namespace that ended in this phase: there may be a hundred thousand."""
    return _Entry(namespace, phase, (), 0.0, idle=True, chunks=_NO_CHUNKS)


class JobGauges:
    """The PdfJobs that exist, by uid.

    Args:
        namespaces: The namespaces that the metrics name.
    """

    def __init__(self, namespaces: NamespaceLabels) -> None:
        self._namespaces = namespaces
        self._entries: dict[str, _Entry] = {}

    def register(self) -> None:
        """Connect the gauges to this object."""
        registry.JOBS.set_function(self.count_jobs)
        registry.CHUNKS.set_function(self.count_chunks)
        registry.LONGEST_STALL.set_function(self.longest_stalls)

    def add(self, raw: Mapping[str, Any]) -> None:
        """Take over a PdfJob as listed or watched, unless it is unfinished and known: `update` knows more about it."""
        self._namespaces.use(raw["metadata"]["namespace"])
        phase = (raw.get("status") or {}).get("phase")
        if raw["metadata"]["uid"] not in self._entries or phase in TERMINAL_PHASES:
            self.update(raw)

    def update(self, raw: Mapping[str, Any]) -> None:
        """Take over a PdfJob with the status that a reconcile rendered, written or not."""
        uid, namespace = raw["metadata"]["uid"], raw["metadata"]["namespace"]
        status, spec = raw.get("status") or {}, raw.get("spec") or {}
        self._namespaces.use(namespace)
        phase = status.get("phase", Phase.PENDING)
        if phase in TERMINAL_PHASES:
            self._entries[uid] = _finished(namespace, phase)
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
        self._entries[uid] = _Entry(namespace, phase, progress, since, idle, counts if counts["total"] else _NO_CHUNKS)

    def remove(self, uid: str) -> None:
        """Forget a PdfJob that no longer exists."""
        self._entries.pop(uid, None)

    def count_jobs(self) -> dict[tuple[str, ...], float]:
        """Count the PdfJobs by namespace and phase."""
        counts: Counter[tuple[str, ...]] = Counter(dict.fromkeys(product(self._namespaces.values(), Phase), 0))
        for entry in self._entries.values():
            counts[self._namespaces.value(entry.namespace), entry.phase] += 1
        return dict(counts)

    def count_chunks(self) -> dict[tuple[str, ...], float]:
        """Count the chunks of unfinished PdfJobs by namespace and state."""
        counts: Counter[tuple[str, ...]] = Counter(dict.fromkeys(product(self._namespaces.values(), CHUNK_STATES), 0))
        for entry in self._entries.values():
            if entry.chunks:
                label = self._namespaces.value(entry.namespace)
                for state in CHUNK_STATES:
                    counts[label, state] += max(entry.chunks.get(state, 0), 0)
        return dict(counts)

    def longest_stalls(self) -> dict[tuple[str, ...], float]:
        """Return the seconds since the most stalled PdfJob of each namespace made progress; 0 if none is to."""
        now = asyncio.get_running_loop().time()
        longest: dict[tuple[str, ...], float] = {(label,): 0.0 for label in self._namespaces.values()}
        for entry in self._entries.values():
            if not entry.idle:
                label = (self._namespaces.value(entry.namespace),)
                longest[label] = max(longest.get(label, 0.0), now - entry.since)
        return longest
