import json
import os
import stat
from pathlib import Path

import pytest

from chunk_runner.errors import WorkspaceError
from chunk_runner.workspace.files import CorruptFileError, Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, "attempt-1")


def test_a_document_comes_back_as_it_was(workspace: Workspace) -> None:
    content, body = {"text": "é“\n", "pages": [1, 2]}, "lines\nof é\n".encode()
    workspace.write_document("results/00001.result", content, body)

    assert workspace.read_document("results/00001.result") == (content, body)


def test_a_document_may_have_no_body(workspace: Workspace) -> None:
    workspace.write_document("manifest.json", {"pages": 12})

    assert workspace.read_document("manifest.json") == ({"pages": 12}, b"")


def test_a_file_that_was_never_finished_does_not_appear(workspace: Workspace) -> None:
    def write_half() -> None:
        with workspace.replacing("output.json") as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()

    assert list(workspace.root.rglob("*")) == []


def kind(fd: int) -> str:
    return "folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file"


def test_a_file_is_durable_before_it_gets_its_name_and_then_its_name_is(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.path("a").mkdir()
    events = []
    monkeypatch.setattr(os, "fsync", lambda fd: events.append((kind(fd), workspace.path("a/b").exists())))

    with workspace.replacing("a/b") as file:
        file.write(b"whole")

    assert events == [("file", False), ("folder", True)]


def test_an_attempt_and_a_seal_are_durable(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.write_document("manifest.json", {"pages": 12})
    workspace.path("attempts").mkdir()
    synced = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(kind(fd)))

    workspace.append_attempt(3, {"event": "started"})
    workspace.seal()

    assert synced == ["file", "folder", "folder"]


def test_a_merge_that_finds_the_manifest_gone_writes_nothing(workspace: Workspace) -> None:
    workspace.write_document("manifest.json", {"pages": 12})

    def write_then_look() -> None:
        with workspace.replacing("output.json") as file:
            file.write(b"of results that were already going")
            workspace.seal()
            workspace.read_document("manifest.json")

    with pytest.raises(FileNotFoundError):
        write_then_look()

    assert list(workspace.root.rglob("*")) == []


def test_every_flipped_byte_of_a_document_is_noticed(workspace: Workspace) -> None:
    workspace.write_document("manifest.json", {"pages": 12}, b"body\n")
    path = workspace.path("manifest.json")
    whole = path.read_bytes()

    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(CorruptFileError):
            workspace.read_document("manifest.json")


def test_a_document_is_noticed_to_be_truncated_wherever_it_is(workspace: Workspace) -> None:
    workspace.write_document("manifest.json", {"pages": 12}, b"body\n")
    path = workspace.path("manifest.json")
    whole = path.read_bytes()

    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(CorruptFileError):
            workspace.read_document("manifest.json")


def test_attempts_add_up_and_a_torn_line_takes_no_other_along(workspace: Workspace) -> None:
    workspace.append_attempt(3, {"event": "started"})
    with workspace.path("attempts/00003.jsonl").open("ab") as file:
        file.write(b'{"event": "st')
    Workspace(workspace.root, "attempt-2").append_attempt(3, {"event": "ok"})

    events = [(attempt["attempt"], attempt["event"]) for attempt in workspace.attempts(3)]
    assert events == [("attempt-1", "started"), ("attempt-2", "ok")]


def test_a_chunk_without_attempts_has_none(workspace: Workspace) -> None:
    assert workspace.attempts(9) == []


def test_attempts_that_cannot_be_read_are_not_taken_for_none(workspace: Workspace) -> None:
    workspace.path("attempts/00003.jsonl").mkdir(parents=True)  # even root cannot read a folder like a file

    with pytest.raises(IsADirectoryError):
        workspace.attempts(3)


def test_a_volume_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(WorkspaceError, match="check that the volume has free space"):
        Workspace(tmp_path / "file", "x").write_document("manifest.json", {})


def test_clearing_keeps_only_what_is_named(workspace: Workspace) -> None:
    workspace.write_document("output.json", {})
    workspace.write_document("results/00000.result", {})
    workspace.path(".output.json.dead.tmp").write_text("left by a pod that was killed")

    workspace.clear(keep=frozenset({"output.json"}))

    assert [path.name for path in workspace.root.rglob("*")] == ["output.json"]


def test_what_cannot_be_removed_is_logged_and_not_fatal(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    workspace.path("manifest.json").write_text(json.dumps({}))

    workspace.remove("manifest.json/below-a-file")

    assert "cannot remove" in caplog.text


def test_only_the_temporary_files_of_this_attempt_may_be_removed(workspace: Workspace) -> None:
    for name in (".00000.pdf.attempt-1.tmp", ".00001.pdf.attempt-2.tmp"):
        workspace.path(name).write_text("half")

    workspace.remove_temporary(own=True)
    assert [path.name for path in workspace.root.iterdir()] == [".00001.pdf.attempt-2.tmp"]

    workspace.remove_temporary()
    assert list(workspace.root.iterdir()) == []
