"""The run of one file with a progress display, and its end as an exit code and a report."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rich.console import Console

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Report
from chunk_runner.errors import StageError
from chunk_runner.pdf.page import PageState
from pdfjob_cli.display import Display
from pdfjob_cli.exit_codes import INTERRUPTED_MESSAGE, Exit
from pdfjob_cli.run import local_runner, spool


if TYPE_CHECKING:
    from pathlib import Path

    from chunk_runner.contract.job_spec import JobSpec

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """The settings that all files have in common.

    Attributes:
        spec: The job; its `path` is not used.
        workers: Chunks to process in parallel.
        resume: Reuse the results of an earlier run.
        password: The password of the PDFs that are encrypted.
    """

    spec: JobSpec
    workers: int
    resume: bool
    password: str | None = field(repr=False)


@dataclass(frozen=True)
class Outcome:
    """The end of one file's run.

    Attributes:
        file: The PDF; `-` for stdin.
        output: The file to write.
        code: The exit code.
        report: The report of merge, or of a failure.
        seconds: The duration.
    """

    file: Path
    output: Path
    code: Exit
    report: Report
    seconds: float

    @property
    def has_output(self) -> bool:
        """True if the output is written."""
        return self.code in (Exit.OK, Exit.PARTIAL)


def execute(settings: Settings, file: Path, output: Path, *, prefix: str = "") -> Outcome:
    """Run a job; print progress to stderr, and the reason if there is no output.

    Args:
        settings: The settings of all files.
        file: The PDF; `-` for stdin.
        output: The file to write.
        prefix: What to print before the file's name.
    """
    started = time.monotonic()
    console = Console(stderr=True)
    code, report = _run(settings, file, output, console, f"{prefix}{shorten(spool.name_of(file))}")
    if (failure := report.failure) is None:
        code = _exit_code(report)
    else:
        said = failure.message if code is Exit.INTERRUPTED else f"{prefix}{failure.reason}: {failure.message}"
        console.print(said, markup=False, highlight=False, soft_wrap=True)
    return Outcome(file, output, code, report, time.monotonic() - started)


def _run(settings: Settings, file: Path, output: Path, console: Console, title: str) -> tuple[Exit, Report]:
    """Run a job; return FAILED or INTERRUPTED and the report, which has a failure if there is no output."""
    try:
        with spool.regular_file(file) as source, Display(console, title) as display:
            report = local_runner.run(
                replace(settings.spec, path=source.name),
                source,
                output,
                workers=settings.workers,
                resume=settings.resume,
                observer=display,
                password=settings.password,
            )
    except StageError as error:
        report = _failed(error.reason, error.message)
    except local_runner.BusyError:
        message = f"Another run is writing {output}: wait until it ends, or choose another output with -o."
        report = _failed(Reason.WORKSPACE_UNAVAILABLE, message)
    except local_runner.RunInterruptedError as stopped:
        return Exit.INTERRUPTED, _interrupted(stopped.done, stopped.chunks)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED, _interrupted(0, 0)
    except Exception as error:  # the last resort: one sentence, never a traceback
        log.debug("unexpected error", exc_info=True)
        message = f"{type(error).__name__}: {error}. This is a bug, please report it."
        report = _failed(Reason.UNEXPECTED, shorten(message))
    return Exit.FAILED, report


def _exit_code(report: Report) -> Exit:
    """Return the exit code of a run with an output."""
    merged = report.merged
    if merged is None:
        return Exit.OK
    has_no_text = merged.ledger.get(PageState.NO_TEXT, 0) and not merged.ledger.get(PageState.OK, 0)
    return Exit.PARTIAL if merged.failed or merged.failed_pages or has_no_text else Exit.OK


def _interrupted(done: int, chunks: int) -> Report:
    kept = f" {done} of {chunks} chunks are kept: continue with --resume." if chunks else ""
    return _failed(Reason.INTERRUPTED, f"{INTERRUPTED_MESSAGE}{kept}")


def _failed(reason: Reason, message: str) -> Report:
    return Report(failure=Failure(reason, message))
