"""`chunk-runner merge`: merge the results of all chunks into the output."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from chunk_runner import pod_environment
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Report
from chunk_runner.stages.early_merge import wait_for_results
from chunk_runner.stages.merge import merge


if TYPE_CHECKING:
    from chunk_runner.commands.arguments import Arguments

log = logging.getLogger(__name__)

UNFINISHED = Failure(Reason.CRASHED, "The pods of this chunk ended without a result or a reason.")


def run(arguments: Arguments) -> tuple[Report, ExitCode]:
    """Merge the job.

    Raises:
        StageError: The job cannot be merged.
    """
    workspace = arguments.open_workspace()
    if pod_environment.merges_early():
        chunks = wait_for_results(workspace)
        if chunks is None:
            log.info("pages may be recovered by another attempt: leaving the job to the merge after it")
            return Report(), ExitCode.NOT_EARLY
        # Opened anew: what other nodes wrote while this one waited may take as long to be visible as after a start.
        return merge(arguments.open_workspace(), UNFINISHED, completed=chunks), ExitCode.OK
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
