"""Runs a job with a progress display, and turns every way in which it may end into an exit code and a report."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from rich.console import Console

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Report
from chunk_runner.errors import StageError
from pdfjob_cli.display import Display
from pdfjob_cli.exit_codes import Exit
from pdfjob_cli.run import local_runner


if TYPE_CHECKING:
    from pathlib import Path

    from chunk_runner.contract.job_spec import JobSpec

log = logging.getLogger(__name__)


def execute(
    spec: JobSpec, file: Path, output: Path, *, workers: int, resume: bool, password: str | None
) -> tuple[Exit, Report]:
    """Run a job; print progress to stderr, and the reason if there is no output.

    Args:
        spec: The job.
        file: The PDF.
        output: The file to write.
        workers: Chunks to process in parallel.
        resume: Reuse the results of an earlier run.
        password: The password of the PDF, if it is encrypted.
    """
    console = Console(stderr=True)
    code = Exit.FAILED
    try:
        with Display(console, shorten(file.name)) as display:
            report = local_runner.run(
                spec, file, output, workers=workers, resume=resume, observer=display, password=password
            )
    except StageError as error:
        report = _failed(error.reason, error.message)
    except local_runner.BusyError:
        message = f"Another run is writing {output}: wait until it ends, or choose another output with -o."
        report = _failed(Reason.WORKSPACE_UNAVAILABLE, message)
    except local_runner.RunInterruptedError as stopped:
        code, report = Exit.INTERRUPTED, _interrupted(stopped.done, stopped.chunks)
    except KeyboardInterrupt:
        code, report = Exit.INTERRUPTED, _interrupted(0, 0)
    except Exception as error:  # the last resort: one sentence, never a traceback
        log.debug("unexpected error", exc_info=True)
        message = f"{type(error).__name__}: {error}. This is a bug, please report it."
        report = _failed(Reason.UNEXPECTED, shorten(message))
    failure = report.failure
    if failure is None:
        return _exit_code(report), report
    said = failure.message if code is Exit.INTERRUPTED else f"{failure.reason}: {failure.message}"
    console.print(said, markup=False, highlight=False, soft_wrap=True)
    return code, report


def _exit_code(report: Report) -> Exit:
    merged = report.merged
    is_partial = merged is not None and (merged.failed or merged.failed_pages)
    return Exit.PARTIAL if is_partial else Exit.OK


def _interrupted(done: int, chunks: int) -> Report:
    kept = f" {done} of {chunks} chunks are kept: continue with --resume." if chunks else ""
    return _failed(Reason.INTERRUPTED, f"Interrupted.{kept}")


def _failed(reason: Reason, message: str) -> Report:
    return Report(failure=Failure(reason, message))
