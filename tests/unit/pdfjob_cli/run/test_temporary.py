import tempfile
from pathlib import Path

import pytest

from pdfjob_cli.run import temporary


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(temporary, "SHORT", str(tmp_path))
    return tmp_path


def test_a_folder_is_removed_at_the_end(folder: Path) -> None:
    with temporary.folder() as path:
        (path / "copy.pdf").write_text("pages")
        assert path.parent == folder

    assert list(folder.iterdir()) == []


def test_what_a_killed_run_left_is_removed_and_nothing_else(folder: Path) -> None:
    abandoned = [folder / "pdfjob-run-abandoned", folder / "pymp-abandoned"]
    of_others = [folder / "pdfjob-run-by-hand", folder / "pymp-of-another-program"]
    for path in (*abandoned, *of_others):
        path.mkdir()
        (path / "copy.pdf").write_text("pages")
    for path in abandoned:
        (path / ".lock").touch()

    with temporary.folder() as path:
        temporary.remove_abandoned()

        assert sorted(folder.iterdir()) == sorted([*of_others, path])


def test_a_lock_that_is_a_link_is_not_followed(folder: Path) -> None:
    trap, elsewhere = folder / "pdfjob-run-trap", folder / "elsewhere"
    trap.mkdir()
    elsewhere.touch()
    (trap / ".lock").symlink_to(elsewhere)

    temporary.remove_abandoned()

    assert trap.exists()
    assert elsewhere.exists()
