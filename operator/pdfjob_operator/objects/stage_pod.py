"""The pod of a stage that reports, prepare and merge, as the operator reads it.

Pure parsing, and total: whoever may edit a pod may write anything into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chunk_runner.contract import report_json
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Report
from pdfjob_operator.objects.kubernetes import Manifest, parse_time
from pdfjob_operator.objects.labels import LABEL_STAGE
from pdfjob_operator.objects.names import CONTAINER
from pdfjob_operator.objects.phases import Stage


SIGKILLED = 137
"""The exit code of a container that was killed (128 + SIGKILL)."""


@dataclass(frozen=True)
class StagePod:
    """A pod of the prepare or the merge stage.

    Attributes:
        stage: Stage that it runs.
        running: True while its container runs.
        exit_code: Exit code of its container; `None` until it has terminated. Visible seconds before its Job's outcome.
        report: Its termination message; `None` if there is none that can be read.
        out_of_memory: True if it was killed for exceeding its memory limit, or asks for more memory.
        finished_at: Time at which its container terminated.
        node: Name of its node; `None` before it is scheduled.
    """

    stage: Stage
    running: bool
    exit_code: int | None
    report: Report | None
    out_of_memory: bool = False
    finished_at: datetime | None = None
    node: str | None = None

    @classmethod
    def parse(cls, raw: Manifest) -> StagePod | None:
        """Parse a pod that has the labels of a PdfJob's; return `None` if somebody else put them there."""
        try:
            stage = Stage(raw["metadata"].get("labels", {}).get(LABEL_STAGE))
            state, node = container_state(raw), raw.get("spec", {}).get("nodeName")
            terminated = state.get("terminated")
            if terminated is None:
                return cls(stage, running="running" in state, exit_code=None, report=None, node=node)
            finished_at = terminated.get("finishedAt")
            return cls(
                stage=stage,
                running=False,
                exit_code=int(terminated["exitCode"]),
                report=report_json.loads(terminated.get("message")),
                out_of_memory=is_out_of_memory(raw),
                finished_at=None if finished_at is None else parse_time(finished_at),
                node=node,
            )
        except (ValueError, TypeError, KeyError):
            return None


def container_state(pod: Manifest) -> Mapping[str, Any]:
    """Return the state of the chunk runner's container; empty before it has one. Other containers do not count."""
    containers = pod.get("status", {}).get("containerStatuses") or ()
    state: Mapping[str, Any] = next((it.get("state", {}) for it in containers if it.get("name") == CONTAINER), {})
    return state


def is_out_of_memory(pod: Manifest) -> bool:
    """Return whether a pod was killed for exceeding its memory limit, or asks for more memory.

    Exit code 137 is any SIGKILL. It counts because some container runtimes do not report `OOMKilled` (KEP-3329,
    "resource limits exceeded"), and because a pod that is told to stop exits otherwise: the runner handles SIGTERM.
    """
    terminated = container_state(pod).get("terminated") or {}
    return terminated.get("reason") == "OOMKilled" or _exit_code(pod) in (SIGKILLED, ExitCode.MEMORY)


def volume_failure(pod: Manifest) -> Failure | None:
    """Return why a pod could not use its volume, if it ended for that."""
    if _exit_code(pod) != ExitCode.WORKSPACE:
        return None
    message = "The volume is full, read-only or not writable for the pods."
    return reported_failure(pod) or Failure(Reason.WORKSPACE_UNAVAILABLE, message)


def lost_workspace(pod: Manifest) -> Failure | None:
    """Return the failure of a pod that ended because its workspace has no manifest."""
    if _exit_code(pod) != ExitCode.WORKSPACE_LOST:
        return None
    message = "The workspace was removed while the job ran: check the claim, and create another PdfJob."
    return reported_failure(pod) or Failure(Reason.WORKSPACE_UNAVAILABLE, message)


def reported_failure(pod: Manifest) -> Failure | None:
    """Return the failure in a pod's termination message; `None` if there is none that can be read."""
    report = report_json.loads((container_state(pod).get("terminated") or {}).get("message"))
    return None if report is None else report.failure


def _exit_code(pod: Manifest) -> object:
    return (container_state(pod).get("terminated") or {}).get("exitCode")
