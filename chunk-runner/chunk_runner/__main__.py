"""`chunk-runner prepare | process | merge`: what a pod runs. Reads the environment, calls one stage, reports, exits.

The report goes to the pod's termination message, log lines to stderr. Exit codes are `contract.ExitCode`.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Never

from chunk_runner import contract
from chunk_runner.contract import ExitCode, Failure, JobSpec, Reason, Report, shorten
from chunk_runner.errors import ChunkError, ConfigurationError, SourceError, StageError, WorkspaceError
from chunk_runner.manifest import Manifest
from chunk_runner.merge import merge
from chunk_runner.prepare import prepare
from chunk_runner.process import process
from chunk_runner.source import identify, locate
from chunk_runner.workspace import MANIFEST, CorruptFileError, Workspace


if TYPE_CHECKING:
    from types import FrameType

log = logging.getLogger("chunk_runner")

_EXIT_CODES: dict[type[StageError], ExitCode] = {
    SourceError: ExitCode.SOURCE,
    ChunkError: ExitCode.CHUNK,
    ConfigurationError: ExitCode.CONFIGURATION,
    WorkspaceError: ExitCode.WORKSPACE,
}

UNFINISHED = Failure(Reason.CRASHED, "The chunk's pods ended without a result or a reason.")


def main() -> Never:
    """Entry point."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    signal.signal(signal.SIGTERM, _terminate)
    report, code = run(arguments)
    try:
        arguments.report.write_text(report.dumps(), encoding="utf-8")
    except OSError as error:
        log.error("cannot write the report to %s: %s", arguments.report, error.strerror)  # noqa: TRY400 (one line)
        code = code or ExitCode.UNEXPECTED  # without its report, the stage is as good as not run
    if report.failure is not None:
        log.error("%s: %s", report.failure.reason, report.failure.message)
    sys.exit(code)


def run(arguments: argparse.Namespace) -> tuple[Report, ExitCode]:
    """Run a stage; every failure becomes a report and an exit code."""
    attempt = os.environ.get(contract.ATTEMPT_ENV) or uuid.uuid4().hex
    workspace = Workspace(arguments.workspace, attempt)
    try:
        match arguments.stage:
            case "prepare":
                return _prepare(arguments.source, workspace)
            case "process":
                return _process(workspace)
            case _:
                return _merge(workspace)
    except StageError as error:
        return Report(failure=Failure(error.reason, error.message)), _EXIT_CODES.get(type(error), ExitCode.UNEXPECTED)
    except CorruptFileError as error:
        return Report(failure=Failure(Reason.RESULT_CORRUPT, f"{error}.")), ExitCode.UNEXPECTED
    except OSError as error:
        failure = Failure(Reason.WORKSPACE_UNAVAILABLE, shorten(f"A file cannot be read: {error}."))
        return Report(failure=failure), ExitCode.WORKSPACE
    except _UsageError as error:
        return Report(failure=Failure(Reason.CONFIGURATION_ERROR, str(error))), ExitCode.USAGE
    except SystemExit:  # see _terminate
        return Report(failure=Failure(Reason.INTERRUPTED, "The pod was told to stop.")), ExitCode.INTERRUPTED
    except Exception as error:  # the last resort: a pod's log is no place for a bare traceback
        log.debug("unexpected", exc_info=True)
        return Report(
            failure=Failure(Reason.UNEXPECTED, shorten(f"{type(error).__name__}: {error}"))
        ), ExitCode.UNEXPECTED


def _prepare(volume: Path, workspace: Workspace) -> tuple[Report, ExitCode]:
    """Prepare; and with one chunk, process and merge as well, since a second pod would only cost time."""
    try:
        spec = JobSpec.loads(os.environ.get(contract.SPEC_ENV, ""))
    except (ValueError, TypeError) as error:
        raise _UsageError(f"{contract.SPEC_ENV} does not hold a specification: {error}") from error
    prepared = workspace.path(MANIFEST).is_file()
    try:
        source = identify(locate(volume, spec.path), sha256=spec.sha256)
        if not prepared and workspace.path(contract.OUTPUT).is_file():
            # An earlier pod did everything, but its report was lost.
            return replace(merge(workspace, UNFINISHED), chunks=1), ExitCode.OK
        manifest = prepare(spec, source, workspace)
    except (SourceError, ConfigurationError):
        if not prepared:  # nothing in the workspace will ever be of use
            workspace.clear()
        raise
    if len(manifest.chunks) == 1:
        return _only_chunk(manifest, workspace), ExitCode.OK
    return Report(pages=manifest.pages, chunks=len(manifest.chunks)), ExitCode.OK


def _only_chunk(manifest: Manifest, workspace: Workspace) -> Report:
    try:
        process(manifest, 0, workspace)
    except ChunkError as error:
        log.warning("chunk 0 failed: %s", error)  # merge finds the reason among the attempts
    return replace(merge(workspace, UNFINISHED), chunks=1)


def _process(workspace: Workspace) -> tuple[Report, ExitCode]:
    index = os.environ.get(contract.INDEX_ENV, "")
    try:
        manifest = Manifest.read(workspace)
    except FileNotFoundError as error:
        raise WorkspaceError(
            Reason.WORKSPACE_UNAVAILABLE,
            "The workspace has no manifest: check that the claim is the one prepare used.",
        ) from error
    if not index.isdecimal() or int(index) >= len(manifest.chunks):
        raise _UsageError(f"{contract.INDEX_ENV} is “{index}”, not one of the {len(manifest.chunks)} chunks")
    process(manifest, int(index), workspace)
    return Report(), ExitCode.OK


def _merge(workspace: Workspace) -> tuple[Report, ExitCode]:
    reason = os.environ.get(contract.UNFINISHED_ENV)
    unfinished = Failure(reason, "The chunk was not finished when the job ended.") if reason else UNFINISHED
    return merge(workspace, unfinished), ExitCode.OK


def _terminate(_signal: int, _frame: FrameType | None) -> Never:
    sys.exit(ExitCode.INTERRUPTED)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chunk-runner", description="One stage of a PdfJob; a pod runs it.")
    parser.add_argument("stage", choices=["prepare", "process", "merge"])
    parser.add_argument("--workspace", type=Path, default=Path(contract.WORKSPACE_MOUNT))
    parser.add_argument("--source", type=Path, default=Path(contract.SOURCE_MOUNT), help="the source's volume")
    parser.add_argument("--report", type=Path, default=Path("/dev/termination-log"))
    return parser.parse_args()


class _UsageError(Exception):
    """The command line or the environment is wrong."""


if __name__ == "__main__":
    main()
