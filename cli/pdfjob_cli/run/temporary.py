"""Temporary folders: each is removed with its run, or by the next run if its own was killed.

A folder of a run holds a file that the run has locked for as long as it lives. Folders without such a file are others'.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = "pdfjob-run-"
_LOCK = ".lock"


@contextmanager
def folder() -> Iterator[Path]:
    """Yield a new folder, which is removed at the end of the block.

    Raises:
        OSError: The folder for temporary files cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        path = Path(name)
        fresh = path / f"{_LOCK}.new"
        fd = os.open(fresh, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            fresh.rename(path / _LOCK)  # or another run might find it before it is locked
            yield path
        finally:
            os.close(fd)


def remove_abandoned() -> None:
    """Remove the folders of runs that were killed."""
    for lock in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError):  # another user's, or a run removes it just now
            _remove_if_abandoned(lock)


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
