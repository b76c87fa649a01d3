"""Temporary folders: each is removed with its run, or by the next run if its own was killed.

A folder of a run holds a file that the run has locked for as long as it lives. Folders without such a file are others'.
"""

from __future__ import annotations

import fcntl
import multiprocessing.util
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT = "/tmp"  # noqa: S108 (only for folders with a random name)
"""The folder for temporary files whose names must be short."""

_PREFIX = "pdfjob-run-"
_PREFIXES = (_PREFIX, "pymp-")
"""Of this module's folders, and of those of multiprocessing."""

_LOCK = ".lock"


@contextmanager
def folder() -> Iterator[Path]:
    """Yield a new folder, which is removed at the end of the block.

    Raises:
        OSError: The folder for temporary files cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        path = Path(name)
        descriptor = _lock(path)
        try:
            yield path
        finally:
            os.close(descriptor)


def adopt_folder_of_multiprocessing() -> None:
    """Have the next run remove the folder that multiprocessing has made for this process, if this process is killed.

    Otherwise multiprocessing removes it. It has the socket of the server that forks the workers.
    """
    path = Path(multiprocessing.util.get_temp_dir())
    if not (path / _LOCK).exists():
        _lock(path)  # until the process ends


def remove_abandoned() -> None:
    """Remove the folders of runs that were killed."""
    for folder, prefix in product({tempfile.gettempdir(), SHORT}, _PREFIXES):
        for lock in Path(folder).glob(f"{prefix}*/{_LOCK}"):
            with suppress(OSError):  # another user's, or a run removes it just now
                _remove_if_abandoned(lock)


def _lock(path: Path) -> int:
    """Lock a folder; return the descriptor that holds the lock."""
    fresh = path / f"{_LOCK}.new"
    descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    fresh.rename(path / _LOCK)  # or another run might find it before it is locked
    return descriptor


def _remove_if_abandoned(lock: Path) -> None:
    """Remove the folder of a lock that no process holds.

    Raises:
        OSError: A process holds it, or the folder is not this user's.
    """
    fd = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
    try:
        if os.fstat(fd).st_uid == os.getuid():
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent)
    finally:
        os.close(fd)
