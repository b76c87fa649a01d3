"""The operator's metrics: names, labels and help texts, in a registry of their own.

No label holds the name of an object or text from outside, except the names of a limited number of namespaces. So every
label has a bounded number of values, and nobody can grow the number of series by creating PdfJobs. Histograms have no
label for the namespace, because each of them is a dozen series.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from chunk_runner.contract.stats import BYTES, SECONDS
from pdfjob_operator.metrics.computed_gauge import ComputedGauge
from pdfjob_operator.metrics.prebucketed_histogram import PrebucketedHistogram


# Otherwise, each counter has a second series with the time of its creation. The function lacks annotations.
disable_created_metrics()  # type: ignore[no-untyped-call]

REGISTRY = CollectorRegistry()

NAMESPACE = "pdfjob_namespace"
"""Name of the label for the namespace of PdfJobs.

Prometheus sets `namespace` itself, to the namespace of the operator's pod, and renames a label of that name.
"""

PROCESSORS = ("text", "gemini")
"""Values of the label `processor`."""

_JOB_SECONDS = (5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21600.0, 86400.0)
"""Buckets for a PdfJob and its phases: from the time of a page to the default of `spec.timeoutSeconds`."""

_RECONCILE_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
"""Buckets for a reconcile: from a few reads to its timeout."""


# Objects that exist now.

JOBS = ComputedGauge("pdfjob_jobs", "Number of existing PdfJobs, by phase.", (NAMESPACE, "phase"), registry=REGISTRY)

CHUNKS = ComputedGauge(
    "pdfjob_chunks", "Number of chunks of unfinished PdfJobs, by state.", (NAMESPACE, "state"), registry=REGISTRY
)

LONGEST_STALL = ComputedGauge(
    "pdfjob_longest_stall_seconds",
    "Seconds since the most stalled PdfJob made progress; finished, suspended and paused PdfJobs do not count.",
    (NAMESPACE,),
    registry=REGISTRY,
)

VOLUME_FREE = ComputedGauge(
    "pdfjob_volume_free_ratio",
    "Free share of the fullest workspace volume, as last reported by a pod.",
    (NAMESPACE,),
    registry=REGISTRY,
)

WORKSPACE_BYTES = ComputedGauge(
    "pdfjob_workspace_bytes", "Size of all workspaces, as measured by the last sweeps.", (NAMESPACE,), registry=REGISTRY
)

ORPHANED_WORKSPACES = ComputedGauge(
    "pdfjob_orphaned_workspaces",
    "Number of workspaces of deleted PdfJobs that the last sweeps failed to remove.",
    (NAMESPACE,),
    registry=REGISTRY,
)


# Work that is done. Pods report what they did; the operator counts it when their PdfJob ends.

JOBS_FINISHED = Counter(
    "pdfjob_jobs_finished",
    "Number of finished PdfJobs, by result and reason.",
    [NAMESPACE, "result", "reason"],
    registry=REGISTRY,
)

JOB_DURATION = Histogram(
    "pdfjob_job_duration_seconds",
    "Time from the first reconcile of a PdfJob to its end, by result.",
    ["result"],
    buckets=_JOB_SECONDS,
    registry=REGISTRY,
)

PHASE_DURATION = Histogram(
    "pdfjob_phase_duration_seconds",
    "Time that a PdfJob spent in a phase, recorded when it leaves the phase.",
    ["phase"],
    buckets=_JOB_SECONDS,
    registry=REGISTRY,
)

CHUNK_DURATION = PrebucketedHistogram(
    "pdfjob_chunk_attempt_duration_seconds",
    "Processing time of one attempt at a chunk, by processor.",
    SECONDS,
    label="processor",
    label_values=PROCESSORS,
    registry=REGISTRY,
)

CHUNK_WAIT = PrebucketedHistogram(
    "pdfjob_chunk_wait_duration_seconds",
    "Time from when a chunk could start to the start of its first attempt.",
    SECONDS,
    registry=REGISTRY,
)

CHUNK_MEMORY = PrebucketedHistogram(
    "pdfjob_chunk_attempt_peak_memory_bytes", "Peak memory of one attempt at a chunk.", BYTES, registry=REGISTRY
)

CHUNKS_FINISHED = Counter(
    "pdfjob_chunks_finished",
    "Number of finished chunks, by result, and by reason if they failed.",
    [NAMESPACE, "result", "reason"],
    registry=REGISTRY,
)

CHUNK_RETRIES = Counter(
    "pdfjob_chunk_retries",
    "Number of failed attempts at a chunk that were retried, by reason.",
    [NAMESPACE, "reason"],
    registry=REGISTRY,
)

PAGES = Counter(
    "pdfjob_pages",
    "Number of pages of finished PdfJobs, by state.",
    [NAMESPACE, "state", "processor"],
    registry=REGISTRY,
)

BUSY_SECONDS = Counter(
    "pdfjob_worker_busy_seconds",
    "Seconds that workers spent on chunks, summed over all workers; PdfJobs of one chunk do not count.",
    [NAMESPACE],
    registry=REGISTRY,
)

AVAILABLE_SECONDS = Counter(
    "pdfjob_worker_available_seconds",
    "Seconds that workers were available while there were chunks, summed over all workers.",
    [NAMESPACE],
    registry=REGISTRY,
)

TOKENS = Counter(
    "pdfjob_tokens", "Number of tokens used, by model and kind.", [NAMESPACE, "model", "kind"], registry=REGISTRY
)

ESTIMATED_COST = Counter(
    "pdfjob_estimated_cost",
    "Estimated cost of the tokens used, by the configured price table and in its currency.",
    [NAMESPACE, "model", "currency"],
    registry=REGISTRY,
)

REJECTED_ANSWERS = Counter(
    "pdfjob_rejected_answers",
    "Number of answers in Redis that were ignored, because no pod with the API key wrote them.",
    [NAMESPACE],
    registry=REGISTRY,
)

COUNTERS_BY_NAMESPACE = (
    JOBS_FINISHED,
    CHUNKS_FINISHED,
    CHUNK_RETRIES,
    PAGES,
    BUSY_SECONDS,
    AVAILABLE_SECONDS,
    TOKENS,
    ESTIMATED_COST,
    REJECTED_ANSWERS,
)
"""All counters with the label `NAMESPACE`, which comes first."""


# The operator itself.

BUILD_INFO = Gauge(
    "pdfjob_build_info", "Version of the operator as a label; the value is always 1.", ["version"], registry=REGISTRY
)

RECONCILE_DURATION = Histogram(
    "pdfjob_reconcile_duration_seconds",
    "Duration of one reconcile of a PdfJob, by outcome.",
    ["outcome"],
    buckets=_RECONCILE_SECONDS,
    registry=REGISTRY,
)

MISSED_EVENTS = Counter(
    "pdfjob_missed_events",
    "Number of changes that the watch missed and the periodic resync found.",
    registry=REGISTRY,
)

API_REQUESTS = Counter(
    "pdfjob_api_requests",
    "Number of answered requests to the Kubernetes API server, without watches.",
    ["method", "resource", "code"],
    registry=REGISTRY,
)

WATCH_RESTARTS = Counter(
    "pdfjob_watch_restarts", "Number of times that the watch failed and was restarted.", registry=REGISTRY
)

QUEUE_DEPTH = Gauge(
    "pdfjob_workqueue_depth",
    "Number of PdfJobs in the work queue, those with a delayed retry or recheck included.",
    registry=REGISTRY,
)

QUEUE_LONGEST_WAIT = Gauge(
    "pdfjob_workqueue_longest_wait_seconds",
    "Seconds that the longest waiting PdfJob has been due in the work queue without being reconciled.",
    registry=REGISTRY,
)

WATCH_LAG = Gauge(
    "pdfjob_watch_lag_seconds",
    "Seconds for which a watch delivered nothing, although a write of the operator should have come back; 0 for none.",
    registry=REGISTRY,
)

EVENT_LOOP_LAG = Gauge(
    "pdfjob_event_loop_lag_seconds", "Delay of the event loop in seconds, measured every second.", registry=REGISTRY
)
