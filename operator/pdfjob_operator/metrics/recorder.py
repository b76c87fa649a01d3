"""Counts what PdfJobs have done, after the status that says so is written.

An operator that stops between the write and the count loses one PdfJob from the metrics; none is counted twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pdfjob_operator.metrics import registry, series
from pdfjob_operator.objects.phases import Phase, Stage


if TYPE_CHECKING:
    from datetime import datetime

    from chunk_runner.contract.report import Swept, Volume
    from chunk_runner.contract.stats import Stats, Tokens
    from pdfjob_operator.configuration.prices import Prices
    from pdfjob_operator.metrics.namespace_labels import NamespaceLabels
    from pdfjob_operator.objects.pdfjob import Key, PdfJob
    from pdfjob_operator.planning.decision import JobState
    from pdfjob_operator.planning.observation import Observation


Claim = tuple[str, str]
"""Namespace and name of a claim."""


class MetricsRecorder:
    """Records phases, ends and volumes; what it remembers between two reconciles may be lost without harm.

    Args:
        prices: Price table for the estimated cost.
        namespaces: The namespaces that the metrics name.
    """

    def __init__(self, prices: Prices, namespaces: NamespaceLabels) -> None:
        self._prices, self._namespaces = prices, namespaces
        self._phases: dict[Key, tuple[str, str, float]] = {}  # uid, phase, and when the phase began
        self._free: dict[Claim, tuple[datetime, float]] = {}
        self._swept: Mapping[Claim, Swept] = {}

    def register(self) -> None:
        """Connect the gauges of volumes and workspaces to this object."""
        registry.VOLUME_FREE.set_function(self._free_by_namespace)
        registry.WORKSPACE_BYTES.set_function(
            lambda: self._sums({claim: swept.bytes for claim, swept in self._swept.items()})
        )
        registry.ORPHANED_WORKSPACES.set_function(
            lambda: self._sums({claim: swept.stale for claim, swept in self._swept.items()})
        )

    def record_phase(self, job: PdfJob, state: JobState) -> None:
        """Record the duration of the previous phase if the status just written is of another one."""
        now, before = asyncio.get_running_loop().time(), self._phases.get(job.key)
        if before is not None and before[:2] == (job.uid, state.phase):
            return
        if before is not None and before[0] == job.uid:
            registry.PHASE_DURATION.labels(before[1]).observe(now - before[2])
        if state.is_terminal:
            self._phases.pop(job.key, None)
        else:
            self._phases[job.key] = (job.uid, state.phase, now)

    def record_finished(self, observation: Observation, state: JobState) -> None:
        """Record a PdfJob whose final status is written, with the statistics of its merge report."""
        pdfjob, now, progress = observation.pdfjob, observation.now, state.progress
        succeeded = "partial" if progress.is_partial else "succeeded"
        result = "failed" if state.phase is Phase.FAILED else succeeded
        merged = progress.merged
        namespace = self._namespaces.use(pdfjob.key.namespace)
        registry.JOBS_FINISHED.labels(namespace, result, series.known_reason(state.reason)).inc()
        registry.JOB_DURATION.labels(result).observe((now - (pdfjob.started_at or now)).total_seconds())
        # A round that finds nothing to do ends with the report of an earlier one, which has been counted.
        if merged is not None and merged.stats is not None and merged.stats.round == pdfjob.round:
            self._record_stats(namespace, observation, merged.stats)

    def remove(self, key: Key) -> None:
        """Forget a PdfJob that no longer exists."""
        self._phases.pop(key, None)

    def record_volume(self, claim: Claim, volume: Volume, when: datetime) -> None:
        """Record the free space of a claim unless a later report is known."""
        before = self._free.get(claim)
        if volume.bytes and (before is None or before[0] <= when):
            self._free[claim] = (when, min(volume.free / volume.bytes, 1.0))

    def retain_claims(self, claims: set[Claim]) -> None:
        """Forget the free space of all claims but these, which are in use."""
        self._free = {claim: free for claim, free in self._free.items() if claim in claims}

    def record_sweeps(self, swept: Mapping[Claim, Swept]) -> None:
        """Record what the last sweep of each claim found."""
        self._swept = swept

    def _free_by_namespace(self) -> dict[tuple[str, ...], float]:
        least: dict[tuple[str, ...], float] = {}
        for (namespace, _), (_, free) in self._free.items():
            label = (self._namespaces.value(namespace),)
            least[label] = min(free, least.get(label, free))
        return least

    def _sums(self, by_claim: Mapping[Claim, int]) -> dict[tuple[str, ...], float]:
        sums: Counter[tuple[str, ...]] = Counter({(label,): 0 for label in self._namespaces.values()})
        for (namespace, _), number in by_claim.items():
            sums[self._namespaces.value(namespace),] += number
        return dict(sums)

    def _record_stats(self, namespace: str, observation: Observation, stats: Stats) -> None:
        processor = str(observation.pdfjob.processor["name"])
        registry.CHUNK_DURATION.add(stats.seconds, processor)
        registry.CHUNK_WAIT.add(stats.waits)
        registry.CHUNK_MEMORY.add(stats.memory)
        for outcome, number in stats.chunks.items():
            labels = ("ok", "") if outcome == "ok" else ("failed", series.known_reason(outcome))
            registry.CHUNKS_FINISHED.labels(namespace, *labels).inc(number)
        for reason, number in stats.retries.items():
            registry.CHUNK_RETRIES.labels(namespace, series.known_reason(reason)).inc(number)
        for state, number in stats.pages.items():
            known_state = state if state in series.PAGE_STATES else series.OTHER
            registry.PAGES.labels(namespace, known_state, processor).inc(number)
        chunk_jobs = [job for job in observation.jobs if job.stage is Stage.CHUNKS]
        if chunk_jobs:
            registry.BUSY_SECONDS.labels(namespace).inc(stats.seconds.total)
            # The Job only has its last number of workers: after scaling down, more time may be busy than available.
            available = max(sum(job.worker_seconds(observation.now) for job in chunk_jobs), stats.seconds.total)
            registry.AVAILABLE_SECONDS.labels(namespace).inc(available)
        registry.REJECTED_ANSWERS.labels(namespace).inc(stats.rejected_answers)
        if stats.tokens.total:
            self._record_tokens(namespace, str(observation.pdfjob.processor.get("model", "")), stats.tokens)

    def _record_tokens(self, namespace: str, model: str, tokens: Tokens) -> None:
        price = self._prices.models.get(model)
        model = model if price is not None else series.OTHER
        for kind in series.TOKEN_KINDS:
            registry.TOKENS.labels(namespace, model, kind).inc(getattr(tokens, kind))
        if price is not None:
            registry.ESTIMATED_COST.labels(namespace, model, self._prices.currency).inc(float(price.of(tokens)))
