"""`pdfjob run` with standard input, pipes and standard output."""

import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from integration.command_line.program import PDFJOB, pdfjob, sentences, texts
from sizes import cases
from tools.documents import pdfs


@pytest.mark.parametrize("name", cases(["-", "/dev/stdin"], quick=["-"]))
def test_a_pdf_comes_from_stdin(tmp_path: Path, name: str) -> None:
    data = pdfs.write_numbered(tmp_path / "a.pdf", 3).read_bytes()
    folder = tmp_path / ("tmp" * 40)  # too long for the address of a socket
    folder.mkdir()

    done = pdfjob("run", name, cwd=tmp_path, stdin=data, env={"TMPDIR": str(folder)})

    assert done.returncode == 0, done.stderr
    assert texts(tmp_path / "stdin.json") == sentences(3)
    assert json.loads((tmp_path / "stdin.json").read_text())["source"]["name"] == "stdin"
    assert list(folder.iterdir()) == []


def test_a_pdf_comes_from_a_fifo_and_from_a_descriptor(tmp_path: Path) -> None:
    data = pdfs.write_numbered(tmp_path / "a.pdf", 3).read_bytes()
    os.mkfifo(tmp_path / "fifo.pdf")
    writer = threading.Thread(target=(tmp_path / "fifo.pdf").write_bytes, args=(data,))
    writer.start()

    done = pdfjob("run", "fifo.pdf", cwd=tmp_path)
    writer.join()

    assert done.returncode == 0, done.stderr
    assert texts(tmp_path / "fifo.json") == sentences(3)
    with (tmp_path / "a.pdf").open("rb") as file:
        script = f"{' '.join(PDFJOB)} run /dev/fd/9 9<&0"
        subprocess.run(["sh", "-c", script], cwd=tmp_path, stdin=file, check=True, capture_output=True)
    assert texts(tmp_path / "pipe.json") == sentences(3)


@pytest.mark.parametrize(
    ("stdin", "reason"), [(b"", "SourceEmpty: “stdin” is empty"), (b"Hello.", "NotAPdf: “stdin” is not a PDF")]
)
def test_a_stream_that_is_no_pdf_is_said_so(tmp_path: Path, stdin: bytes, reason: str) -> None:
    done = pdfjob("run", "-", cwd=tmp_path, stdin=stdin)

    assert done.returncode == 1
    assert done.stderr.startswith(reason)
    assert list(tmp_path.iterdir()) == []


def test_stdin_has_one_use(tmp_path: Path) -> None:
    done = pdfjob("run", "-", "--password-file", "-", cwd=tmp_path, stdin=b"")

    assert done.returncode == 2
    assert "can come from stdin" in done.stderr


def test_a_stream_without_room_is_said_so_and_leaves_nothing(tmp_path: Path) -> None:
    data = pdfs.write_numbered(tmp_path / "a.pdf", 200).read_bytes()
    (tmp_path / "tmp").mkdir()

    done = pdfjob("run", "-", cwd=tmp_path, stdin=data, env={"TMPDIR": str(tmp_path / "tmp")}, limit=len(data) // 2)

    assert done.returncode == 1
    assert done.stderr.startswith("WorkspaceUnavailable: Cannot write the temporary copy of the source")
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("options", cases([[], ["--json"], ["-o", "-"]], quick=[["-o", "-"]]))
def test_stdout_without_room_is_said_so(tmp_path: Path, options: list[str]) -> None:
    pdfs.write_numbered(tmp_path / "a.pdf", 2)

    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PDFJOB, "run", "a.pdf", *options],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Cannot write to stdout")
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_the_output_can_go_to_stdout(tmp_path: Path) -> None:
    pdfs.write_numbered(tmp_path / "a.pdf", 5)
    pdfjob("run", "a.pdf", "-o", "file.json", cwd=tmp_path)

    done = pdfjob("run", "a.pdf", "-o", "-", cwd=tmp_path)

    assert done.stdout == (tmp_path / "file.json").read_text()
