"""Kubernetes objects in general: plain dicts, timestamps, owners, and what the conditions of a Job say.

Knows nothing of PdfJobs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


Manifest = dict[str, Any]
"""A Kubernetes object as a plain dict."""

_EVENT_LIMIT = 2000
"""Characters of an Event's message that are kept."""


class JobOutcome(StrEnum):
    """Types of the terminal conditions in a Job's status (`batch/v1`)."""

    COMPLETE = "Complete"
    FAILED = "Failed"


class JobCondition(StrEnum):
    """Types of the conditions by which Kubernetes announces a Job's outcome while it removes the Job's pods."""

    FAILURE_TARGET = "FailureTarget"
    SUCCESS_CRITERIA_MET = "SuccessCriteriaMet"


class JobFailure(StrEnum):
    """Reasons in a Job's `Failed` condition (`batch/v1`)."""

    BACKOFF_LIMIT_EXCEEDED = "BackoffLimitExceeded"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    FAILED_INDEXES = "FailedIndexes"
    MAX_FAILED_INDEXES_EXCEEDED = "MaxFailedIndexesExceeded"
    POD_FAILURE_POLICY = "PodFailurePolicy"


def is_controlled_by(raw: Manifest, uid: str) -> bool:
    """Return whether the object's controller has this uid. Unlike a name, a uid is never used again."""
    return any(
        reference.get("controller") and reference.get("uid") == uid
        for reference in raw["metadata"].get("ownerReferences", ())
    )


def abridged_event(event: Manifest) -> Manifest:
    """Return of an Event its reason, its message and its last time: anybody may post large ones."""
    message, time = str(event.get("message") or ""), str(event.get("lastTimestamp") or event.get("eventTime"))
    return {"reason": event.get("reason"), "message": message[:_EVENT_LIMIT], "time": time}


def parse_time(text: str) -> datetime:
    """Parse a timestamp, time zone included."""
    return datetime.fromisoformat(text)


def format_time(time: datetime) -> str:
    """Format a timestamp in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def format_duration(duration: timedelta) -> str:
    """Format a duration as `kubectl get jobs` prints it: `45s`, `1m15s`, `2h3m`, `4d1h`."""
    seconds = max(int(duration.total_seconds()), 0)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days}d{hours % 24}h"
    if hours:
        return f"{hours}h{minutes % 60}m"
    if minutes:
        return f"{minutes}m{seconds % 60}s"
    return f"{seconds}s"
