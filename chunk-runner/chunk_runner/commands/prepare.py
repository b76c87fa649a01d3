"""`chunk-runner prepare`: split the source. A job of one chunk is also processed and merged here, in one pod."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from chunk_runner import pod_environment
from chunk_runner.commands.merge import UNFINISHED
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.ranges import format_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Report
from chunk_runner.errors import ChunkError, ConfigurationError, SourceError
from chunk_runner.source import identify, locate
from chunk_runner.stages.merge import merge
from chunk_runner.stages.prepare import prepare
from chunk_runner.stages.process import process
from chunk_runner.workspace.files import MANIFEST, REPORT, CorruptFileError
from chunk_runner.workspace.manifest import Manifest


if TYPE_CHECKING:
    from chunk_runner.commands.arguments import Arguments
    from chunk_runner.source import Source
    from chunk_runner.workspace.files import Workspace

log = logging.getLogger(__name__)


def run(arguments: Arguments) -> tuple[Report, ExitCode]:
    """Prepare the job; process and merge it too if it has one chunk, since a second pod would only cost time.

    Raises:
        StageError: The job cannot be prepared.
    """
    workspace, spec = arguments.open_workspace(), pod_environment.job_spec()
    is_prepared = workspace.path(MANIFEST).is_file()
    try:
        source = identify(locate(arguments.source, spec.path), sha256=spec.sha256)
        _require_unchanged(source, workspace)
        if not is_prepared and workspace.path(REPORT).is_file():
            # An earlier pod processed and merged the job, but its report was lost.
            return replace(merge(workspace, UNFINISHED), chunks=1), ExitCode.OK
        prepared = prepare(spec, source, workspace, password=pod_environment.source_password())
    except (SourceError, ConfigurationError):
        if not is_prepared:  # nothing in the workspace will ever be of use
            workspace.clear()
        raise
    manifest = prepared.manifest
    if len(manifest.chunks) == 1:
        return _process_and_merge(manifest, workspace), ExitCode.OK
    todo = format_ranges(chunk.index for chunk in prepared.todo)
    report = Report(pages=manifest.pages, chunks=len(manifest.chunks), todo=todo, warnings=manifest.warnings)
    return report, ExitCode.OK


def _require_unchanged(source: Source, workspace: Workspace) -> None:
    """Raise `SourceError` if the results in the workspace are those of another file."""
    try:
        before = Manifest.read(workspace).source
    except FileNotFoundError:
        return
    except CorruptFileError as error:
        log.warning("%s; writing a new one", error)
        return
    if before["sha256"] != source.sha256:
        raise SourceError(
            Reason.SOURCE_CHANGED,
            f"“{source.name}” has changed since the job began: restore the original file or create another PdfJob.",
        )


def _process_and_merge(manifest: Manifest, workspace: Workspace) -> Report:
    try:
        process(manifest, 0, workspace, more_memory=pod_environment.has_more_memory())
    except (ChunkError, ConfigurationError) as error:
        log.warning("chunk 0 failed: %s", error)  # merge finds the reason among the attempts
    return replace(merge(workspace, UNFINISHED), chunks=1)
