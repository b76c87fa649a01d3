"""What people give in files: passwords, keys, prompts. What is wrong with a file is said as wrong usage."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import typer

from chunk_runner.contract.limits import shorten


DASH = Path("-")
"""Stdin or stdout, where a file is asked for."""


def text(path: Path, option: str) -> str:
    """All of a file."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{shorten(str(path))}: {error.strerror}", param_hint=f"'{option}'") from None
    except ValueError:
        raise typer.BadParameter(f"{shorten(str(path))} is no text in UTF-8", param_hint=f"'{option}'") from None


def first_line(path: Path, option: str, what: str) -> str:
    """The first line of a file; what is wrong with it is said without a word of what it holds."""
    hint = f"'{option}'"
    try:
        with nullcontext(sys.stdin.buffer) if path == DASH else path.open("rb") as file:
            line = file.readline().decode().rstrip("\r\n")
    except AttributeError:  # Python's way to say that stdin is closed
        raise typer.BadParameter("stdin is closed: give the name of a file", param_hint=hint) from None
    except OSError as error:
        raise typer.BadParameter(f"{shorten(str(path))}: {error.strerror}", param_hint=hint) from None
    except ValueError:
        raise typer.BadParameter(f"the {what} is no text in UTF-8", param_hint=hint) from None
    if not line:
        raise typer.BadParameter(f"there is no {what}: it stands on the first line", param_hint=hint)
    return line
