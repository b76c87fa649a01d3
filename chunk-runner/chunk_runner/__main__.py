"""`chunk-runner prepare | process | merge | sweep`: what a pod runs. Reads its environment, runs a stage, reports.

The report goes to the pod's termination message, log lines to stderr. Exit codes are `exit_codes.ExitCode`.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import uuid
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Never

from chunk_runner.contract import environment
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.limits import shorten
from chunk_runner.contract.ranges import format_ranges, nth, parse_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Report, Volume
from chunk_runner.errors import (
    ChunkError,
    ConfigurationError,
    MoreMemoryError,
    SourceError,
    StageError,
    UnavailableError,
    WorkspaceError,
)
from chunk_runner.source import identify, locate
from chunk_runner.stages.merge import merge
from chunk_runner.stages.process import process
from chunk_runner.stages.sweep import sweep
from chunk_runner.workspace.files import MANIFEST, REPORT, CorruptFileError, Workspace
from chunk_runner.workspace.manifest import Manifest


if TYPE_CHECKING:
    from types import FrameType

    from chunk_runner.source import Source

log = logging.getLogger("chunk_runner")

_EXIT_CODES: dict[type[StageError], ExitCode] = {
    SourceError: ExitCode.SOURCE,
    ChunkError: ExitCode.CHUNK,
    MoreMemoryError: ExitCode.MEMORY,
    UnavailableError: ExitCode.UNAVAILABLE,
    ConfigurationError: ExitCode.CONFIGURATION,
    WorkspaceError: ExitCode.WORKSPACE,
}

UNFINISHED = Failure(Reason.CRASHED, "The chunk's pods ended without a result or a reason.")


def main() -> Never:
    """Entry point."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    _stop_when_told()
    report, code = run(arguments)
    place = arguments.workspaces if arguments.stage == "sweep" else arguments.workspace
    report = replace(report, volume=_volume(place))
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
    attempt = os.environ.get(environment.ATTEMPT_ENV) or uuid.uuid4().hex
    try:
        workspace = Workspace(arguments.workspace, attempt, _round())
        match arguments.stage:
            case "prepare":
                return _prepare(arguments.source, workspace)
            case "process":
                return _process(workspace)
            case "merge":
                return _merge(workspace)
            case _:
                return _sweep(arguments.workspaces)
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
        spec = JobSpec.loads(os.environ.get(environment.SPEC_ENV, ""))
    except ValueError as error:
        raise _UsageError(f"{environment.SPEC_ENV} is invalid. {error}") from error
    from chunk_runner.stages.prepare import prepare  # noqa: PLC0415 (what splits PDFs takes a while to load: chunk pods need none of it)

    prepared = workspace.path(MANIFEST).is_file()
    try:
        source = identify(locate(volume, spec.path), sha256=spec.sha256)
        _require_same(source, workspace)
        if not prepared and workspace.path(REPORT).is_file():
            # An earlier pod did everything, but its report was lost.
            return replace(merge(workspace, UNFINISHED), chunks=1), ExitCode.OK
        manifest = prepare(spec, source, workspace, password=_password())
    except (SourceError, ConfigurationError):
        if not prepared:  # nothing in the workspace will ever be of use
            workspace.clear()
        raise
    if len(manifest.chunks) == 1:
        return _only_chunk(manifest, workspace), ExitCode.OK
    todo = format_ranges(chunk.index for chunk in manifest.chunks if not chunk.has_result(workspace))
    report = Report(pages=manifest.pages, chunks=len(manifest.chunks), todo=todo, warnings=manifest.warnings)
    return report, ExitCode.OK


def _password() -> str:
    """The password of an encrypted source, if a Secret with one is mounted."""
    try:
        return Path(environment.PASSWORD_FILE).read_text(encoding="utf-8").removesuffix("\n")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            Reason.CONFIGURATION_ERROR,
            "The password's Secret cannot be read as text: check spec.source.passwordSecretRef.",
        ) from error


def _require_same(source: Source, workspace: Workspace) -> None:
    """Raise unless the source is the one that the results in the workspace are of."""
    try:
        before = Manifest.read(workspace).source
    except FileNotFoundError:
        return
    except CorruptFileError as error:
        log.warning("%s; it is written anew", error)
        return
    if before["sha256"] != source.sha256:
        raise SourceError(
            Reason.SOURCE_CHANGED,
            f"“{source.name}” is not the file it was when the job began: put that one back, or create another PdfJob.",
        )


def _only_chunk(manifest: Manifest, workspace: Workspace) -> Report:
    try:
        process(manifest, 0, workspace, more_memory=_more_memory())
    except (ChunkError, ConfigurationError) as error:
        log.warning("chunk 0 failed: %s", error)  # merge finds the reason among the attempts
    return replace(merge(workspace, UNFINISHED), chunks=1)


