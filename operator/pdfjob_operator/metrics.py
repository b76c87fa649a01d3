"""Metrics: what this operator counts, in a registry of its own. No object names in labels."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


REGISTRY = CollectorRegistry()

PASSES = Counter("pdfjob_reconciles", "Passes over a PdfJob, by how they ended.", ["outcome"], registry=REGISTRY)

DRIFT = Counter(
    "pdfjob_resync_drift",
    "PdfJobs that the resync found something to do for, and the watch had not: lost events.",
    registry=REGISTRY,
)

API_CALLS = Counter(
    "pdfjob_api_calls",
    "Answers of the API server, the watches' apart, by method, resource and status code.",
    ["method", "resource", "code"],
    registry=REGISTRY,
)

WATCH_RESTARTS = Counter(
    "pdfjob_watch_restarts", "How often the watch gave up and was started anew.", registry=REGISTRY
)

QUEUE_DEPTH = Gauge("pdfjob_queue_depth", "PdfJobs that wait for a pass.", registry=REGISTRY)

QUEUE_AGE = Gauge(
    "pdfjob_queue_oldest_seconds", "For how long the PdfJob that is longest due has waited.", registry=REGISTRY
)

ECHO_AGE = Gauge(
    "pdfjob_watch_echo_age_seconds", "For how long something written has not come back by the watch.", registry=REGISTRY
)

LOOP_LAG = Gauge("pdfjob_event_loop_lag_seconds", "How late the event loop was a moment ago.", registry=REGISTRY)
