"""`chunk-runner sweep`: remove the workspaces of PdfJobs that no longer exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunk_runner import pod_environment
from chunk_runner.contract.environment import CLAIM_ENV
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Report
from chunk_runner.errors import UsageError
from chunk_runner.stages.sweep import sweep


if TYPE_CHECKING:
    from chunk_runner.commands.arguments import Arguments


def run(arguments: Arguments) -> tuple[Report, ExitCode]:
    """Sweep the workspaces of a namespace.

    Raises:
        StageError: The workspaces cannot be listed, or the list of PdfJobs is missing or invalid.
    """
    live, before, claim = pod_environment.live_pdfjobs(), pod_environment.sweep_before(), pod_environment.claim_uid()
    if claim is None:
        raise UsageError(
            Reason.CONFIGURATION_ERROR, f"{CLAIM_ENV} is not set: it tells which workspaces are those of this claim."
        )
    swept, failure = sweep(arguments.workspaces, live=live, before=before, claim=claim)
    return Report(swept=swept, failure=failure), ExitCode.OK if failure is None else ExitCode.WORKSPACE
