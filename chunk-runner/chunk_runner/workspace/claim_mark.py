"""The mark of a workspace: the uid of the claim for which a pod created it.

A volume that is restored from a backup, copied, or shared by two clusters holds workspaces of other claims. Kubernetes
never uses a uid again, so their marks tell them apart, and a sweep leaves them alone.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from pathlib import Path

    from chunk_runner.workspace.files import Workspace

MARK = ".claim"


def mark(workspace: Workspace, claim: str) -> None:
    """Mark a workspace as one of the claim with this uid, unless it is.

    Raises:
        UnwritableError: The volume is full, read-only or not writable for this user.
    """
    if not is_marked(workspace.root, claim):
        with workspace.replacing(MARK) as file:
            file.write(claim.encode())


def is_marked(folder: Path, claim: str) -> bool:
    """Return whether a workspace is one of the claim with this uid.

    Raises:
        OSError: The mark cannot be read.
    """
    try:
        return (folder / MARK).read_bytes() == claim.encode()
    except FileNotFoundError:
        return False


def remove_marked(folder: Path) -> None:
    """Remove a marked workspace, the mark last: if this is interrupted, a later sweep goes on.

    Raises:
        OSError: Something cannot be removed.
    """
    for path in folder.iterdir():
        if path.name == MARK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    shutil.rmtree(folder)
