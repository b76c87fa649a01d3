"""What people type: `pdfjob run FILE`. Parses, calls, prints; the summary on stdout, everything else on stderr."""

from __future__ import annotations

import json
import logging
import shutil
import sys
import tempfile
import time
from enum import IntEnum, StrEnum
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chunk_runner.contract import Failure, JobSpec, Reason, Report, shorten
from chunk_runner.errors import StageError
from pdfjob_cli import local
from pdfjob_cli.show import Display, summary_json, summary_text


class Exit(IntEnum):
    """Exit codes of every verb."""

    OK = 0
    FAILED = 1
    USAGE = 2
    PARTIAL = 3
    INTERRUPTED = 130


class ProcessorName(StrEnum):
    """The processors of this version."""

    TEXT = "text"


app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Process large PDFs in parallel: on this machine, or on a cluster.",
)

_STDOUT = Path("-")


def main() -> None:
    """Entry point."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)
    app()


@app.callback()
def _root() -> None:
    """Without a callback, typer would make a single command the whole program."""


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(installed_version("pdfjob"))


@app.command()
def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The PDF.")],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="Where the output goes, - for stdout; if not given, FILE's name with .json, here.",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Chunks in flight.")] = 4,
    pages_per_chunk: Annotated[int, typer.Option(min=1, help="Pages in a chunk.")] = 30,
    processor: Annotated[ProcessorName, typer.Option(help="What to do with each chunk.")] = ProcessorName.TEXT,
    resume: Annotated[bool, typer.Option("--resume", help="Keep what an interrupted or partial run has done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """Process a PDF on this machine: one process per chunk, one output.

    Exit codes: 0 every page is accounted for, 1 failed, 2 wrong usage, 3 some pages failed, 130 interrupted.
    """
    spec = JobSpec(path=file.name, processor={"name": processor.value}, pages_per_chunk=pages_per_chunk)
    if output == _STDOUT:
        if as_json or resume:
            raise typer.BadParameter("with -o - stdout is the output and nothing is kept: drop --json and --resume")
        with tempfile.TemporaryDirectory(prefix="pdfjob-") as folder:
            target = Path(folder) / "output.json"
            code, _ = _run(spec, file, target, workers=workers, resume=False)
            if code in (Exit.OK, Exit.PARTIAL):
                with target.open("rb") as written:
                    shutil.copyfileobj(written, sys.stdout.buffer)
        raise typer.Exit(code)
    target = output or Path(f"{file.stem}.json")
    try:
        _refuse_unwritable(target, file)
    except OSError as error:
        raise typer.BadParameter(f"{shorten(str(target))}: {error.strerror}: give another -o") from error
    started = time.monotonic()
    code, report = _run(spec, file, target, workers=workers, resume=resume)
    seconds = time.monotonic() - started
    if as_json:
        typer.echo(json.dumps(summary_json(report, str(target), seconds), ensure_ascii=False))
    elif report.merged is not None and report.failure is None:
        typer.echo(summary_text(report, report.merged, shorten(file.name), str(target), seconds))
    raise typer.Exit(code)


def _run(spec: JobSpec, file: Path, output: Path, *, workers: int, resume: bool) -> tuple[Exit, Report]:
    """Run the job, showing progress and saying on stderr why there is no output, if there is none."""
    console = Console(stderr=True)
    try:
        with Display(console, shorten(file.name)) as display:
            report = local.run(spec, file, output, workers=workers, resume=resume, observer=display)
    except StageError as error:
        report = Report(failure=Failure(error.reason, error.message))
    except local.BusyError:
        report = Report(
            failure=Failure(
                Reason.WORKSPACE_UNAVAILABLE,
                f"Another run is writing {output}: wait for it, or give another -o.",
            )
        )
    except local.Interrupted as stopped:
        kept = f"{stopped.done} of {stopped.chunks} chunks are kept: go on with --resume." if stopped.chunks else ""
        _say(console, f"Interrupted. {kept}".rstrip())
        return Exit.INTERRUPTED, Report(failure=Failure(Reason.INTERRUPTED, f"Interrupted. {kept}".rstrip()))
    except Exception as error:  # the last resort: one sentence, never a traceback
        logging.getLogger(__name__).debug("unexpected", exc_info=True)
        message = shorten(f"{type(error).__name__}: {error}. This is a bug, please report it.")
        report = Report(failure=Failure(Reason.UNEXPECTED, message))
    except KeyboardInterrupt:
        _say(console, "Interrupted.")
        return Exit.INTERRUPTED, Report(failure=Failure(Reason.INTERRUPTED, "Interrupted."))
    if report.failure is not None:
        _say(console, f"{report.failure.reason}: {report.failure.message}")
        return Exit.FAILED, report
    partial = report.merged is not None and (report.merged.failed or report.merged.failed_pages)
    return (Exit.PARTIAL if partial else Exit.OK), report


def _refuse_unwritable(output: Path, source: Path) -> None:
    if not output.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {output.parent}: make it, or give another -o")
    if output.is_dir():
        raise typer.BadParameter(f"{output} is a folder: give the name of a file with -o")
    if output.is_symlink() or (output.exists() and not output.is_file()):
        raise typer.BadParameter(f"{output} is not a regular file, and would be replaced by one: give another -o, or -")
    if output.exists() and source.exists() and output.samefile(source):
        raise typer.BadParameter("the output would overwrite the source: give another -o")


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
