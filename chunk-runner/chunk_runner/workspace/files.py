"""The files of a workspace: their names, and the only code that writes them.

    manifest.json            the decisions of prepare; the names of all other files follow from it
    source.pdf               the source without the bytes before its header, if there are many, while prepare reads it
    sample.pdf               the sample pages, while prepare reads them
    chunks/00002.pdf         the pages of chunk 2, until its result is durable
    results/00002.result     the result of chunk 2
    attempts/00002.jsonl     one line when an attempt at chunk 2 starts, and one when it ends
    answers/<key>.answer     an answer of a model, by the request
    output.json              the output (or output.jsonl, output.md)
    usage.jsonl              requests and tokens of each chunk, if there are any
    report.json              the report of merge

A file appears as a whole or not at all, survives a power failure once it has appeared, and has a checksum if it is read
again. Two attempts may write the same file at once: each has its own temporary file, and the last rename wins with the
same contents. Files are opened by name and never found by listing a folder, since a listing may be stale on NFS.
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
from chunk_runner.errors import UnwritableError


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
REPORT = "report.json"
USAGE = "usage.jsonl"
SOURCE = "source.pdf"
SAMPLE = "sample.pdf"
CHUNKS = "chunks"

_SPOOL_BYTES = 32 * 2**20
"""Size up to which intermediate data stays in memory."""


def chunk_file(index: int) -> str:
    """Return the file name of a chunk's PDF."""
    return f"{CHUNKS}/{index:05}.pdf"


def result_file(index: int) -> str:
    """Return the file name of a chunk's result."""
    return f"results/{index:05}.result"


def answer_file(key: str) -> str:
    """Return the file name of a model's answer."""
    return f"answers/{key}.answer"


def attempts_file(index: int) -> str:
    """Return the file name of the records of a chunk's attempts."""
    return f"attempts/{index:05}.jsonl"


class CorruptFileError(Exception):
    """The contents of a file in the workspace are not what was written."""


class Workspace:
    """The folder of a job.

    Args:
        root: The folder; it is created with the first file.
        attempt: The unique name of this attempt, which temporary files carry.
        round_number: The round of retries, 0 for the first: pages that failed in an earlier one are tried again.
    """

    def __init__(self, root: Path, attempt: str, round_number: int = 0) -> None:
        self.root = root
        self.attempt = attempt
        self.round_number = round_number

    def path(self, name: str) -> Path:
        """Return the path of a file."""
        return self.root / name

    @contextmanager
    def replacing(self, name: str) -> Iterator[BinaryIO]:
        """Yield a new file that takes this name once the block ends without an error.

        Raises:
            UnwritableError: The volume is full, read-only or not writable for this user.
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
            raise  # by the block: a file that it reads no longer exists
        except OSError as error:
            raise _cannot_write(error) from error

    def spool(self) -> IO[bytes]:
        """Return a nameless file for intermediate data, which is deleted when it is closed."""
        return SpooledTemporaryFile(_SPOOL_BYTES, dir=str(self.root))

    def write_document(self, name: str, content: Mapping[str, Any], body: bytes = b"") -> None:
        """Write a document that `read_document` can verify: a checksum, a line of JSON, and any bytes."""
        verified = _canonical(content) + b"\n" + body
        with self.replacing(name) as file:
            file.write(hashlib.sha256(verified).hexdigest().encode() + b"\n")
            file.write(verified)

    def read_document(self, name: str) -> tuple[dict[str, Any], bytes]:
        """Read a document that `write_document` wrote.

        Raises:
            FileNotFoundError: The file does not exist.
            CorruptFileError: The file is incomplete, was altered, or is not a document.
        """
        checksum, _, verified = self.path(name).read_bytes().partition(b"\n")
        if hashlib.sha256(verified).hexdigest().encode() != checksum:
            raise CorruptFileError(f"{name} was altered after it was written")
        line, _, body = verified.partition(b"\n")
        content: dict[str, Any] = json.loads(line)
        return content, body

    def append_attempt(self, index: int, record: Mapping[str, Any]) -> None:
        """Add a line to the records of a chunk's attempts, durably.

        One `write` of one short line in append mode keeps the lines of two simultaneous attempts apart on a local
        volume. The line starts with a line break, so that the incomplete line of a killed attempt does not swallow it.

        Raises:
            UnwritableError: As for `replacing`.
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
        """Return the records of a chunk's attempts, in the order of writing; incomplete lines are left out."""
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
        """Remove a file or a folder; log what cannot be removed, and leave it to the sweep."""
        path = self.path(name)
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("cannot remove %s: %s", name, error.strerror)

    def remove_temporary(self, *, own: bool = False) -> None:
        """Remove the temporary files of all attempts, which were killed, or only of this one."""
        for path in self.root.rglob(f".*.{self.attempt}.tmp" if own else ".*.tmp"):
            self.remove(str(path.relative_to(self.root)))

    def seal(self) -> None:
        """Remove the manifest, durably: from then on the output is final, and all other files may be removed."""
        self.remove(MANIFEST)
        _sync_folder(self.root)

    def clear(self, *, keep: frozenset[str] = frozenset()) -> None:
        """Remove all files but those to keep; the folder itself is a mount point and stays."""
        try:
            names = [entry.name for entry in self.root.iterdir()]
        except OSError:
            return  # never created, or already removed
        for name in names:
            if name not in keep:
                self.remove(name)


def _cannot_write(error: OSError) -> UnwritableError:
    return UnwritableError(
        Reason.WORKSPACE_UNAVAILABLE,
        f"Cannot write to the workspace ({error.strerror}): check that the volume has free space and is writable for"
        " the user that runs the job.",
    )


def _canonical(content: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of a document, from which its checksum is calculated."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _sync_folder(folder: Path) -> None:
    """Make a rename in this folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
