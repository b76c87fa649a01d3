"""The labels by which Kueue queues a Job. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pdfjob_operator.objects.labels import LABEL_PRIORITY, LABEL_QUEUE
from pdfjob_operator.objects.phases import Stage


if TYPE_CHECKING:
    from collections.abc import Mapping

    from pdfjob_operator.configuration.queueing import Queueing


def queue_labels(queueing: Queueing, stage: str, own: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of a Job; empty if it does not wait in a queue.

    Only the Job that processes the chunks waits, unless Kueue holds back every Job without a queue.

    Args:
        queueing: The operator's configuration.
        stage: Stage of the Job.
        own: Labels of its PdfJob, which may name a queue and a priority class; empty for a sweep.
    """
    queue = own.get(LABEL_QUEUE) or queueing.queue_name
    if not queue or not (queueing.manage_jobs_without_queue_name or stage == Stage.CHUNKS):
        return {}
    priority = queueing.priority_class_names.get(stage) or own.get(LABEL_PRIORITY)
    return {LABEL_QUEUE: queue, **({LABEL_PRIORITY: priority} if priority else {})}
