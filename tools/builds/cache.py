"""The cache folder: files that take long to build and can be reused by later runs.

Knows how to make a file or folder once, whole, even when two test runs want it at the same moment. Must not know
what is being made.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def folder() -> Path:
    """Return the cache folder, which may not exist yet: PDFJOB_CACHE, or `pdfjob` where the user's caches are."""
    if chosen := os.environ.get("PDFJOB_CACHE"):
        return Path(chosen).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pdfjob"


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Hold a lock that every process of this user sees; the kernel releases it when the process that holds it exits."""
    locks = folder() / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with (locks / name).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def once(target: Path, make: Callable[[Path], None]) -> Path:
    """Return target, a path in the cache; call make first if the path is missing.

    make is given another path to fill, which takes the target's place when it is complete: a build that was cut short
    leaves nothing that looks finished.
    """
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with lock(target.name):
        if not target.exists():
            scratch = target.with_name(f"unfinished-{target.name}")
            remove(scratch)
            make(scratch)
            scratch.rename(target)
    return target


def remove(path: Path) -> None:
    """Remove a file or a folder, if it exists."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
