"""`chunk-runner process`: process the one chunk that the index of the pod stands for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from chunk_runner import pod_environment
from chunk_runner.contract.environment import INDEX_ENV
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Report
from chunk_runner.errors import UsageError
from chunk_runner.stages.process import process
from chunk_runner.workspace.job_state import manifest_or_report
from chunk_runner.workspace.manifest import Manifest


if TYPE_CHECKING:
    from chunk_runner.commands.arguments import Arguments

log = logging.getLogger(__name__)


def run(arguments: Arguments) -> tuple[Report, ExitCode]:
    """Process a chunk.

    Raises:
        StageError: The chunk cannot be processed.
    """
    workspace, index = arguments.open_workspace(), pod_environment.chunk_index()
    manifest = manifest_or_report(workspace, is_prepared=True)
    if not isinstance(manifest, Manifest):
        log.info("the job is merged, and with it chunk %d", index)
        return Report(), ExitCode.OK
    if index >= len(manifest.chunks):
        raise UsageError(
            Reason.CONFIGURATION_ERROR,
            f"{INDEX_ENV} selects chunk {index}, but the job has only {len(manifest.chunks)} chunks.",
        )
    process(
        manifest,
        index,
        workspace,
        more_memory=pod_environment.has_more_memory(),
        storage_limit=pod_environment.storage_limit(),
    )
    return Report(), ExitCode.OK
