"""The sweep stage: removes the workspaces of PdfJobs that no longer exist. Knows folders and their age, not files.

A pod has no access to the API, so the operator passes the list of PdfJobs. Uids are never reused: a workspace that is
not on the list belongs to a deleted PdfJob, or to one that is younger than the list. Its age tells which.
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
    """Remove the workspaces of deleted PdfJobs; ignore everything that is not named like a workspace.

    Args:
        workspaces: The folder that holds the workspaces of one namespace.
        live: The first `LIVE_LENGTH` characters of the uid of every PdfJob that exists.
        before: The age limit, in seconds since 1970; workspaces that changed later are left to the next sweep.

    Returns:
        The result, and a failure if some workspaces cannot be removed.

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
        except FileNotFoundError:  # another sweep removed it first
            continue
        except OSError as error:
            log.warning("cannot remove %s: %s", folder.name, error.strerror)
            stuck.append(folder.name)
            kept.append(folder)
            continue
        log.info("removed %s: its PdfJob no longer exists", folder.name)
        removed += 1
    log.info("removed %d leftover workspaces", removed)
    swept = Swept(removed, len(kept), len(stuck), sum(map(_size, kept)))
    if not stuck:
        return swept, None
    return swept, Failure(
        Reason.WORKSPACE_UNAVAILABLE,
        f"Cannot remove {len(stuck)} leftover workspaces, such as {stuck[0]}: check that the volume is writable for the"
        " user that runs the job, and not sticky.",
    )


def _size(folder: Path) -> int:
    """Return the bytes that the files of a folder occupy on the volume; files that vanish meanwhile count nothing."""
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
        raise WorkspaceError(Reason.WORKSPACE_UNAVAILABLE, f"Cannot list the workspaces ({error.strerror}).") from error
