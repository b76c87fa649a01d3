"""The names of outputs and workspaces, and whether an output may be written. Creates only a folder of outputs."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from chunk_runner.contract.limits import shorten
from pdfjob_cli.run.spool import name_of


if TYPE_CHECKING:
    from collections.abc import Sequence


def targets(files: Sequence[Path], output: str | None, suffix: str) -> list[Path]:
    """Return the output of each file, all of them different; the folder of several outputs is created.

    Args:
        files: The sources, one or more.
        output: A file, or a folder: if it is one, if it ends with a slash, or if there are several files. `None` for
            the current folder.
        suffix: The suffix of the format.

    Raises:
        typer.BadParameter: An output cannot be written, or would replace something else than an output.
    """
    try:
        if output is None:
            found = _in_folder(Path(), files, suffix)
        elif len(files) > 1 or output.endswith("/") or Path(output).is_dir():
            found = _in_folder(_created(Path(output)), files, suffix)
        else:
            found = [Path(output)]
        sources = {_identity(file) for file in files if file.exists()}
        for path in found:
            _require_writable(path, sources)
    except OSError as error:
        raise typer.BadParameter(
            f"{shorten(str(error.filename))}: {error.strerror}: choose another output with -o"
        ) from error
    return found


def workspace_of(output: Path) -> Path:
    """Return the workspace of runs with this output; a run that can be resumed leaves it behind."""
    name = f".{output.name}.pdfjob"
    if len(os.fsencode(name)) > _name_limit(output.parent):
        name = f".{hashlib.sha256(os.fsencode(output.name)).hexdigest()[:32]}.pdfjob"
    return output.with_name(name)


def _in_folder(folder: Path, files: Sequence[Path], suffix: str) -> list[Path]:
    """Return an output for each file, by its name; files with the same name are numbered."""
    limit, used, found = _name_limit(folder), set[str](), []
    for file in files:
        stem, number = Path(name_of(file)).stem, 1
        name = _fitting(stem, suffix, limit)
        while (key := unicodedata.normalize("NFC", name).casefold()) in used:  # the same file on some file systems
            number += 1
            name = _fitting(stem, f"-{number}{suffix}", limit)
        used.add(key)
        found.append(folder / name)
    return found


def _fitting(stem: str, ending: str, limit: int) -> str:
    """Return the stem and the ending, the stem cut so that the name has at most so many bytes."""
    while len(os.fsencode(stem + ending)) > limit:
        stem = stem[:-1]
    return stem + ending


def _name_limit(folder: Path) -> int:
    return os.pathconf(folder, "PC_NAME_MAX")


def _identity(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_dev, status.st_ino


def _created(folder: Path) -> Path:
    if folder.exists() and not folder.is_dir():
        raise typer.BadParameter(f"{folder} is not a folder: several outputs need one, choose it with -o")
    if not folder.parent.is_dir():
        raise typer.BadParameter(f"folder {folder.parent} does not exist: create it, or choose another one with -o")
    folder.mkdir(exist_ok=True)
    return folder


def _require_writable(output: Path, sources: set[tuple[int, int]]) -> None:
    if not output.parent.is_dir():
        raise typer.BadParameter(f"folder {output.parent} does not exist: create it, or choose another output with -o")
    if output.is_dir():
        raise typer.BadParameter(f"{output} is a folder: choose another output with -o")
    if output.is_symlink() or (output.exists() and not output.is_file()):
        raise typer.BadParameter(
            f"{output} is not a regular file and would be replaced by one: choose another output with -o"
        )
    if output.exists() and _identity(output) in sources:
        raise typer.BadParameter(f"the output would overwrite the source {output}: choose another output with -o")
