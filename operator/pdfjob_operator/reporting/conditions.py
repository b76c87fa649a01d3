"""Renders `status.conditions`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pdfjob_operator.objects.kubernetes import format_time, parse_time
from pdfjob_operator.objects.phases import Condition, Phase


if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pdfjob_operator.objects.pdfjob import PdfJob
    from pdfjob_operator.planning.decision import JobState


def render_conditions(pdfjob: PdfJob, state: JobState, now: datetime) -> list[dict[str, Any]]:
    """Render all conditions; from the first status on, it has each of them.

    Args:
        pdfjob: The PdfJob as it was read: conditions that did not change keep their time.
        state: Its state.
        now: The time.
    """
    succeeded, failed = state.phase is Phase.SUCCEEDED, state.phase is Phase.FAILED
    truths = {
        Condition.COMPLETE: succeeded,
        Condition.FAILED: failed,
        Condition.SUSPENDED: state.phase is Phase.SUSPENDED,
        Condition.PARTIAL: succeeded and state.progress.is_partial,
        Condition.FINISHED: state.is_terminal,
        Condition.RECONCILING: not state.is_terminal,
        Condition.STALLED: failed,
    }
    return [
        {
            "type": kind.value,
            "status": str(holds),
            "observedGeneration": pdfjob.generation,
            "reason": str(state.reason),
            "message": state.message if holds else "",
            "lastTransitionTime": _last_transition(pdfjob.condition(kind), str(holds), now),
        }
        for kind, holds in truths.items()
    ]


def _last_transition(before: Mapping[str, Any], status: str, now: datetime) -> str:
    """Return when the condition's status changed last: now, unless it is what it was."""
    if before.get("status") == status:
        return format_time(parse_time(before["lastTransitionTime"]))
    return format_time(now)
