"""The options of `pdfjob run`, with their help, and what they ask for."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Annotated

import typer

from chunk_runner.contract.job_spec import OUTPUTS, JobSpec
from chunk_runner.sandbox import template
from pdfjob_cli import file_options, interrupts
from pdfjob_cli.exit_codes import INTERRUPTED_MESSAGE, Exit
from pdfjob_cli.run import batch, outputs, temporary
from pdfjob_cli.run.execution import Settings
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
from pdfjob_cli.run.spool import is_stdin


_GEMINI = "Options for --processor gemini"


def run(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="The PDFs to process; - is stdin.")],
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            show_default="FILE's name with the suffix of the format, in the current folder",
            help="Write the output to this file, to a file in this folder, or to stdout if it is - (one FILE, and not"
            " with --json or --resume). With several FILEs, OUT is a folder, which is created if need be.",
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
            min=1, help="Send no further request after the run has used this many tokens.", rich_help_panel=_GEMINI
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
            help="Leave out running headers and footers, page and line numbers (drop), or make them entries (keep)."
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
    """Process PDFs on this machine.

    Each PDF is split into chunks, which are processed in parallel and merged into one output file. A summary is printed
    to stdout, everything else to stderr. Several PDFs are processed one after the other; one that fails does not stop
    the others.

    Exit codes: 0 if every page is accounted for, 1 if the run failed, 2 for wrong usage, 3 if some pages failed or no
    page has a text layer, 128 and the number of the signal (Ctrl-C: 130) if the run was interrupted. With several PDFs,
    it is the code of the worst.
    """
    template.start()  # before anything reads the API key
    stdin_users = [*map(is_stdin, files), *(path == file_options.DASH for path in (password_file, api_key_file))]
    if sum(stdin_users) > 1:
        raise typer.BadParameter("only one FILE, password or API key can come from stdin")
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
        path="",
        processor=processor(processor_name, options),
        pages_per_chunk=pages_per_chunk,
        pages=pages,
        language=language,
        running_lines=running_lines.value,
        format=output_format.value,
    )
    password = None if password_file is None else file_options.first_line(password_file, "--password-file", "password")
    settings = Settings(spec, workers, resume, password)
    try:
        with interrupts.raised():
            temporary.remove_abandoned()
            code = _run(settings, files, output, as_json=as_json)
    except KeyboardInterrupt:
        typer.echo(INTERRUPTED_MESSAGE, err=True)
        code = Exit.INTERRUPTED
    except OSError as error:
        # What stdout still holds must not fail again at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if error.errno != errno.EPIPE:  # the reader of a pipe may end at any time
            typer.echo(f"Cannot write to stdout, or to a temporary file ({error.strerror}): free space.", err=True)
        code = Exit.FAILED
    raise typer.Exit(interrupts.exit_code(code))


def _run(settings: Settings, files: list[Path], output: str | None, *, as_json: bool) -> Exit:
    if output != str(file_options.DASH):
        suffix = Path(OUTPUTS[settings.spec.format]).suffix
        return batch.to_files(settings, files, outputs.targets(files, output, suffix), as_json=as_json)
    if as_json or settings.resume:
        raise typer.BadParameter("--json and --resume cannot be used with -o -: stdout holds the output")
    if len(files) > 1:
        raise typer.BadParameter("several outputs cannot be written to stdout: choose a folder with -o")
    return batch.to_stdout(settings, files[0])
