"""The sweep stage: removes the workspaces of PdfJobs that no longer exist. Knows folders, marks and age, not files.

A pod has no access to the API, so the operator passes the PdfJobs that exist, and the uid of the claim. A workspace is
garbage if its mark proves that it was created for this claim, and its PdfJob is not among those that exist: uids are
never used again. It may also be younger than the operator's list; its age tells. All others stay: they come from a
backup, a copy or another cluster, and nobody here knows whether they are still wanted.
"""

from __future__ import annotations

import errno
import logging
import os
import re
from collections import Counter
from collections.abc import Container
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path

from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Swept
from chunk_runner.errors import WorkspaceError
from chunk_runner.workspace.claim_mark import is_marked, remove_marked


log = logging.getLogger(__name__)

_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class _Fate(Enum):
    """What a sweep does with a workspace."""

    REMOVED = auto()
    GONE = auto()
    """Another sweep has removed it."""
    KEPT = auto()
    UNKNOWN = auto()
    """Kept, since it was not created for this claim."""
    STUCK = auto()
    """Kept, since it cannot be removed."""


def sweep(workspaces: Path, *, live: Container[str], before: int, claim: str) -> tuple[Swept, Failure | None]:
    """Remove the workspaces of deleted PdfJobs; ignore everything that is not named like a workspace.

    Args:
        workspaces: The folder that holds the workspaces of one namespace.
        live: The uid of every PdfJob that exists, and perhaps of others.
        before: The age limit, in seconds since 1970; workspaces that changed later are left to the next sweep.
        claim: The uid of the claim.

    Returns:
        The result, and a failure if some workspaces cannot be removed.

    Raises:
        WorkspaceError: The folder cannot be read.
    """
    folders = [folder for folder in _folders(workspaces) if _UID.fullmatch(folder.name) and not folder.is_symlink()]
    fates = {folder: _sweep(folder, is_live=folder.name in live, before=before, claim=claim) for folder in folders}
    left = [folder for folder, fate in fates.items() if fate not in (_Fate.REMOVED, _Fate.GONE)]
    count = Counter(fates.values())
    log.info("removed %d leftover workspaces", count[_Fate.REMOVED])
    if count[_Fate.UNKNOWN]:
        log.warning("kept %d workspaces that were not created for this claim", count[_Fate.UNKNOWN])
    swept = Swept(count[_Fate.REMOVED], len(left), count[_Fate.STUCK], sum(map(_size, left)))
    if not count[_Fate.STUCK]:
        return swept, None
    example = next(folder.name for folder, fate in fates.items() if fate is _Fate.STUCK)
    return swept, Failure(
        Reason.WORKSPACE_UNAVAILABLE,
        f"Cannot remove {count[_Fate.STUCK]} leftover workspaces, such as {example}: check that the volume is writable"
        " for the user that runs the job, and not sticky.",
    )


def _sweep(folder: Path, *, is_live: bool, before: int, claim: str) -> _Fate:
    """Remove a workspace if it is garbage."""
    if is_live:
        return _Fate.KEPT
    try:
        status = folder.lstat()
        if max(status.st_mtime, status.st_ctime) >= before:
            return _Fate.KEPT
        if not is_marked(folder, claim):
            return _remove_empty(folder)
        remove_marked(folder)
    except FileNotFoundError:
        return _Fate.GONE
    except OSError as error:
        log.warning("cannot remove %s: %s", folder.name, error.strerror)
        return _Fate.STUCK
    log.info("removed %s: its PdfJob no longer exists", folder.name)
    return _Fate.REMOVED


def _remove_empty(folder: Path) -> _Fate:
    """Remove a folder that the kubelet created for a pod that never ran; one with files stays."""
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
        return _Fate.UNKNOWN
    return _Fate.REMOVED


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
