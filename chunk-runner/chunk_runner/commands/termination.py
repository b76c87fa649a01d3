"""The end of a pod: an orderly stop on SIGTERM, and the exit code and report of a stage.

The report goes to the termination message, where the operator reads it; `contract.report` has its format.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Never

from chunk_runner.contract import report_json
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Report, Volume
from chunk_runner.errors import (
    ChunkError,
    ConfigurationError,
    LostWorkspaceError,
    MoreMemoryError,
    SourceError,
    StageError,
    UnavailableError,
    UnwritableError,
    UsageError,
    WorkspaceError,
)
from chunk_runner.workspace.files import CorruptFileError


if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

log = logging.getLogger(__name__)

_EXIT_CODES: dict[type[StageError], ExitCode] = {
    SourceError: ExitCode.SOURCE,
    ChunkError: ExitCode.CHUNK,
    MoreMemoryError: ExitCode.MEMORY,
    UnavailableError: ExitCode.UNAVAILABLE,
    ConfigurationError: ExitCode.CONFIGURATION,
    UsageError: ExitCode.USAGE,
    WorkspaceError: ExitCode.WORKSPACE,
    UnwritableError: ExitCode.WORKSPACE,
    LostWorkspaceError: ExitCode.WORKSPACE_LOST,
}

_RESEND_SECONDS = 0.01
"""Time until a SIGTERM that Python dropped is sent again."""

_MOST_BYTES = 2**53 - 1
"""The largest size in a report; some volumes without a limit claim exabytes."""


def stop_on_sigterm() -> None:
    """Make the first SIGTERM raise `SystemExit`, wherever it arrives; ignore those that follow.

    Python drops an exception that is raised inside a finalizer, a hook of `os.fork` or a callback of a C library. Then
    the signal is sent again a moment later; otherwise the process would go on until it is killed.
    """
    sys.unraisablehook = _send_again
    signal.signal(signal.SIGALRM, _terminate)
    signal.signal(signal.SIGTERM, _terminate)


def _send_again(dropped: sys.UnraisableHookArgs) -> None:
    if isinstance(dropped.exc_value, SystemExit):
        signal.setitimer(signal.ITIMER_REAL, _RESEND_SECONDS)
    else:
        sys.__unraisablehook__(dropped)


def _terminate(_signal: int, _frame: FrameType | None) -> Never:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # another one would cut the orderly end short
    sys.exit(ExitCode.INTERRUPTED)


def failed(error: Exception | SystemExit) -> tuple[Report, ExitCode]:
    """Return the report and the exit code of a stage that ended with this error."""
    match error:
        case StageError():
            failure, code = Failure(error.reason, error.message), _EXIT_CODES.get(type(error), ExitCode.UNEXPECTED)
        case CorruptFileError():
            failure, code = Failure(Reason.RESULT_CORRUPT, f"{error}."), ExitCode.UNEXPECTED
        case OSError():
            failure = Failure(Reason.WORKSPACE_UNAVAILABLE, shorten(f"The file system returned an error: {error}."))
            code = ExitCode.WORKSPACE
        case SystemExit():  # see _terminate
            failure, code = Failure(Reason.INTERRUPTED, "The pod was told to stop."), ExitCode.INTERRUPTED
        case _:
            message = shorten(f"{type(error).__name__}: {error}")
            failure, code = Failure(Reason.UNEXPECTED, message), ExitCode.UNEXPECTED
    return Report(failure=failure), code


def publish(report: Report, code: ExitCode, *, file: Path, folder: Path) -> ExitCode:
    """Write the report, with the free space of the volume, and log the failure if there is one.

    Args:
        report: The report of the stage.
        code: The exit code of the stage.
        file: The termination message.
        folder: A folder on the volume.

    Returns:
        The exit code of the pod; never OK if the report could not be written, since the operator needs it.
    """
    problem = _write(replace(report, volume=_volume(folder)), file)
    if report.failure is not None:
        log.error("%s: %s", report.failure.reason, report.failure.message)
    if problem is None:
        return code
    log.error("cannot write the report to %s: %s", file, problem)
    return code or ExitCode.UNEXPECTED


def _write(report: Report, file: Path) -> str | None:
    """Write a report; return why it could not be written, or `None`."""
    try:
        file.write_text(report_json.dumps(report), encoding="utf-8")
    except OSError as error:
        return str(error.strerror)
    return None


def _volume(folder: Path) -> Volume | None:
    """Return the size and the free space of a folder's volume; `None` if they are not known."""
    try:
        status = os.statvfs(folder)
    except OSError:
        return None
    return Volume(*(min(blocks * status.f_frsize, _MOST_BYTES) for blocks in (status.f_blocks, status.f_bavail)))
