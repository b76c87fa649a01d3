"""Counts what PdfJobs have done in the metrics once the status that says so is written.

An operator that dies in between forgets one entry; none is made twice.
"""

from __future__ import annotations

import asyncio
from math import nan
from typing import TYPE_CHECKING

from chunk_runner.contract.reasons import Reason
from pdfjob_operator.metrics import registry
from pdfjob_operator.objects.phases import Stage


if TYPE_CHECKING:
    from datetime import datetime

    from chunk_runner.contract.report import Volume
    from chunk_runner.contract.stats import Stats, Tokens
    from pdfjob_operator.configuration.prices import Prices
    from pdfjob_operator.objects.children import Children
    from pdfjob_operator.objects.pdfjob import Key, PdfJob
    from pdfjob_operator.planning.decision import JobState


OTHER = "Other"
"""In a label, for every word that is not one of ours: reports come from pods, and a model's name from a user."""

_SUCCESSES = (("succeeded", "AllPagesProcessed"), ("partial", "PagesMissing"))

_FAILURES = frozenset(it.value for it in Reason)

_REASONS = _FAILURES | {reason for _, reason in _SUCCESSES}

_STATES = ("ok", "empty", "noText", "failed")

_KINDS = ("prompt", "output", "thoughts", "cached")


class MetricsRecorder:
    """What is remembered between two passes; losing it costs a figure.

    Args:
        prices: By which costs are estimated.
    """

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._entered: dict[Key, tuple[str, str, float]] = {}
        self._free: dict[tuple[str, str], tuple[datetime, float]] = {}

    def register(self) -> None:
        """Let the metrics tell of what is remembered here.

        Counters begin at 0 where their labels are known: a series that begins at 1 has not increased for Prometheus.
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
            for state in _STATES:
                registry.PAGES.labels(state, processor)
        for model in self._prices.models:
            registry.ESTIMATED_COST.labels(model, self._prices.currency)
            for kind in _KINDS:
                registry.TOKENS.labels(model, kind)

    def record_phase(self, job: PdfJob, situation: JobState) -> None:
        """A status was written: count the time in the phase that it leaves."""
        now, before = asyncio.get_running_loop().time(), self._entered.get(job.key)
        if before is not None and before[:2] == (job.uid, situation.phase):
            return
        if before is not None and before[0] == job.uid:
            registry.PHASE_DURATION.labels(before[1]).observe(now - before[2])
        if situation.ended:
            self._entered.pop(job.key, None)
        else:
            self._entered[job.key] = (job.uid, situation.phase, now)

    def record_finished(self, job: PdfJob, situation: JobState, children: Children, now: datetime) -> None:
        """A PdfJob has ended, and its status says so."""
        succeeded = "partial" if situation.facts.has_gaps else "succeeded"
        result = "failed" if situation.phase == "Failed" else succeeded
        merged = situation.facts.merged
        registry.JOBS_FINISHED.labels(result, _known(situation.reason)).inc()
        registry.JOB_DURATION.labels(result).observe((now - (job.started or now)).total_seconds())
        # Where a later round found nothing to do, the report is an earlier one's, and has been counted.
        if merged is not None and merged.stats is not None and merged.stats.round == job.round:
            self._enter(job, merged.stats, children)

    def remove(self, key: Key) -> None:
        """A PdfJob is there no more."""
        self._entered.pop(key, None)

    def record_volume(self, claim: tuple[str, str], volume: Volume, when: datetime) -> None:
        """A pod saw how full a claim's volume is; what an earlier one saw says nothing more."""
        before = self._free.get(claim)
        if volume.bytes and (before is None or before[0] <= when):
            self._free[claim] = (when, min(volume.free / volume.bytes, 1.0))

    def retain_claims(self, claims: set[tuple[str, str]]) -> None:
        """These claims are in use; of others nothing is to be told."""
        self._free = {claim: free for claim, free in self._free.items() if claim in claims}

    def _enter(self, job: PdfJob, stats: Stats, children: Children) -> None:
        processor = str(job.processor["name"])
        registry.CHUNK_DURATION.add(stats.seconds, processor)
        registry.CHUNK_WAIT.add(stats.waits)
        registry.CHUNK_MEMORY.add(stats.memory)
        for word, number in stats.chunks.items():
            labels = ("ok", "") if word == "ok" else ("failed", _known(word))
            registry.CHUNKS_FINISHED.labels(*labels).inc(number)
        for word, number in stats.retries.items():
            registry.CHUNK_RETRIES.labels(_known(word)).inc(number)
        for state, number in stats.pages.items():
            registry.PAGES.labels(state if state in _STATES else OTHER, processor).inc(number)
        chunk_jobs = [it for it in children.jobs if it.stage is Stage.CHUNKS]
        if chunk_jobs:
            registry.BUSY_SECONDS.inc(stats.seconds.total)
            # By the last number of workers; who scales a job while it runs must not see more work than workers.
            registry.WORKER_SECONDS.inc(max(sum(it.worker_seconds for it in chunk_jobs), stats.seconds.total))
        if stats.tokens.total:
            self._bought(str(job.processor.get("model", "")), stats.tokens)

    def _bought(self, model: str, tokens: Tokens) -> None:
        price = self._prices.models.get(model)
        model = model if price is not None else OTHER
        for kind in _KINDS:
            registry.TOKENS.labels(model, kind).inc(getattr(tokens, kind))
        if price is not None:
            registry.ESTIMATED_COST.labels(model, self._prices.currency).inc(float(price.of(tokens)))


def _known(reason: str) -> str:
    return reason if reason in _REASONS else OTHER
