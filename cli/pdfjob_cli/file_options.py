"""Options that name a file: passwords, API keys, prompts. An invalid file is reported as wrong usage."""

from __future__ import annotations

import codecs
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

import typer

from chunk_runner.contract.limits import shorten


DASH = Path("-")
"""Stands for stdin or stdout in place of a file."""


def text(path: Path, option: str) -> str:
    """Return the text of a file.

    Raises:
        typer.BadParameter: The file cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{shorten(str(path))}: {error.strerror}", param_hint=f"'{option}'") from None
    except ValueError:
        raise typer.BadParameter(f"{shorten(str(path))} is not UTF-8 text", param_hint=f"'{option}'") from None


def first_line(path: Path, option: str, kind: str) -> str:
    """Return the first line of a file with a secret; messages never quote its contents.

    Args:
        path: The file, or `DASH` for stdin.
        option: The option that names it.
        kind: The kind of secret, for messages.

    Raises:
        typer.BadParameter: The file cannot be read, is not UTF-8, or its first line is empty.
    """
    hint = f"'{option}'"
    try:
        with nullcontext(sys.stdin.buffer) if path == DASH else path.open("rb") as file:
            line = _decoded_first_line(file)
    except AttributeError:  # sys.stdin is None if it is closed
        raise typer.BadParameter("stdin is closed: give the name of a file", param_hint=hint) from None
    except OSError as error:
        raise typer.BadParameter(f"{shorten(str(path))}: {error.strerror}", param_hint=hint) from None
    except ValueError:
        raise typer.BadParameter(f"the {kind} is not UTF-8 text: save it as UTF-8", param_hint=hint) from None
    if not line:
        raise typer.BadParameter(f"the first line is empty: write the {kind} there", param_hint=hint)
    return line


def _decoded_first_line(file: BinaryIO) -> str:
    """Return the first line, without its line end and without the byte order mark that editors for Windows write."""
    data = file.readline()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # PowerShell writes UTF-16
        text = (data + file.read()).decode("utf-16")
    else:
        text = data.decode("utf-8-sig")
    return text.partition("\n")[0].rstrip("\r")
