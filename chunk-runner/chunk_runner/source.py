"""The source file: locates it on its volume, without ever leaving the volume, and identifies it by name and checksum.

Knows paths and bytes, nothing of PDF.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from chunk_runner.contract.environment import WORKSPACES
from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import SourceError


@dataclass(frozen=True)
class Source:
    """The file that a job reads, as it was when prepare looked at it.

    Attributes:
        path: Its path, for this process.
        name: Its base name, which the output contains.
        sha256: Its checksum, in hexadecimal.
        bytes: Its size.
    """

    path: Path
    name: str
    sha256: str
    bytes: int


def locate(root: Path, path: str) -> Path:
    """Return the path of a file on a volume; refuse paths that leave the volume or lead into a workspace.

    Args:
        root: The folder where the volume is mounted.
        path: The file, relative to the volume's root; user input.

    Raises:
        SourceError: `PathRefused` or `SourceNotFound`.
    """
    shown = shorten(path, 120)
    base = root.resolve()
    try:
        target = (base / path).resolve()
        exists = target.exists()
    except (OSError, ValueError, RuntimeError) as error:  # a loop of links, a NUL byte
        raise SourceError(Reason.PATH_REFUSED, f"“{shown}” is not a path on the volume.") from error
    if Path(path).is_absolute() or not target.is_relative_to(base) or target == base:
        raise SourceError(
            Reason.PATH_REFUSED,
            f"“{shown}” leads outside the volume: give a path relative to the volume's root.",
        )
    if target.is_relative_to(base / WORKSPACES):
        raise SourceError(
            Reason.PATH_REFUSED,
            f"“{shown}” is in {WORKSPACES}/, which holds the workspaces of jobs: put sources elsewhere.",
        )
    if not exists:
        raise SourceError(
            Reason.SOURCE_NOT_FOUND,
            f"There is no file “{shown}” on the volume: check spec.source.volume.path and the claim's name.",
        )
    return target


def identify(path: Path, *, sha256: str | None = None) -> Source:
    """Return the identity of a file, which is read once for its checksum.

    Args:
        path: The file.
        sha256: The expected checksum, in hexadecimal; `None` to accept any.

    Raises:
        SourceError: `SourceNotFound`, `SourceUnreadable`, `SourceEmpty` or `ChecksumMismatch`.
    """
    shown = shorten(path.name, 120)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise SourceError(Reason.SOURCE_UNREADABLE, f"“{shown}” is {kind}: give the path of a PDF file.")
        digest = sha256_of(path)
    except FileNotFoundError as error:
        raise SourceError(Reason.SOURCE_NOT_FOUND, f"There is no file “{shown}”.") from error
    except OSError as error:
        raise SourceError(
            Reason.SOURCE_UNREADABLE,
            f"Cannot read “{shown}” ({os.strerror(error.errno or 0)}): check its owner and mode.",
        ) from error
    if status.st_size == 0:
        raise SourceError(Reason.SOURCE_EMPTY, f"“{shown}” is empty (0 bytes): copy the file again.")
    if sha256 is not None and digest != sha256.lower():
        raise SourceError(
            Reason.CHECKSUM_MISMATCH,
            f"“{shown}” has sha256 {digest}, not {sha256.lower()}: copy the file again or correct the checksum.",
        )
    # A file name may be any bytes, but the output is UTF-8.
    name = os.fsencode(path.name).decode(errors="replace")
    return Source(path=path, name=name, sha256=digest, bytes=status.st_size)


def sha256_of(path: Path) -> str:
    """Return the checksum of a file, in hexadecimal; the file is read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
