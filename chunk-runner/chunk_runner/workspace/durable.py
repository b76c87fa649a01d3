"""Changes to files that survive a power failure: contents and names are on the disk before anything relies on them.

A file system may write changes in any order. A file's contents are certain after an fsync of the file, its name after
one of its folder, and the folder's name after one of the folder above. Knows paths and bytes, not what a job is.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Yield a new file whose contents are on the disk once the block ends; an error removes it.

    Args:
        path: The file, which nobody else writes; its folder is created if need be.

    Raises:
        OSError: The file cannot be written.
    """
    make_folder(path.parent)
    with _discarded_on_errors(path), path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def append(path: Path, line: bytes) -> None:
    """Append to a file in one write, so that the lines of two processes on one node are never mixed.

    Raises:
        OSError: The line was not written, or only in part.
    """
    make_folder(path.parent)
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o660)
    try:
        if os.write(fd, line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(fd)
    finally:
        os.close(fd)
    sync_folder(path.parent)


def create(temporary: Path, target: Path) -> bool:
    """Give a file that `writing` wrote a name that no file has, and remove the other one; false if one has it.

    On NFS, too, only one of several nodes succeeds (link(2)).

    Raises:
        OSError: It cannot be linked.
    """
    try:
        os.link(temporary, target)
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(target.parent)
    return True


def make_folder(folder: Path) -> None:
    """Create a folder, and those above it, unless they exist.

    Raises:
        OSError: It cannot be created.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with suppress(FileExistsError):  # this node has just not seen it; `exist_ok` would look again, and not see it again
        folder.mkdir()
    sync_folder(folder.parent)


def move(source: Path, target: Path) -> None:
    """Give a file another name, in this folder or another one, so that it has one of the two whatever happens.

    Raises:
        OSError: It cannot be moved.
    """
    source.replace(target)
    sync_folder(target.parent)


def publish(temporary: Path, target: Path) -> None:
    """Give a file that `writing` wrote its name, in place of the file that has it; an error removes it.

    Raises:
        OSError: It cannot be moved; the target is as it was before, or as a whole the new one.
    """
    with _discarded_on_errors(temporary):
        move(temporary, target)


@contextmanager
def _discarded_on_errors(temporary: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:  # SystemExit included: SIGTERM raises it
        with suppress(OSError):  # what went wrong first is what counts
            temporary.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable.

    Raises:
        OSError: The folder cannot be synced.
    """
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
