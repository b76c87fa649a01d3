"""`chunk-runner process`: process the one chunk that the index of the pod stands for."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from chunk_runner import pod_environment
from chunk_runner.commands.readiness import listening
from chunk_runner.contract.environment import INDEX_ENV
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Report
from chunk_runner.errors import UsageError
from chunk_runner.stages.process import process
from chunk_runner.stages.turn import turn
from chunk_runner.workspace.job_state import manifest_or_report
from chunk_runner.workspace.manifest import Manifest


if TYPE_CHECKING:
    from collections.abc import Iterator

    from chunk_runner.commands.arguments import Arguments
    from chunk_runner.workspace.files import Workspace

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
    with _turn(workspace):
        process(
            manifest,
            index,
            workspace,
            more_memory=pod_environment.has_more_memory(),
            storage_limit=pod_environment.storage_limit(),
        )
    return Report(), ExitCode.OK


@contextmanager
def _turn(workspace: Workspace) -> Iterator[None]:
    """Wait for the pod's turn if there are more pods than workers, and be ready while it lasts."""
    workers, port = pod_environment.workers(), pod_environment.ready_port()
    with ExitStack() as stack:
        if workers is not None:
            stack.enter_context(turn(workspace, workers))
            log.info("the turn of this pod has come")
        if port is not None:
            stack.enter_context(listening(port))
        yield
