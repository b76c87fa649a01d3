"""The pod of a stage that reports as the operator reads it: prepare and merge.

Pure parsing, and total: whoever may edit a pod may write anything into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.report import Report
from pdfjob_operator.objects.kubernetes import Manifest, parse_time
from pdfjob_operator.objects.labels import LABEL_STAGE
from pdfjob_operator.objects.phases import Stage


SIGKILLED = 137
"""The exit code of a container that was killed."""


@dataclass(frozen=True)
class StagePod:
    """A pod of the prepare or the merge stage, the two that report.

    Attributes:
        stage: Which stage it runs.
        running: Its container has started.
        exit_code: How its container ended, if it has. Visible seconds before its Job's condition.
        report: What it said.
        out_of_memory: It was killed for using more memory than its limit.
        ended: When its container ended.
    """

    stage: Stage
    running: bool
    exit_code: int | None
    report: Report | None
    out_of_memory: bool = False
    ended: datetime | None = None

    @classmethod
    def parse(cls, raw: Manifest) -> StagePod | None:
        """From a pod with our labels; `None` when somebody else put them there."""
        try:
            stage = Stage(raw["metadata"].get("labels", {}).get(LABEL_STAGE))
            state = container_state(raw)
            ended = state.get("terminated")
            return cls(
                stage=stage,
                running="running" in state,
                exit_code=None if ended is None else int(ended["exitCode"]),
                report=None if ended is None else Report.loads(ended.get("message")),
                out_of_memory=is_out_of_memory(raw),
                ended=_time_or_none((ended or {}).get("finishedAt")),
            )
        except (ValueError, TypeError, KeyError):
            return None


def container_state(pod: Manifest) -> Mapping[str, Any]:
    """The state of a pod's one container; empty before it has any."""
    containers = pod.get("status", {}).get("containerStatuses") or [{}]
    state: Mapping[str, Any] = containers[0].get("state", {})
    return state


def is_out_of_memory(pod: Manifest) -> bool:
    """Whether a pod was killed for using too much memory, or said that it needs more.

    Exit code 137 is any SIGKILL. A pod that was told to go exits otherwise (the runner heeds SIGTERM), and some
    container runtimes do not give the reason, so that it counts too (KEP-3329, "resource limits exceeded").
    """
    ended = container_state(pod).get("terminated") or {}
    return ended.get("reason") == "OOMKilled" or ended.get("exitCode") in (SIGKILLED, ExitCode.MEMORY)


def is_volume_failure(pod: Manifest) -> bool:
    """Whether a pod ended because it could not read or write its volume."""
    return (container_state(pod).get("terminated") or {}).get("exitCode") == ExitCode.WORKSPACE


def _time_or_none(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)
