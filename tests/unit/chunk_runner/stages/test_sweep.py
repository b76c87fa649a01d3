import os
import time
from pathlib import Path

import pytest

from chunk_runner.contract.report import Failure, Swept
from chunk_runner.errors import WorkspaceError
from chunk_runner.stages.sweep import sweep
from chunk_runner.workspace.claim_mark import mark
from chunk_runner.workspace.files import Workspace


CLAIM = "0c1a1c3e-0000-4000-8000-00000000000c"
LIVE = "6f0a1c3e-0000-4000-8000-000000000001"
GONE = "7a0a1c3e-0000-4000-8000-000000000002"
BLOCK = 4096
"""What a small file takes on this volume; a workspace has two."""

LATER = int(time.time()) + 3600


def make_workspace(root: Path, name: str, claim: str = CLAIM) -> Path:
    folder = root / name
    (folder / "chunks").mkdir(parents=True)
    (folder / "chunks" / ".00001.pdf.dead.tmp").write_text("half")
    mark(Workspace(folder, "me"), claim)
    return folder


def run(workspaces: Path, *, live: frozenset[str] = frozenset(), before: int = LATER) -> tuple[Swept, Failure | None]:
    return sweep(workspaces, live=live, before=before, claim=CLAIM)


def test_what_belongs_to_nobody_goes_with_all_it_holds(tmp_path: Path) -> None:
    live, gone = make_workspace(tmp_path, LIVE), make_workspace(tmp_path, GONE)

    found = run(tmp_path, live=frozenset({LIVE}))

    assert found == (Swept(removed=1, workspaces=1, stale=0, bytes=2 * BLOCK), None)

    assert live.is_dir()
    assert not gone.exists()


def test_what_is_younger_than_the_list_of_the_living_stays(tmp_path: Path) -> None:
    young = make_workspace(tmp_path, GONE)

    found = run(tmp_path, before=int(young.stat().st_mtime))

    assert found == (Swept(removed=0, workspaces=1, stale=0, bytes=2 * BLOCK), None)

    assert young.is_dir()


def test_what_is_not_named_like_a_workspace_stays(tmp_path: Path) -> None:
    for name in ("books", "lost+found", GONE[:8], GONE.upper()):
        make_workspace(tmp_path, name)
    (tmp_path / f"{GONE}.pdf").write_text("a file")

    assert run(tmp_path) == (Swept(0, 0, 0, 0), None)

    assert len(list(tmp_path.iterdir())) == 5


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = make_workspace(tmp_path / "elsewhere", "precious")
    (tmp_path / "workspaces").mkdir()
    (tmp_path / "workspaces" / GONE).symlink_to(elsewhere)
    inside = make_workspace(tmp_path / "workspaces", LIVE)
    (inside / "link").symlink_to(elsewhere)

    found, _ = run(tmp_path / "workspaces")

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

    found, failure = run(tmp_path)

    assert found == Swept(removed=1, workspaces=1, stale=1, bytes=0)
    assert failure is not None
    assert GONE in failure.message
    assert stuck.exists()
    assert not other.exists()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="Cannot list the workspaces"):
        run(tmp_path / "nowhere")


@pytest.mark.parametrize("claim", ["0c1a1c3e-0000-4000-8000-00000000000d", ""], ids=["of another claim", "of none"])
def test_a_workspace_that_was_not_created_for_this_claim_stays(
    tmp_path: Path, claim: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A volume restored from a backup belongs to a new claim, and its PdfJobs have new uids."""
    restored = make_workspace(tmp_path, GONE, claim)
    if not claim:
        (restored / ".claim").unlink()

    found, failure = run(tmp_path)

    assert (found.removed, found.workspaces, failure) == (0, 1, None)
    assert (restored / "chunks" / ".00001.pdf.dead.tmp").exists()
    assert "kept 1 workspaces that were not created for this claim" in caplog.text


def test_an_empty_folder_goes_whoever_created_it(tmp_path: Path) -> None:
    """The kubelet creates it for a pod that may never run."""
    (tmp_path / GONE).mkdir()

    assert run(tmp_path) == (Swept(removed=1, workspaces=0, stale=0, bytes=0), None)
    assert list(tmp_path.iterdir()) == []


def test_a_removal_that_was_interrupted_is_completed_by_the_next_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_workspace(tmp_path, GONE)
    (folder / "output.json").write_text("{}")
    unlink, removed = os.unlink, list[str]()

    def stop_after_the_first(path: str | Path, *, dir_fd: int | None = None) -> None:
        if removed:
            raise OSError(5, "Input/output error")
        removed.append(str(path))
        unlink(path, dir_fd=dir_fd)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", stop_after_the_first)
        assert run(tmp_path)[0].stale == 1

    assert run(tmp_path)[0].removed == 1
    assert not folder.exists()