def _process(workspace: Workspace) -> tuple[Report, ExitCode]:
    index = _chunk()
    try:
        manifest = Manifest.read(workspace)
    except FileNotFoundError as error:
        raise WorkspaceError(
            Reason.WORKSPACE_UNAVAILABLE,
            "The workspace has no manifest: check that the claim is the one prepare used.",
        ) from error
    if index >= len(manifest.chunks):
        raise _UsageError(
            f"{environment.INDEX_ENV} leads to chunk {index}, and there are {len(manifest.chunks)} chunks"
        )
    process(manifest, index, workspace, more_memory=_more_memory())
    return Report(), ExitCode.OK


def _more_memory() -> bool:
    return bool(os.environ.get(environment.MORE_MEMORY_ENV))


def _round() -> int:
    text = os.environ.get(environment.ROUND_ENV) or "0"
    if not text.isdecimal():
        raise _UsageError(f"{environment.ROUND_ENV} is “{shorten(text)}”, not the number of a round")
    return int(text)


def _chunk() -> int:
    """The chunk that is this pod's: its index, or in a round of some chunks only the one at this place."""
    text = os.environ.get(environment.INDEX_ENV, "")
    if not text.isdecimal():
        raise _UsageError(f"{environment.INDEX_ENV} is “{text}”, not the index of a chunk")
    index, chunks = int(text), _ranges(environment.CHUNKS_ENV)
    if chunks is None:
        return index
    try:
        return nth(chunks, index)
    except IndexError as error:
        raise _UsageError(
            f"{environment.INDEX_ENV} is {text}, beyond the chunks in {environment.CHUNKS_ENV}"
        ) from error


def _ranges(variable: str) -> list[range] | None:
    text = os.environ.get(variable)
    try:
        return None if text is None else parse_ranges(text)
    except ValueError as error:
        raise _UsageError(f"{variable} does not hold ranges: {error}") from error


def _merge(workspace: Workspace) -> tuple[Report, ExitCode]:
    reason = os.environ.get(environment.UNFINISHED_ENV)
    unfinished = Failure(reason, "The chunk was not finished when the job ended.") if reason else UNFINISHED
    if reason == Reason.WORKSPACE_UNAVAILABLE:
        unfinished = Failure(reason, "Not a word could be written: check that the volume has free space.")
    out_of_memory = frozenset(chain.from_iterable(_ranges(environment.OUT_OF_MEMORY_ENV) or ()))
    return merge(workspace, unfinished, out_of_memory), ExitCode.OK


def _sweep(workspaces: Path) -> tuple[Report, ExitCode]:
    live, before = os.environ.get(environment.LIVE_ENV), os.environ.get(environment.BEFORE_ENV, "")
    # Without its list, every workspace would look like a leftover.
    if live is None or not before.isdecimal():
        raise _UsageError(f"{environment.LIVE_ENV} and {environment.BEFORE_ENV} are needed to tell what is left over")
    swept, stuck = sweep(workspaces, live=frozenset(live.split(",")), before=int(before))
    return Report(swept=swept, failure=stuck), ExitCode.OK if stuck is None else ExitCode.WORKSPACE


def _volume(place: Path) -> Volume | None:
    """How full the volume is, as far as it tells; some that have no end say exabytes."""
    try:
        status = os.statvfs(place)
    except OSError:
        return None
    return Volume(*(min(blocks * status.f_frsize, 2**53 - 1) for blocks in (status.f_blocks, status.f_bavail)))


def _stop_when_told() -> None:
    """Let a SIGTERM end what runs, in an orderly way, wherever it strikes.

    Python drops what is raised inside a finalizer or a callback of a C library; then the signal strikes again a moment
    later, or else the pod would go on until it is killed.
    """
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGALRM, _terminate)
    usual = sys.unraisablehook

    def strike_again(dropped: sys.UnraisableHookArgs) -> None:
        if isinstance(dropped.exc_value, SystemExit):
            signal.setitimer(signal.ITIMER_REAL, 0.01)
        else:
            usual(dropped)

    sys.unraisablehook = strike_again


def _terminate(_signal: int, _frame: FrameType | None) -> Never:
    sys.exit(ExitCode.INTERRUPTED)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chunk-runner", description="One stage of a PdfJob; a pod runs it.")
    parser.add_argument("stage", choices=["prepare", "process", "merge", "sweep"])
    parser.add_argument("--workspace", type=Path, default=Path(environment.WORKSPACE_MOUNT))
    parser.add_argument("--workspaces", type=Path, default=Path(environment.WORKSPACES_MOUNT), help="for sweep")
    parser.add_argument("--source", type=Path, default=Path(environment.SOURCE_MOUNT), help="the source's volume")
    parser.add_argument("--report", type=Path, default=Path("/dev/termination-log"))
    return parser.parse_args()


class _UsageError(Exception):
    """The command line or the environment is wrong."""


if __name__ == "__main__":
    main()
