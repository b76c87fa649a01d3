"""`chunk-runner sweep`: remove the workspaces of PdfJobs that no longer exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunk_runner import pod_environment
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.report import Report
from chunk_runner.stages.sweep import sweep


if TYPE_CHECKING:
    from chunk_runner.commands.arguments import Arguments


def run(arguments: Arguments) -> tuple[Report, ExitCode]:
    """Sweep the workspaces of a namespace.

    Raises:
        StageError: The workspaces cannot be listed, or the list of PdfJobs is missing or invalid.
    """
    live, before = pod_environment.live_uids(), pod_environment.sweep_before()
    swept, failure = sweep(arguments.workspaces, live=live, before=before)
    return Report(swept=swept, failure=failure), ExitCode.OK if failure is None else ExitCode.WORKSPACE
