"""Metrics: what this operator counts, in a registry of its own.

No object names in labels, and no text from outside: every label has a closed set of values, so that nobody can fill a
Prometheus by creating PdfJobs.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from chunk_runner.contract import stats
from chunk_runner.contract.stats import BYTES, SECONDS


if TYPE_CHECKING:
    from collections.abc import Iterator


REGISTRY = CollectorRegistry()

JOB_SECONDS = (5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21600.0, 86400.0)
"""Bounds for a job and for its phases: from a page's time to the longest that `spec.timeoutSeconds` is by default."""

PROCESSORS = ("text", "gemini")
"""Every processor: the values of a label."""


class ReportedHistogram(Collector):
    """A histogram that is fed with what pods have already sorted into buckets; prometheus-client has no such way in.

    Args:
        name: Of the metric.
        documentation: What it is.
        bounds: Of the buckets.
        label: The one label, if there is one.
        values: Of that label, to begin with.
    """

    def __init__(
        self,
        name: str,
        documentation: str,
        bounds: tuple[float, ...],
        label: str | None = None,
        values: tuple[str, ...] = (),
    ) -> None:
        self._name, self._documentation = name, documentation
        self._bounds = [*map(floatToGoString, bounds), "+Inf"]
        self._labels = [] if label is None else [label]
        empty = stats.Histogram(tuple([0] * len(self._bounds)))
        self._empty = empty
        self._histograms: dict[tuple[str, ...], stats.Histogram] = (
            {(it,): empty for it in values} if label else {(): empty}
        )
        REGISTRY.register(self)

    def add(self, histogram: stats.Histogram, *values: str) -> None:
        """Add a report's histogram under this value of the label."""
        before = self._histograms.get(values, self._empty)
        counts = tuple(one + other for one, other in zip(before.counts, histogram.counts, strict=True))
        self._histograms[values] = stats.Histogram(counts, before.total + histogram.total)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """As prometheus-client asks for it."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._labels)
        for values, histogram in self._histograms.items():
            buckets = zip(self._bounds, map(float, accumulate(histogram.counts)), strict=True)
            family.add_metric(values, buckets=list(buckets), sum_value=histogram.total)
        yield family


# What there is now.

BUILD_INFO = Gauge("pdfjob_build_info", "Always 1; the version is in the label.", ["version"], registry=REGISTRY)

JOBS = Gauge("pdfjob_jobs", "PdfJobs, by phase.", ["phase"], registry=REGISTRY)

CHUNKS = Gauge("pdfjob_chunks", "Chunks of PdfJobs that have not ended, by state.", ["state"], registry=REGISTRY)

LONGEST_STALL = Gauge(
    "pdfjob_oldest_progress_seconds",
    "For how long the PdfJob has stood still that has done so longest; suspended and paused ones apart.",
    registry=REGISTRY,
)

VOLUME_FREE = Gauge(
    "pdfjob_volume_free_ratio",
    "The least free share of any volume with workspaces, as pods last saw it; NaN where none has told.",
    registry=REGISTRY,
)

WORKSPACE_BYTES = Gauge(
    "pdfjob_workspace_bytes", "What workspaces hold, as the last collector saw it.", registry=REGISTRY
)

ORPHANED_WORKSPACES = Gauge(
    "pdfjob_stale_workspaces",
    "Workspaces of deleted PdfJobs that the last collector could not remove.",
    registry=REGISTRY,
)

# What jobs have done.

JOBS_FINISHED = Counter(
    "pdfjob_jobs_finished", "PdfJobs that ended, by result and reason.", ["result", "reason"], registry=REGISTRY
)

JOB_DURATION = Histogram(
    "pdfjob_job_duration_seconds",
    "From a PdfJob's first pass to its end, by result.",
    ["result"],
    buckets=JOB_SECONDS,
    registry=REGISTRY,
)

PHASE_DURATION = Histogram(
    "pdfjob_phase_seconds",
    "How long PdfJobs were in a phase, seen when they leave it.",
    ["phase"],
    buckets=JOB_SECONDS,
    registry=REGISTRY,
)

CHUNK_DURATION = ReportedHistogram(
    "pdfjob_chunk_seconds", "How long attempts worked on a chunk.", SECONDS, "processor", PROCESSORS
)

CHUNK_WAIT = ReportedHistogram(
    "pdfjob_chunk_wait_seconds", "From when chunks could begin until each had its first attempt.", SECONDS
)

CHUNK_MEMORY = ReportedHistogram("pdfjob_chunk_memory_bytes", "Peak memory of the attempts at a chunk.", BYTES)

CHUNKS_FINISHED = Counter(
    "pdfjob_chunks_finished",
    "Chunks that ended, by result, and by reason where they failed.",
    ["result", "reason"],
    registry=REGISTRY,
)

CHUNK_RETRIES = Counter(
    "pdfjob_chunk_retries", "Attempts at a chunk that failed and had another after them.", ["reason"], registry=REGISTRY
)

PAGES = Counter("pdfjob_pages", "Pages, by how they ended.", ["state", "processor"], registry=REGISTRY)

BUSY_SECONDS = Counter("pdfjob_busy_seconds", "What chunk pods worked, in jobs with more than one.", registry=REGISTRY)

WORKER_SECONDS = Counter(
    "pdfjob_worker_seconds",
    "What they could have worked: workers, times how long there were chunks.",
    registry=REGISTRY,
)

TOKENS = Counter("pdfjob_tokens", "Tokens that were bought.", ["model", "kind"], registry=REGISTRY)

ESTIMATED_COST = Counter(
    "pdfjob_estimated_cost", "What they cost by the price table, in its currency.", ["model", "currency"],
    registry=REGISTRY,
)  # fmt: skip

# What this operator does.

RECONCILE_DURATION = Histogram(
    "pdfjob_reconcile_seconds",
    "Passes over a PdfJob, by how they ended.",
    ["outcome"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0),
    registry=REGISTRY,
)

MISSED_EVENTS = Counter(
    "pdfjob_resync_drift",
    "PdfJobs that the resync found something to do for, and the watch had not: lost events.",
    registry=REGISTRY,
)

API_REQUESTS = Counter(
    "pdfjob_api_calls",
    "Answers of the API server, the watches' apart, by method, resource and status code.",
    ["method", "resource", "code"],
    registry=REGISTRY,
)

WATCH_RESTARTS = Counter(
    "pdfjob_watch_restarts", "How often the watch gave up and was started anew.", registry=REGISTRY
)

QUEUE_DEPTH = Gauge("pdfjob_queue_depth", "PdfJobs that wait for a pass.", registry=REGISTRY)

QUEUE_LONGEST_WAIT = Gauge(
    "pdfjob_queue_oldest_seconds", "For how long the PdfJob that is longest due has waited.", registry=REGISTRY
)

WATCH_LAG = Gauge(
    "pdfjob_watch_echo_age_seconds", "For how long something written has not come back by the watch.", registry=REGISTRY
)

EVENT_LOOP_LAG = Gauge("pdfjob_event_loop_lag_seconds", "How late the event loop was a moment ago.", registry=REGISTRY)
