"""Renders the Events about a new phase, or about something that keeps a PdfJob from making progress. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pdfjob_operator.objects.kubernetes import Manifest, format_time
from pdfjob_operator.objects.labels import API_VERSION, KIND
from pdfjob_operator.objects.names import name_prefix
from pdfjob_operator.objects.phases import Condition, Phase


if TYPE_CHECKING:
    from datetime import datetime

    from pdfjob_operator.objects.pdfjob import PdfJob
    from pdfjob_operator.planning.decision import JobState


_COMPONENT = "pdfjob-operator"


def is_news(pdfjob: PdfJob, state: JobState) -> bool:
    """Return whether the state is worth an Event: a new phase, or a warning that its status does not have yet."""
    if pdfjob.status.get("phase") != state.phase:
        return True
    return state.warning and pdfjob.condition(Condition.RECONCILING).get("reason") != state.reason


def render_event(pdfjob: PdfJob, state: JobState, now: datetime) -> Manifest:
    """Render the Event about a state; it is posted after the status was written.

    Args:
        pdfjob: The PdfJob.
        state: Its new state.
        now: The time.
    """
    is_warning = state.warning or state.phase is Phase.FAILED
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": f"{name_prefix(pdfjob)}.", "namespace": pdfjob.key.namespace},
        "involvedObject": {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "namespace": pdfjob.key.namespace,
            "name": pdfjob.key.name,
            "uid": pdfjob.uid,
            "resourceVersion": pdfjob.raw["metadata"]["resourceVersion"],
        },
        "type": "Warning" if is_warning else "Normal",
        "reason": str(state.reason if is_warning else state.phase),
        "message": state.message,
        "source": {"component": _COMPONENT},
        "reportingComponent": _COMPONENT,
        "firstTimestamp": format_time(now),
        "lastTimestamp": format_time(now),
        "count": 1,
    }
