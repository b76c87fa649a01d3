"""Counts what PdfJobs have done, after the status that says so is written.

An operator that stops between the write and the count loses one PdfJob from the metrics; none is counted twice.
"""

from __future__ import annotations

import asyncio
from math import nan
from typing import TYPE_CHECKING

from chunk_runner.contract.reasons import Reason
from pdfjob_operator.metrics import registry
from pdfjob_operator.objects.phases import Phase, Stage
from pdfjob_operator.objects.reasons import OperatorReason


if TYPE_CHECKING:
    from datetime import datetime

    from chunk_runner.contract.report import Volume
    from chunk_runner.contract.stats import Stats, Tokens
    from pdfjob_operator.configuration.prices import Prices
    from pdfjob_operator.objects.pdfjob import Key, PdfJob
    from pdfjob_operator.planning.decision import JobState
    from pdfjob_operator.planning.observation import Observation


OTHER = "Other"
"""Label value for every unknown reason, page state and model: reports come from pods, and model names from users."""

_SUCCESSES: tuple[tuple[str, str], ...] = (
    ("succeeded", OperatorReason.ALL_PAGES_PROCESSED),
    ("partial", OperatorReason.PAGES_MISSING),
)

_FAILURES = frozenset(reason.value for reason in Reason)

_REASONS = _FAILURES | {reason for _, reason in _SUCCESSES}

_PAGE_STATES = ("ok", "empty", "noText", "failed")

_TOKEN_KINDS = ("prompt", "output", "thoughts", "cached")


class MetricsRecorder:
    """Records phases, ends and volumes; what it remembers between two reconciles may be lost without harm.

    Args:
        prices: Price table for the estimated cost.
    """

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._phases: dict[Key, tuple[str, str, float]] = {}  # uid, phase, and when the phase began
        self._free: dict[tuple[str, str], tuple[datetime, float]] = {}

    def register(self) -> None:
        """Create every series whose labels are known, and connect the gauge of volumes.

        A counter must start at 0: Prometheus sees no increase in a series that starts at 1.
        """
        registry.VOLUME_FREE.set_function(lambda: min((free for _, free in self._free.values()), default=nan))
        for result, reason in _SUCCESSES:
            registry.JOBS_FINISHED.labels(result, reason)
        for reason in _FAILURES:
            registry.JOBS_FINISHED.labels("failed", reason)
            registry.CHUNKS_FINISHED.labels("failed", reason)
            registry.CHUNK_RETRIES.labels(reason)
        registry.CHUNKS_FINISHED.labels("ok", "")
        for processor in registry.PROCESSORS:
            for state in _PAGE_STATES:
                registry.PAGES.labels(state, processor)
        for model in self._prices.models:
            registry.ESTIMATED_COST.labels(model, self._prices.currency)
            for kind in _TOKEN_KINDS:
                registry.TOKENS.labels(model, kind)

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
        registry.JOBS_FINISHED.labels(result, _known_reason(state.reason)).inc()
        registry.JOB_DURATION.labels(result).observe((now - (pdfjob.started_at or now)).total_seconds())
        # A round that finds nothing to do ends with the report of an earlier one, which has been counted.
        if merged is not None and merged.stats is not None and merged.stats.round == pdfjob.round:
            self._record_stats(observation, merged.stats)

    def remove(self, key: Key) -> None:
        """Forget a PdfJob that no longer exists."""
        self._phases.pop(key, None)

    def record_volume(self, claim: tuple[str, str], volume: Volume, when: datetime) -> None:
        """Record the free space of a claim (namespace, name) unless a later report is known."""
        before = self._free.get(claim)
        if volume.bytes and (before is None or before[0] <= when):
            self._free[claim] = (when, min(volume.free / volume.bytes, 1.0))

    def retain_claims(self, claims: set[tuple[str, str]]) -> None:
        """Forget the free space of all claims but these, which are in use."""
        self._free = {claim: free for claim, free in self._free.items() if claim in claims}

    def _record_stats(self, observation: Observation, stats: Stats) -> None:
        processor = str(observation.pdfjob.processor["name"])
        registry.CHUNK_DURATION.add(stats.seconds, processor)
        registry.CHUNK_WAIT.add(stats.waits)
        registry.CHUNK_MEMORY.add(stats.memory)
        for outcome, number in stats.chunks.items():
            labels = ("ok", "") if outcome == "ok" else ("failed", _known_reason(outcome))
            registry.CHUNKS_FINISHED.labels(*labels).inc(number)
        for reason, number in stats.retries.items():
            registry.CHUNK_RETRIES.labels(_known_reason(reason)).inc(number)
        for state, number in stats.pages.items():
            registry.PAGES.labels(state if state in _PAGE_STATES else OTHER, processor).inc(number)
        chunk_jobs = [job for job in observation.jobs if job.stage is Stage.CHUNKS]
        if chunk_jobs:
            registry.BUSY_SECONDS.inc(stats.seconds.total)
            # The Job only has its last number of workers: after scaling down, more time may be busy than available.
            available = max(sum(job.worker_seconds for job in chunk_jobs), stats.seconds.total)
            registry.AVAILABLE_SECONDS.inc(available)
        if stats.tokens.total:
            self._record_tokens(str(observation.pdfjob.processor.get("model", "")), stats.tokens)

    def _record_tokens(self, model: str, tokens: Tokens) -> None:
        price = self._prices.models.get(model)
        model = model if price is not None else OTHER
        for kind in _TOKEN_KINDS:
            registry.TOKENS.labels(model, kind).inc(getattr(tokens, kind))
        if price is not None:
            registry.ESTIMATED_COST.labels(model, self._prices.currency).inc(float(price.of(tokens)))


def _known_reason(reason: str) -> str:
    return reason if reason in _REASONS else OTHER
