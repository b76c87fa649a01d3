"""The sweep: workspaces whose PdfJob no longer exists are removed. Knows folders and their age, not what is in them.

Which PdfJobs exist is said by whoever starts it; a pod has no access to the API. A uid never comes back, so a workspace
that is not on the list belongs to a PdfJob that is gone, or to one that is younger than the list: those are told apart
by their age.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from chunk_runner.contract.environment import LIVE_LENGTH
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Swept
from chunk_runner.errors import WorkspaceError


log = logging.getLogger(__name__)

_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def sweep(workspaces: Path, *, live: frozenset[str], before: int) -> tuple[Swept, Failure | None]:
    """Remove the workspaces of PdfJobs that are gone; whatever is not named like a workspace is left alone.

    Args:
        workspaces: The folder that holds the workspaces of one namespace.
        live: The first `LIVE_LENGTH` characters of the uid of every PdfJob that exists.
        before: What changed after this time (seconds since 1970) is left to the next sweep.

    Returns:
        What was found; and why some workspaces cannot be removed, if there are such.

    Raises:
        WorkspaceError: The folder cannot be read.
    """
    removed, stuck, kept = 0, [], []
    for folder in _folders(workspaces):
        if not _UID.fullmatch(folder.name):
            continue
        if folder.name[:LIVE_LENGTH] in live:
            kept.append(folder)
            continue
        try:
            status = folder.lstat()
            if folder.is_symlink():
                continue
            if max(status.st_mtime, status.st_ctime) >= before:
                kept.append(folder)
                continue
            shutil.rmtree(folder)
        except FileNotFoundError:  # another sweep was faster
            continue
        except OSError as error:
            log.warning("cannot remove %s: %s", folder.name, error.strerror)
            stuck.append(folder.name)
            kept.append(folder)
            continue
        log.info("removed %s: its PdfJob is gone", folder.name)
        removed += 1
    log.info("%d left-over workspaces removed", removed)
    swept = Swept(removed, len(kept), len(stuck), sum(map(_size, kept)))
    if not stuck:
        return swept, None
    return swept, Failure(
        Reason.WORKSPACE_UNAVAILABLE,
        f"{len(stuck)} left-over workspaces cannot be removed, {stuck[0]} for one: check that the volume is"
        " writable for the user that runs the job, and not sticky.",
    )


def _size(folder: Path) -> int:
    """Bytes that its files take on the volume; what goes meanwhile counts nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += Path(place, name).lstat().st_blocks * 512
    return total


def _folders(workspaces: Path) -> list[Path]:
    try:
        return sorted(workspaces.iterdir())
    except OSError as error:
        raise WorkspaceError(
            Reason.WORKSPACE_UNAVAILABLE, f"The workspaces cannot be listed ({error.strerror})."
        ) from error
