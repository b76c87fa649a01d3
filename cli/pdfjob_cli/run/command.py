"""The options of `pdfjob run`, with their help, and the output that they ask for."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from chunk_runner.contract.job_spec import OUTPUTS, JobSpec
from chunk_runner.contract.limits import shorten
from pdfjob_cli import file_options
from pdfjob_cli.display import remarks, summary_json, summary_text
from pdfjob_cli.exit_codes import Exit
from pdfjob_cli.run.execution import execute
from pdfjob_cli.run.job import (
    Fallback,
    Format,
    GeminiOptions,
    Input,
    ProcessorName,
    RunningLines,
    ThinkingLevel,
    check_language,
    check_pages,
    processor,
)


_GEMINI = "Options for --processor gemini"


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The PDF to process.")],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            show_default="FILE's name with the suffix of the format, in the current folder",
            help="Write the output to this file, or to stdout if it is - (not with --json or --resume).",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Process this many chunks in parallel.")] = 4,
    pages_per_chunk: Annotated[int, typer.Option(min=1, help="Split the PDF into chunks of this many pages.")] = 30,
    pages: Annotated[
        str | None,
        typer.Option(
            metavar="RANGES",
            callback=check_pages,
            show_default="all",
            help="Process only these pages, such as 1-120,130-.",
        ),
    ] = None,
    processor_name: Annotated[
        ProcessorName,
        typer.Option(
            "--processor",
            help="Extract sentences from the text layer (text), or ask a model (gemini, needs an API key).",
        ),
    ] = ProcessorName.TEXT,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Use this Gemini model.", rich_help_panel=_GEMINI),
    ] = None,
    api_key_file: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            show_default="the environment variable GEMINI_API_KEY",
            help="Read the API key from the first line of this file, or of stdin if it is -.",
            rich_help_panel=_GEMINI,
        ),
    ] = None,
    prompt_file: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Send the prompt in this file to the model, instead of asking for sentences.",
            rich_help_panel=_GEMINI,
        ),
    ] = None,
    schema_file: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Require answers that match the JSON Schema in this file; needs --prompt-file.",
            rich_help_panel=_GEMINI,
        ),
    ] = None,
    model_input: Annotated[
        Input | None,
        typer.Option(
            "--input",
            show_default="pdf",
            help="Send the pages as a PDF, or only the text of their text layer, which costs less.",
            rich_help_panel=_GEMINI,
        ),
    ] = None,
    fallback: Annotated[
        Fallback | None,
        typer.Option(
            show_default="none",
            help="For a page without a usable answer: fail the page (none), or use its text layer (text).",
            rich_help_panel=_GEMINI,
        ),
    ] = None,
    thinking_level: Annotated[
        ThinkingLevel | None,
        typer.Option(show_default="the model's own", help="Limit how long the model thinks.", rich_help_panel=_GEMINI),
    ] = None,
    max_output_tokens: Annotated[
        int | None,
        typer.Option(min=1, help="Limit the length of one answer, including thoughts.", rich_help_panel=_GEMINI),
    ] = None,
    max_total_tokens: Annotated[
        int | None,
        typer.Option(
            min=1, help="Start no further chunk after the run has used this many tokens.", rich_help_panel=_GEMINI
        ),
    ] = None,
    request_timeout: Annotated[
        int | None,
        typer.Option(
            min=10,
            metavar="SECONDS",
            show_default="600",
            help="Give up on a request after this many seconds.",
            rich_help_panel=_GEMINI,
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            metavar="XX",
            callback=check_language,
            show_default="detected",
            help="Set the language of the text, as a two-letter code such as fr.",
        ),
    ] = None,
    running_lines: Annotated[
        RunningLines,
        typer.Option(
            help="Leave out running headers, footers and page numbers (drop), or make them entries of their own (keep)."
        ),
    ] = RunningLines.DROP,
    output_format: Annotated[Format, typer.Option("--format", help="Write the output in this format.")] = Format.JSON,
    password_file: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Read the password of an encrypted PDF from the first line of this file, or of stdin if it is -.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Reuse the results of an earlier run that was interrupted or incomplete.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as a JSON object.")] = False,
) -> None:
    """Process a PDF on this machine.

    The PDF is split into chunks, which are processed in parallel and merged into one output file. A summary is printed
    to stdout, everything else to stderr.

    Exit codes: 0 if every page is accounted for, 1 if the run failed, 2 for wrong usage, 3 if some pages failed, 130
    if the run was interrupted.
    """
    options = GeminiOptions(
        model=model,
        input=model_input,
        prompt_file=prompt_file,
        schema_file=schema_file,
        fallback=fallback,
        thinking_level=thinking_level,
        max_output_tokens=max_output_tokens,
        max_total_tokens=max_total_tokens,
        request_timeout=request_timeout,
        api_key_file=api_key_file,
    )
    spec = JobSpec(
        path=file.name,
        processor=processor(processor_name, options),
        pages_per_chunk=pages_per_chunk,
        pages=pages,
        language=language,
        running_lines=running_lines.value,
        format=output_format.value,
    )
    password = None if password_file is None else file_options.first_line(password_file, "--password-file", "password")
    if output == file_options.DASH:
        if as_json or resume:
            raise typer.BadParameter("--json and --resume cannot be used with -o -: stdout holds the output")
        raise typer.Exit(_to_stdout(spec, file, workers=workers, password=password))
    target = output or Path(file.stem + Path(OUTPUTS[spec.format]).suffix)
    _require_writable(target, file)
    started = time.monotonic()
    code, report = execute(spec, file, target, workers=workers, resume=resume, password=password)
    seconds = time.monotonic() - started
    if as_json:
        typer.echo(json.dumps(summary_json(report, str(target), seconds), ensure_ascii=False))
    elif report.merged is not None and report.failure is None:
        typer.echo(summary_text(report, report.merged, shorten(file.name), str(target), seconds))
    raise typer.Exit(code)


def _to_stdout(spec: JobSpec, file: Path, *, workers: int, password: str | None) -> Exit:
    """Run the job in a temporary folder and copy its output to stdout."""
    with tempfile.TemporaryDirectory(prefix="pdfjob-") as folder:
        target = Path(folder) / OUTPUTS[spec.format]
        code, report = execute(spec, file, target, workers=workers, resume=False, password=password)
        for remark in remarks(report):
            typer.echo(remark, err=True)
        if code in (Exit.OK, Exit.PARTIAL):
            with target.open("rb") as written:
                shutil.copyfileobj(written, sys.stdout.buffer)
    return code


def _require_writable(output: Path, source: Path) -> None:
    """Raise `typer.BadParameter` if the output cannot be written, or would replace something else than an output."""
    try:
        if not output.parent.is_dir():
            raise typer.BadParameter(
                f"folder {output.parent} does not exist: create it, or choose another output with -o"
            )
        if output.is_dir():
            raise typer.BadParameter(f"{output} is a folder: give the name of a file with -o")
        if output.is_symlink() or (output.exists() and not output.is_file()):
            raise typer.BadParameter(
                f"{output} is not a regular file and would be replaced by one: choose another output with -o"
            )
        if output.exists() and source.exists() and output.samefile(source):
            raise typer.BadParameter("the output would overwrite the source: choose another output with -o")
    except OSError as error:
        raise typer.BadParameter(f"{shorten(str(output))}: {error.strerror}: choose another output with -o") from error
