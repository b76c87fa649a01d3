"""Reads and writes the files of a workspace, which `file_names` lists; the only code that does.

A file appears as a whole or not at all, survives a power failure once it has appeared, and has a checksum if it is read
again. Two attempts may write the same file at once: each has its own temporary file, and the last rename wins with the
same contents. Files are opened by name and never found by listing a folder, since a listing may be stale on NFS.

A file that is not found may exist: NFS remembers for up to a minute that there was none. So nothing is removed because
something else was not found, and a file that must exist is looked for again (`Workspace.expect`).
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import shutil
import time
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, BinaryIO, TypeVar

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import UnwritableError
from chunk_runner.workspace import durable
from chunk_runner.workspace.file_names import MANIFEST, attempts_file


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

FoundT = TypeVar("FoundT")

log = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0
"""Pause between two looks for a file that must exist."""

_SPOOL_BYTES = 32 * 2**20
"""Size up to which intermediate data stays in memory."""


class CorruptFileError(Exception):
    """The contents of a file in the workspace are not what was written."""


class Workspace:
    """The folder of a job.

    Args:
        root: The folder; it is created with the first file.
        attempt: The unique name of this attempt, which temporary files carry.
        round_number: The round of retries, 0 for the first: pages that failed in an earlier one are tried again.
        cache_seconds: For how many seconds files that exist now may not be visible to this node; 0 on a local disk.
    """

    def __init__(self, root: Path, attempt: str, round_number: int = 0, *, cache_seconds: float = 0) -> None:
        self.root = root
        self.attempt = attempt
        self.round_number = round_number
        self._all_visible_at = time.monotonic() + cache_seconds

    def for_attempt(self, attempt: str) -> Workspace:
        """Return the same folder for another attempt that runs at the same time."""
        other = copy.copy(self)
        other.attempt = attempt
        return other

    def path(self, name: str) -> Path:
        """Return the path of a file."""
        return self.root / name

    def temporary(self, name: str) -> Path:
        """Return the path at which this attempt writes a file, until it gets its name."""
        path = self.path(name)
        return path.with_name(f".{path.name}.{self.attempt}.tmp")

    def expect(self, read: Callable[[], FoundT]) -> FoundT:
        """Return what `read` returns; if it misses a file, try again until all that existed before must be visible.

        Args:
            read: Reads files that existed before this attempt; raises `FileNotFoundError` if one is not visible.

        Raises:
            FileNotFoundError: A file is missing.
        """
        while True:
            is_last = time.monotonic() >= self._all_visible_at
            try:
                return read()
            except FileNotFoundError as error:
                if is_last:
                    raise
                log.warning("%s is not visible yet: looking again", error.filename)
            time.sleep(_LOOK_SECONDS)

    @contextmanager
    def replacing(self, name: str) -> Iterator[BinaryIO]:
        """Yield a new file that takes this name once the block ends without an error.

        Raises:
            UnwritableError: The volume is full, read-only or not writable for this user.
        """
        with self.writing(name) as file:
            yield file
        self.publish(name)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Yield a new file, which `publish` gives this name; an error removes it. Raises as `replacing` does."""
        try:
            with durable.writing(self.temporary(name)) as file:
                yield file
        except FileNotFoundError:
            raise  # by the block: a file that it reads is not there
        except OSError as error:
            raise unwritable(error) from error

    def publish(self, name: str) -> None:
        """Give what `writing` wrote its name, or remove it if that fails. Raises as `replacing` does."""
        try:
            durable.publish(self.temporary(name), self.path(name))
        except OSError as error:
            raise unwritable(error) from error

    def create_folder(self, name: str) -> Path:
        """Create a folder, unless it exists, and return its path.

        Raises:
            UnwritableError: As for `replacing`.
        """
        path = self.path(name)
        try:
            durable.make_folder(path)
        except OSError as error:
            raise unwritable(error) from error
        return path

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
        content = _json_object(line)
        if content is None:
            raise CorruptFileError(f"{name} is not a document of this project")
        return content, body

    def append_attempt(self, index: int, record: Mapping[str, Any]) -> None:
        """Add a line to the records of a chunk's attempts, durably.

        The line starts with a line break, so that the incomplete line of a killed attempt does not swallow it.

        Raises:
            UnwritableError: As for `replacing`.
        """
        line = b"\n" + _canonical({"attempt": self.attempt, "round": self.round_number, **record}) + b"\n"
        try:
            durable.append(self.path(attempts_file(index)), line)
        except OSError as error:
            raise unwritable(error) from error

    def attempts(self, index: int) -> list[dict[str, Any]]:
        """Return the records of a chunk's attempts, in the order of writing; incomplete lines are left out."""
        try:
            lines = self.path(attempts_file(index)).read_bytes().splitlines()
        except FileNotFoundError:
            return []
        return [record for line in lines if (record := _json_object(line)) is not None]

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
        try:
            for path in self.root.rglob(f".*.{self.attempt}.tmp" if own else ".*.tmp"):
                self.remove(str(path.relative_to(self.root)))
        except OSError as error:
            log.warning("cannot look for temporary files: %s", error.strerror)

    def seal(self) -> None:
        """Remove the manifest, durably: from then on the output is final, and all other files may be removed.

        Raises:
            OSError: It cannot be removed, so another merge may still read the results.
        """
        self.path(MANIFEST).unlink(missing_ok=True)
        durable.sync_folder(self.root)

    def clear(self, *, keep: frozenset[str] = frozenset()) -> None:
        """Remove all files but those to keep; the folder itself is a mount point and stays."""
        try:
            names = [entry.name for entry in self.root.iterdir()]
        except OSError:
            return  # never created, or already removed
        for name in names:
            if name not in keep:
                self.remove(name)


def unwritable(error: OSError) -> UnwritableError:
    """Return the error to raise if the workspace cannot be written."""
    return UnwritableError(
        Reason.WORKSPACE_UNAVAILABLE,
        f"Cannot write to the workspace ({error.strerror}): check that the volume has free space and is writable for"
        " the user that runs the job.",
    )


def _json_object(line: bytes) -> dict[str, Any] | None:
    """Return the JSON object on a line; `None` if it is something else."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _canonical(content: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of a document, from which its checksum is calculated."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
