"""How Kueue manages the Jobs of the operator. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Queueing:
    """The settings of Kueue; the names are those of the chart.

    Attributes:
        queue_name: Queue of PdfJobs that name none, and of sweeps; empty for none.
        manage_jobs_without_queue_name: Kueue holds back every Job without a queue, so all of them need one.
        priority_class_names: WorkloadPriorityClass of the Jobs, by stage; an empty one leaves it to the PdfJob.
    """

    queue_name: str = ""
    manage_jobs_without_queue_name: bool = False
    priority_class_names: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if unknown := self.priority_class_names.keys() - _STAGES:
            raise ValueError(f"priorityClassNames.{min(unknown)} is not one of {', '.join(_STAGES)}")


_STAGES = ("prepare", "chunks", "merge", "sweep")
