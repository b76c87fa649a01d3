"""The workspace: one job's folder on the volume, and the only code that writes to it.

    manifest.json            what prepare decided; the names of everything else follow from it
    sample.pdf               some pages, while prepare looks at them
    chunks/00002.pdf         pages of chunk 2, until its result is durable
    results/00002.result     the result of chunk 2
    attempts/00002.jsonl     one line when an attempt at chunk 2 starts and one when it ends
    output.json              the merged whole (or output.jsonl, output.md)
    report.json              what merge reported

A file appears whole or not at all, survives a power cut once it has appeared, and carries its own checksum where this
project reads it again. Two attempts may write the same file at once: each has its own temporary file, and the last
rename wins with the same content. Files are opened by name and never found by listing, because a listing may be stale
on NFS.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import shutil
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import WorkspaceError


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
REPORT = "report.json"
USAGE = "usage.jsonl"
SAMPLE = "sample.pdf"
CHUNKS = "chunks"

_SPOOL_BYTES = 32 * 2**20


def chunk_file(index: int) -> str:
    """The chunk's pages as a PDF of their own."""
    return f"{CHUNKS}/{index:05}.pdf"


def result_file(index: int) -> str:
    """The chunk's result."""
    return f"results/{index:05}.result"


def answer_file(key: str) -> str:
    """A model's answer, by what was asked."""
    return f"answers/{key}.answer"


def attempts_file(index: int) -> str:
    """The chunk's attempts."""
    return f"attempts/{index:05}.jsonl"


class CorruptFileError(Exception):
    """A file of the workspace is not what was written."""


class Workspace:
    """A job's folder.

    Args:
        root: The folder; it is made when the first file is written.
        attempt: A name that no other attempt on this workspace has; temporary files carry it.
        round_number: The round of retries, 0 for the first: pages that failed in an earlier one are tried again.
    """

    def __init__(self, root: Path, attempt: str, round_number: int = 0) -> None:
        self.root = root
        self.attempt = attempt
        self.round_number = round_number

    def path(self, name: str) -> Path:
        """Where a file of the workspace is."""
        return self.root / name

    @contextmanager
    def replacing(self, name: str) -> Iterator[BinaryIO]:
        """A new file under this name, in place once the block ends without an error.

        Raises:
            WorkspaceError: The volume is full, read-only or not writable for this user.
        """
        target = self.path(name)
        temporary = target.with_name(f".{target.name}.{self.attempt}.tmp")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with temporary.open("wb") as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(target)
                _sync_folder(target.parent)
            finally:
                temporary.unlink(missing_ok=True)
        except FileNotFoundError:
            raise  # the caller's: it looked for something that is gone
        except OSError as error:
            raise _cannot_write(error) from error

    def spool(self) -> IO[bytes]:
        """Return a nameless file for intermediate data, in memory up to `_SPOOL_BYTES`; it ends when it is closed."""
        return SpooledTemporaryFile(_SPOOL_BYTES, dir=str(self.root))

    def write_document(self, name: str, content: Mapping[str, Any], body: bytes = b"") -> None:
        """Write a document that `read_document` can prove whole: a checksum, a line of JSON, and any bytes."""
        proved = _canonical(content) + b"\n" + body
        with self.replacing(name) as file:
            file.write(hashlib.sha256(proved).hexdigest().encode() + b"\n")
            file.write(proved)

    def read_document(self, name: str) -> tuple[dict[str, Any], bytes]:
        """Read what `write_document` wrote.

        Raises:
            FileNotFoundError: There is no such file.
            CorruptFileError: It is torn, altered or something else.
        """
        checksum, _, proved = self.path(name).read_bytes().partition(b"\n")
        if hashlib.sha256(proved).hexdigest().encode() != checksum:
            raise CorruptFileError(f"{name} was altered after it was written")
        line, _, body = proved.partition(b"\n")
        content: dict[str, Any] = json.loads(line)
        return content, body

    def append_attempt(self, index: int, record: Mapping[str, Any]) -> None:
        """Add a line to the chunk's attempts, durably: no figure depends on a termination message.

        One `write` of one short line in append mode, so that two attempts at once do not mix on a local volume; with a
        line end before it too, so that a line torn by a killed attempt does not swallow this one.

        Raises:
            WorkspaceError: As for `replacing`.
        """
        path = self.path(attempts_file(index))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o660)
            try:
                line = b"\n" + _canonical({"attempt": self.attempt, "round": self.round_number, **record}) + b"\n"
                if os.write(fd, line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(fd)
            finally:
                os.close(fd)
            _sync_folder(path.parent)
        except OSError as error:
            raise _cannot_write(error) from error

    def attempts(self, index: int) -> list[dict[str, Any]]:
        """The chunk's attempts so far, in the order they were written; a torn last line is left out."""
        try:
            lines = self.path(attempts_file(index)).read_bytes().splitlines()
        except FileNotFoundError:
            return []
        records = []
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                records.append(record)
        return records

    def remove(self, name: str) -> None:
        """Remove a file or a folder of the workspace; what cannot be removed is logged and left to the sweeper."""
        path = self.path(name)
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("cannot remove %s: %s", name, error.strerror)

    def remove_temporary(self, *, own: bool = False) -> None:
        """Remove the temporary files of attempts that were killed; or only those of this attempt."""
        for path in self.root.rglob(f".*.{self.attempt}.tmp" if own else ".*.tmp"):
            self.remove(str(path.relative_to(self.root)))

    def seal(self) -> None:
        """Remove the manifest, durably: from then on the output is final, and everything else may go."""
        self.remove(MANIFEST)
        _sync_folder(self.root)

    def clear(self, *, keep: frozenset[str] = frozenset()) -> None:
        """Remove everything but the names to keep; the folder itself is a mount point and stays."""
        try:
            names = [entry.name for entry in self.root.iterdir()]
        except OSError:
            return  # never made, or already gone
        for name in names:
            if name not in keep:
                self.remove(name)


def _cannot_write(error: OSError) -> WorkspaceError:
    return WorkspaceError(
        Reason.WORKSPACE_UNAVAILABLE,
        f"Cannot write to the workspace ({error.strerror}): check that the volume has free space and is writable for"
        " the user that runs the job.",
    )


def _canonical(content: Mapping[str, Any]) -> bytes:
    """The one byte form that checksums are taken of."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _sync_folder(folder: Path) -> None:
    """Make a rename in this folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
