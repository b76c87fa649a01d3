import os
from pathlib import Path

import pytest
import typer

from pdfjob_cli.run.outputs import targets, workspace_of


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(files: list[str], output: str | None = None) -> list[str]:
    return [str(path) for path in targets([Path(file) for file in files], output, ".json")]


def test_an_output_has_the_name_of_its_source(folder: Path) -> None:
    assert names(["shelf/a.pdf"]) == ["a.json"]
    assert names(["a.pdf"], "b.json") == ["b.json"]
    assert names(["-"]) == ["stdin.json"]
    assert list(folder.iterdir()) == []


def test_a_folder_is_an_output_too(folder: Path) -> None:
    (folder / "out").mkdir()

    assert names(["a.pdf"], "out") == ["out/a.json"]
    assert names(["a.pdf"], "new/") == ["new/a.json"]
    assert (folder / "new").is_dir()


def test_several_outputs_go_to_one_folder_which_is_created(folder: Path) -> None:
    assert names(["a.pdf", "b.pdf"]) == ["a.json", "b.json"]
    assert names(["a.pdf", "b.pdf"], "out") == ["out/a.json", "out/b.json"]
    assert (folder / "out").is_dir()


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["x/a.pdf", "y/a.pdf", "z/a.pdf"], ["a.json", "a-2.json", "a-3.json"]),
        (["x/a.pdf", "y/a.pdf", "a-2.pdf"], ["a.json", "a-2.json", "a-2-2.json"]),
        (["a.pdf", "a.PDF", "A.pdf"], ["a.json", "a-2.json", "A-3.json"]),
        (["é.pdf", "e\u0301.pdf"], ["é.json", "e\u0301-2.json"]),
        (["a.pdf", "./a.pdf"], ["a.json", "a-2.json"]),
    ],
)
def test_no_output_overwrites_another(files: list[str], found: list[str]) -> None:
    assert names(files) == found


@pytest.mark.parametrize("stem", ["x" * 251, "书" * 83, "é" * 125 + "x", "\udcff" * 251])
def test_a_name_at_the_limit_of_the_file_system_is_cut(folder: Path, stem: str) -> None:
    (folder / f"{stem}.pdf").touch()

    first, second = targets([Path(f"{stem}.pdf"), Path(f"shelf/{stem}.pdf")], None, ".jsonl")

    for path in (first, second, workspace_of(first), workspace_of(second)):
        path.touch()
    assert first.name.removesuffix(".jsonl") in stem
    assert len(list(folder.iterdir())) == 5


def test_a_short_name_gives_its_workspace_a_name_that_says_so(folder: Path) -> None:
    assert workspace_of(folder / "a.json") == folder / ".a.json.pdfjob"
    assert len(os.fsencode(workspace_of(Path("x" * 255)).name)) < 255


@pytest.mark.parametrize(
    ("files", "output", "message"),
    [
        (["a.pdf"], "none/a.json", "folder none does not exist"),
        (["a.pdf", "b.pdf"], "none/out", "folder none does not exist"),
        (["a.pdf", "b.pdf"], "file", "file is not a folder"),
        (["a.pdf"], "file/", "file is not a folder"),
        (["a.pdf"], "a.pdf", "would overwrite the source a.pdf"),
        (["b.pdf", "a.json"], None, "would overwrite the source a.json"),
        (["a.pdf"], "/dev/null", "is not a regular file"),
        (["a.pdf"], "link", "is not a regular file"),
        (["a.pdf"], "x" * 300, "File name too long"),
        (["b.pdf", "c.pdf"], None, "c.json is a folder"),
    ],
)
def test_an_output_that_cannot_be_written_is_wrong_usage(
    folder: Path, files: list[str], output: str | None, message: str
) -> None:
    for name in ("a.pdf", "a.json", "file"):
        (folder / name).touch()
    (folder / "link").symlink_to("file")
    (folder / "c.json").mkdir()

    with pytest.raises(typer.BadParameter, match=message):
        names(files, output)
