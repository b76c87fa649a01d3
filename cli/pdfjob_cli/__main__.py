"""What people type: `pdfjob run FILE`. Parses, calls, prints; the summary on stdout, everything else on stderr."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sys
import tempfile
import time
from enum import IntEnum, StrEnum
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from chunk_runner.contract import page_ranges
from chunk_runner.contract.job_spec import OUTPUTS, JobSpec
from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Report
from chunk_runner.errors import ConfigurationError, StageError
from chunk_runner.processors.gemini.credentials import Access
from chunk_runner.processors.registry import processor_for
from pdfjob_cli import file_options, local_runner
from pdfjob_cli.display import Display, remarks, summary_json, summary_text


if TYPE_CHECKING:
    from collections.abc import Mapping


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
    GEMINI = "gemini"


class Input(StrEnum):
    """What is sent to a model."""

    PDF = "pdf"
    TEXT = "text"


class Fallback(StrEnum):
    """What becomes of a page that a model does not give."""

    NONE = "none"
    TEXT = "text"


class ThinkingLevel(StrEnum):
    """How long a model thinks."""

    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Format(StrEnum):
    """The formats of an output: the keys of `job_spec.OUTPUTS`."""

    JSON = "json"
    JSONL = "jsonl"
    MARKDOWN = "markdown"


app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Process large PDFs in parallel: on this machine, or on a cluster.",
)

_GEMINI = "With --processor gemini"


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


def _pages(text: str | None) -> str | None:
    """Refuse what selects no pages of any file, before anything is opened."""
    try:
        if text is not None:
            page_ranges.check(text)
    except page_ranges.SelectionError as error:
        raise typer.BadParameter(str(error)) from error
    return text


def _language(text: str | None) -> str | None:
    if text is not None and not re.fullmatch("[a-z]{2}", text):
        raise typer.BadParameter("give two small letters of ISO 639-1, for instance en or fr")
    return text


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
            help="Where the output goes, - for stdout; if not given, FILE's name with the format's ending, here.",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Chunks in flight.")] = 4,
    pages_per_chunk: Annotated[int, typer.Option(min=1, help="Pages in a chunk.")] = 30,
    pages: Annotated[
        str | None,
        typer.Option(
            metavar="RANGES", callback=_pages, help="The pages to process, like 1-120,130-; all, if not given."
        ),
    ] = None,
    processor: Annotated[ProcessorName, typer.Option(help="What to do with each chunk.")] = ProcessorName.TEXT,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="Which model.", rich_help_panel=_GEMINI)] = None,
    api_key_file: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="A file with the API key, - for stdin; else GEMINI_API_KEY.", rich_help_panel=_GEMINI
        ),
    ] = None,
    prompt_file: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="What to do, instead of listing sentences.", rich_help_panel=_GEMINI),
    ] = None,
    schema_file: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="JSON Schema of each chunk's answer.", rich_help_panel=_GEMINI),
    ] = None,
    model_input: Annotated[
        Input | None, typer.Option("--input", help="Send the pages or their text.", rich_help_panel=_GEMINI)
    ] = None,
    fallback: Annotated[
        Fallback | None,
        typer.Option(help="What a page gets that the model does not give.", rich_help_panel=_GEMINI),
    ] = None,
    thinking_level: Annotated[
        ThinkingLevel | None, typer.Option(help="How long the model thinks.", rich_help_panel=_GEMINI)
    ] = None,
    max_output_tokens: Annotated[
        int | None, typer.Option(min=1, help="Of one answer.", rich_help_panel=_GEMINI)
    ] = None,
    max_total_tokens: Annotated[
        int | None, typer.Option(min=1, help="Begin no chunk after so many tokens.", rich_help_panel=_GEMINI)
    ] = None,
    request_timeout: Annotated[
        int | None, typer.Option(min=10, metavar="SECONDS", help="For one answer.", rich_help_panel=_GEMINI)
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(metavar="XX", callback=_language, help="The text's language, like fr; found out, if not given."),
    ] = None,
    output_format: Annotated[Format, typer.Option("--format", help="What the output is like.")] = Format.JSON,
    password_file: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="A file with the PDF's password on its first line, - for stdin."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Keep what an interrupted or partial run has done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """Process a PDF on this machine: one process per chunk, one output.

    Exit codes: 0 every page is accounted for, 1 failed, 2 wrong usage, 3 some pages failed, 130 interrupted.
    """
    settings = {
        "model": model,
        "input": model_input,
        "prompt": None if prompt_file is None else file_options.text(prompt_file, "--prompt-file"),
        "outputSchema": None if schema_file is None else file_options.text(schema_file, "--schema-file"),
        "fallback": fallback,
        "thinkingLevel": thinking_level,
        "maxOutputTokens": max_output_tokens,
        "maxTotalTokens": max_total_tokens,
        "requestTimeoutSeconds": request_timeout,
    }
    spec = JobSpec(
        path=file.name,
        processor=_processor(processor, settings, api_key_file),
        pages_per_chunk=pages_per_chunk,
        pages=pages,
        language=language,
        format=output_format.value,
    )
    password = None if password_file is None else file_options.first_line(password_file, "--password-file", "password")
    if output == file_options.DASH:
        if as_json or resume:
            raise typer.BadParameter("with -o - stdout is the output and nothing is kept: drop --json and --resume")
        with tempfile.TemporaryDirectory(prefix="pdfjob-") as folder:
            target = Path(folder) / OUTPUTS[spec.format]
            code, report = _run(spec, file, target, workers=workers, resume=False, password=password)
            for remark in remarks(report):
                typer.echo(remark, err=True)
            if code in (Exit.OK, Exit.PARTIAL):
                with target.open("rb") as written:
                    shutil.copyfileobj(written, sys.stdout.buffer)
        raise typer.Exit(code)
    target = output or Path(file.stem + Path(OUTPUTS[spec.format]).suffix)
    try:
        _refuse_unwritable(target, file)
    except OSError as error:
        raise typer.BadParameter(f"{shorten(str(target))}: {error.strerror}: give another -o") from error
    started = time.monotonic()
    code, report = _run(spec, file, target, workers=workers, resume=resume, password=password)
    seconds = time.monotonic() - started
    if as_json:
        typer.echo(json.dumps(summary_json(report, str(target), seconds), ensure_ascii=False))
    elif report.merged is not None and report.failure is None:
        typer.echo(summary_text(report, report.merged, shorten(file.name), str(target), seconds))
    raise typer.Exit(code)


def _processor(processor: ProcessorName, settings: Mapping[str, Any], api_key_file: Path | None) -> dict[str, Any]:
    """The processor as a job names it; what no chunk could be asked with is refused before anything is opened."""
    chosen = {key: value for key, value in settings.items() if value is not None}
    if processor is not ProcessorName.GEMINI:
        if chosen or api_key_file is not None:
            raise typer.BadParameter("a model's options need --processor gemini")
        return {"name": processor.value}
    if api_key_file is not None:  # in the environment, where the workers find it
        os.environ["GEMINI_API_KEY"] = file_options.first_line(api_key_file, "--api-key-file", "API key")
    try:
        processor_for({"name": processor.value, **chosen})
        Access.from_environment()
    except ConfigurationError as error:
        raise typer.BadParameter(error.message) from error
    return {"name": processor.value, **chosen}


def _run(
    spec: JobSpec, file: Path, output: Path, *, workers: int, resume: bool, password: str | None
) -> tuple[Exit, Report]:
    """Run the job, showing progress and saying on stderr why there is no output, if there is none."""
    console = Console(stderr=True)
    try:
        with Display(console, shorten(file.name)) as display:
            report = local_runner.run(
                spec, file, output, workers=workers, resume=resume, observer=display, password=password
            )
    except StageError as error:
        report = Report(failure=Failure(error.reason, error.message))
    except local_runner.BusyError:
        report = Report(
            failure=Failure(
                Reason.WORKSPACE_UNAVAILABLE,
                f"Another run is writing {output}: wait for it, or give another -o.",
            )
        )
    except local_runner.Interrupted as stopped:
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
