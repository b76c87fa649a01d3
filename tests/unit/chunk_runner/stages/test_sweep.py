import os
import time
from pathlib import Path

import pytest

from chunk_runner.contract.report import Swept
from chunk_runner.errors import WorkspaceError
from chunk_runner.stages.sweep import sweep


LIVE = "6f0a1c3e-0000-4000-8000-000000000001"
GONE = "7a0a1c3e-0000-4000-8000-000000000002"
BLOCK = 4096
"""What a small file takes on this volume."""

LATER = int(time.time()) + 3600


def make_workspace(root: Path, name: str) -> Path:
    folder = root / name
    (folder / "chunks").mkdir(parents=True)
    (folder / "chunks" / ".00001.pdf.dead.tmp").write_text("half")
    return folder


def test_what_belongs_to_nobody_goes_with_all_it_holds(tmp_path: Path) -> None:
    live, gone = make_workspace(tmp_path, LIVE), make_workspace(tmp_path, GONE)

    found = sweep(tmp_path, live=frozenset({LIVE[:8]}), before=LATER)

    assert found == (Swept(removed=1, workspaces=1, stale=0, bytes=BLOCK), None)

    assert live.is_dir()
    assert not gone.exists()


def test_what_is_younger_than_the_list_of_the_living_stays(tmp_path: Path) -> None:
    young = make_workspace(tmp_path, GONE)

    found = sweep(tmp_path, live=frozenset(), before=int(young.stat().st_mtime))

    assert found == (Swept(removed=0, workspaces=1, stale=0, bytes=BLOCK), None)

    assert young.is_dir()


def test_what_is_not_named_like_a_workspace_stays(tmp_path: Path) -> None:
    for name in ("books", "lost+found", GONE[:8], GONE.upper()):
        make_workspace(tmp_path, name)
    (tmp_path / f"{GONE}.pdf").write_text("a file")

    assert sweep(tmp_path, live=frozenset(), before=LATER) == (Swept(0, 0, 0, 0), None)

    assert len(list(tmp_path.iterdir())) == 5


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = make_workspace(tmp_path / "elsewhere", "precious")
    (tmp_path / "workspaces").mkdir()
    (tmp_path / "workspaces" / GONE).symlink_to(elsewhere)
    inside = make_workspace(tmp_path / "workspaces", LIVE)
    (inside / "link").symlink_to(elsewhere)

    found, _ = sweep(tmp_path / "workspaces", live=frozenset(), before=LATER)

    assert found.removed == 1

    assert (elsewhere / "chunks").is_dir()


def test_one_that_cannot_be_removed_is_named_and_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, other = make_workspace(tmp_path, GONE), make_workspace(tmp_path, GONE.replace("7a", "8b"))
    rmdir = os.rmdir

    def refuse(path: str, *, dir_fd: int | None = None) -> None:
        if Path(path).name == GONE:
            raise PermissionError(1, "Operation not permitted")
        rmdir(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "rmdir", refuse)

    found, failure = sweep(tmp_path, live=frozenset(), before=LATER)

    assert found == Swept(removed=1, workspaces=1, stale=1, bytes=0)
    assert failure is not None
    assert GONE in failure.message
    assert stuck.exists()
    assert not other.exists()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="Cannot list the workspaces"):
        sweep(tmp_path / "nowhere", live=frozenset(), before=LATER)
