"""The counters' series of a namespace: their label values, their creation and their removal.

A counter must start at 0: Prometheus sees no increase in a series that starts at 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunk_runner.contract.reasons import Reason
from pdfjob_operator.metrics import registry
from pdfjob_operator.objects.reasons import OperatorReason


if TYPE_CHECKING:
    from pdfjob_operator.configuration.prices import Prices


OTHER = "Other"
"""Label value of every unknown reason, page state and model, and of namespaces beyond the limit.

Reports come from pods, and model names from users. No namespace has this name, because of its capital.
"""

PAGE_STATES = ("ok", "empty", "noText", "failed")

TOKEN_KINDS = ("prompt", "output", "thoughts", "cached")

_SUCCESSES: tuple[tuple[str, str], ...] = (
    ("succeeded", OperatorReason.ALL_PAGES_PROCESSED),
    ("partial", OperatorReason.PAGES_MISSING),
)

_FAILURES = frozenset(reason.value for reason in Reason)

_REASONS = _FAILURES | {reason for _, reason in _SUCCESSES}


def known_reason(reason: str) -> str:
    """Return the label value of a reason."""
    return reason if reason in _REASONS else OTHER


def create(namespace: str, prices: Prices) -> None:
    """Create every series of a namespace whose labels are known."""
    for result, reason in _SUCCESSES:
        registry.JOBS_FINISHED.labels(namespace, result, reason)
    for reason in _FAILURES:
        registry.JOBS_FINISHED.labels(namespace, "failed", reason)
        registry.CHUNKS_FINISHED.labels(namespace, "failed", reason)
        registry.CHUNK_RETRIES.labels(namespace, reason)
    registry.CHUNKS_FINISHED.labels(namespace, "ok", "")
    for processor in registry.PROCESSORS:
        for state in PAGE_STATES:
            registry.PAGES.labels(namespace, state, processor)
    for model in prices.models:
        registry.ESTIMATED_COST.labels(namespace, model, prices.currency)
        for kind in TOKEN_KINDS:
            registry.TOKENS.labels(namespace, model, kind)
    registry.BUSY_SECONDS.labels(namespace)
    registry.AVAILABLE_SECONDS.labels(namespace)
    registry.REJECTED_ANSWERS.labels(namespace)


def remove(namespace: str) -> None:
    """Remove every series of a namespace."""
    for counter in registry.COUNTERS_BY_NAMESPACE:
        counter.remove_by_labels({registry.NAMESPACE: namespace})
