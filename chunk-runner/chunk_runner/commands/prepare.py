"""`chunk-runner prepare`: split the source. A job of one chunk is also processed and merged here, in one pod."""

from __future__ import annotations

import errno
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from chunk_runner import pod_environment
from chunk_runner.commands.merge import UNFINISHED
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.ranges import format_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Report
from chunk_runner.errors import ChunkError, ConfigurationError, LostWorkspaceError, SourceError
from chunk_runner.source import identify, locate
from chunk_runner.stages.merge import merge
from chunk_runner.stages.prepare import prepare
from chunk_runner.stages.process import process
from chunk_runner.workspace.files import CorruptFileError
from chunk_runner.workspace.job_state import manifest_or_report
from chunk_runner.workspace.manifest import Manifest


if TYPE_CHECKING:
    from chunk_runner.commands.arguments import Arguments
    from chunk_runner.contract.job_spec import JobSpec
    from chunk_runner.source import Source
    from chunk_runner.workspace.files import Workspace

log = logging.getLogger(__name__)


def run(arguments: Arguments) -> tuple[Report, ExitCode]:
    """Prepare the job; process and merge it too if it has one chunk, since a second pod would only cost time.

    Raises:
        StageError: The job cannot be prepared.
    """
    workspace, spec = arguments.open_workspace(), pod_environment.job_spec()
    source = _source(arguments, spec, workspace)
    before = _before(workspace)
    if isinstance(before, Report):
        # Nothing is left to do: an earlier pod merged the job, but its report was lost, or no page can be retried.
        return replace(merge(workspace, UNFINISHED), chunks=1), ExitCode.OK
    if before is not None and before.source["sha256"] != source.sha256:
        raise SourceError(
            Reason.SOURCE_CHANGED,
            f"“{source.name}” has changed since the job began: restore the original file or create another PdfJob.",
        )
    prepared = prepare(
        spec,
        source,
        workspace,
        password=pod_environment.source_password(),
        storage_limit=pod_environment.storage_limit(),
    )
    manifest = prepared.manifest
    if len(manifest.chunks) == 1:
        return _process_and_merge(manifest, workspace), ExitCode.OK
    todo = format_ranges(chunk.index for chunk in prepared.todo)
    report = Report(pages=manifest.pages, chunks=len(manifest.chunks), todo=todo, warnings=manifest.warnings)
    return report, ExitCode.OK


def _source(arguments: Arguments, spec: JobSpec, workspace: Workspace) -> Source:
    """Return the source; look for it again in a retry, since its author may have put it there a moment ago."""

    def look() -> Source:
        try:
            return identify(locate(arguments.source, spec.path), sha256=spec.sha256)
        except SourceError as error:
            if workspace.round_number and error.reason is Reason.SOURCE_NOT_FOUND:
                raise FileNotFoundError(errno.ENOENT, error.message, spec.path) from error
            raise

    try:
        return workspace.expect(look)
    except FileNotFoundError as error:
        raise SourceError(Reason.SOURCE_NOT_FOUND, str(error.strerror)) from error


def _before(workspace: Workspace) -> Manifest | Report | None:
    """Return what an earlier pod left: the manifest, the report of a job that is merged for good, or nothing.

    A workspace that was removed is no error here: the whole job is prepared again.
    """
    try:
        return manifest_or_report(workspace, is_prepared=False)
    except LostWorkspaceError as error:
        log.warning("%s; preparing the job again", error)
    except CorruptFileError as error:
        log.warning("%s; writing a new one", error)
    return None


def _process_and_merge(manifest: Manifest, workspace: Workspace) -> Report:
    completed: tuple[int, ...] = ()
    try:
        process(
            manifest,
            0,
            workspace,
            more_memory=pod_environment.has_more_memory(),
            storage_limit=pod_environment.storage_limit(),
        )
        completed = (0,)
    except (ChunkError, ConfigurationError) as error:
        log.warning("chunk 0 failed: %s", error)  # merge finds the reason among the attempts
    return replace(merge(workspace, UNFINISHED, completed=completed), chunks=1)
