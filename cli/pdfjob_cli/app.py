"""The commands of `pdfjob`, and logging. Output goes to stdout, messages and progress to stderr."""

from __future__ import annotations

import logging
import sys
from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from pdfjob_cli.run.command import run


app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # joins the lines of a paragraph
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(run)


@app.command()
def version() -> None:
    """Print the version and exit."""
    typer.echo(installed_version("pdfjob"))


@app.callback(invoke_without_command=True)
def options(
    *,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Extract the text of large PDFs as sentences, with many chunks in parallel."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)
    if show_version:
        version()
        raise typer.Exit
