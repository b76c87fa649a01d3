"""The program `pdfjob`: its commands, and logging. Output goes to stdout, messages and progress to stderr."""

from __future__ import annotations

import logging
import sys
from importlib.metadata import version as installed_version

import typer

from pdfjob_cli.run.command import run


app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # joins the lines of a paragraph
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Extract the text of large PDFs as sentences, with many chunks in parallel.",
)
app.command()(run)


def main() -> None:
    """Entry point."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)
    app()


@app.command()
def version() -> None:
    """Print the version and exit."""
    typer.echo(installed_version("pdfjob"))


if __name__ == "__main__":
    main()
