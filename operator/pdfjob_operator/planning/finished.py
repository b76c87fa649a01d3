"""What to do with a PdfJob that has finished: retry its failed chunks, delete it in time, or nothing. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pdfjob_operator.objects.kubernetes import parse_time
from pdfjob_operator.objects.phases import Condition, Phase
from pdfjob_operator.planning.decision import Decision, in_phase


if TYPE_CHECKING:
    from pdfjob_operator.objects.pdfjob import PdfJob
    from pdfjob_operator.planning.observation import Observation


def decide_finished(observation: Observation) -> Decision:
    """Decide what to do with a PdfJob that has finished."""
    pdfjob = observation.pdfjob
    if _has_failures(pdfjob) and pdfjob.retry_failed > pdfjob.round:
        return Decision(in_phase(Phase.PENDING, "Retrying the failed chunks."), new_round=pdfjob.retry_failed)
    if pdfjob.ttl_seconds is None:
        return Decision(None)
    due = parse_time(pdfjob.status["completionTime"]) + timedelta(seconds=pdfjob.ttl_seconds)
    seconds = max((due - observation.now).total_seconds(), 0)
    return Decision(None, delete_pdfjob=seconds == 0, requeue_after=seconds or None)


def _has_failures(pdfjob: PdfJob) -> bool:
    return pdfjob.status["phase"] == Phase.FAILED or pdfjob.condition(Condition.PARTIAL).get("status") == "True"
