"""What the status of a PdfJob says about what there is to do. Pure.

It is read from the plain object, because a listing may bring a hundred thousand of them.
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from pdfjob_operator.objects.kubernetes import parse_time
from pdfjob_operator.objects.pdfjob import is_settled
from pdfjob_operator.objects.phases import TERMINAL_PHASES, Condition, Phase
from pdfjob_operator.objects.reasons import OperatorReason


if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Standing(Enum):
    """What the status of a PdfJob says about its admission."""

    UNKNOWN = "unknown"
    """It is new or suspended: its Jobs decide."""
    ADMITTED = "admitted"
    """It is worked on."""
    WAITING = "waiting"
    """It waits until another one of its namespace has finished."""
    FINISHED = "finished"


def standing_of(raw: Mapping[str, Any]) -> Standing:
    """Return what the status of a PdfJob says about its admission."""
    status = raw.get("status") or {}
    phase = status.get("phase")
    if phase in TERMINAL_PHASES:
        return Standing.FINISHED
    if phase in (None, Phase.SUSPENDED):
        return Standing.UNKNOWN
    reasons = (it.get("reason") for it in status.get("conditions", ()) if it.get("type") == Condition.RECONCILING)
    return Standing.WAITING if OperatorReason.NAMESPACE_LIMIT_REACHED in reasons else Standing.ADMITTED


def due_in(raw: Mapping[str, Any], now: datetime) -> float | None:
    """Return the seconds until a PdfJob needs a reconciliation although nothing happens to it; `None` for never.

    One that waits for admission needs it at its deadline, any other that has not finished needs it now, and one that
    has finished when it is to be deleted.
    """
    spec, status, meta = dict(raw.get("spec", {})), raw.get("status") or {}, raw["metadata"]
    ttl = spec.pop("ttlSecondsAfterFinished", None)
    try:
        if standing_of(raw) is Standing.WAITING and status.get("observedGeneration") == meta.get("generation"):
            return _remaining(status["startTime"], spec["timeoutSeconds"], now)
        if not is_settled({"metadata": meta, "spec": spec, "status": status}):
            return 0.0
        return None if ttl is None else _remaining(status["completionTime"], ttl, now)
    except (KeyError, ValueError, TypeError, OverflowError):  # whoever may write statuses may write anything
        return 0.0


def _remaining(since: str, seconds: float, now: datetime) -> float:
    return max((parse_time(since) + timedelta(seconds=seconds) - now).total_seconds(), 0.0)
