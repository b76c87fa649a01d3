"""`chunk-runner merge`: merge the results of all chunks into the output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunk_runner import pod_environment
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Report
from chunk_runner.stages.merge import merge


if TYPE_CHECKING:
    from chunk_runner.commands.arguments import Arguments

UNFINISHED = Failure(Reason.CRASHED, "The pods of this chunk ended without a result or a reason.")


def run(arguments: Arguments) -> tuple[Report, ExitCode]:
    """Merge the job.

    Raises:
        StageError: The job cannot be merged.
    """
    workspace = arguments.open_workspace()
    unfinished = _unfinished(pod_environment.unfinished_reason(), pod_environment.unfinished_message())
    report = merge(
        workspace, unfinished, pod_environment.out_of_memory_chunks(), completed=pod_environment.completed_chunks()
    )
    return report, ExitCode.OK


def _unfinished(reason: str | None, message: str) -> Failure:
    """Return what to record for chunks that left neither a result nor a reason."""
    if reason is None:
        return UNFINISHED
    if not message and reason == Reason.WORKSPACE_UNAVAILABLE:
        message = "Nothing could be written to the workspace: check that its volume has free space and is writable."
    return Failure(reason, message or "The chunk was not finished when the job ended.")
