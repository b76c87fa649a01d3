"""Outputs and summaries of `pdfjob run`: names, scans, full disks."""

import json
import os
import sys
from pathlib import Path

import pytest

from integration.command_line.program import pdfjob, write_scan
from sizes import cases
from tools.documents import pdfs


SAMPLES = Path(__file__).parents[3] / "samples"


def test_the_sample_comes_out_sentence_by_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(SAMPLES), *sys.path])
    import lighthouse  # type: ignore[import-not-found]  # noqa: PLC0415 (it lies beside its PDF, not on the path)

    entries = lighthouse.write(tmp_path / "book.pdf")
    (tmp_path / "book.pdf").unlink()
    done = pdfjob("run", SAMPLES / "lighthouse.pdf", cwd=tmp_path)

    assert done.returncode == 0
    assert "10 pages, 83 sentences" in done.stdout
    found = json.loads((tmp_path / "lighthouse.json").read_text())
    assert [entry["text"] for entry in found["sentences"]] == entries
    assert found["ledger"]["ok"] == "1-10"
    assert [path.name for path in tmp_path.iterdir()] == ["lighthouse.json"]


def test_the_summary_can_be_read_by_a_program(tmp_path: Path) -> None:
    pdfs.write_numbered(tmp_path / "a.pdf", 5)

    done = pdfjob("run", "a.pdf", "--json", "--pages-per-chunk", 2, cwd=tmp_path)

    summary = json.loads(done.stdout)
    assert (summary["pages"], summary["sentences"], summary["output"]) == (5, 5, "a.json")
    assert summary["ledger"]["ok"] == 5
    assert summary["bytes"] == (tmp_path / "a.json").stat().st_size


def test_a_failure_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_text("This is a text file.")

    done = pdfjob("run", "a.pdf", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "NotAPdf: “a.pdf” is not a PDF: there is no %PDF- in it.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]


def test_a_failure_can_be_read_by_a_program(tmp_path: Path) -> None:
    done = pdfjob("run", "none.pdf", "--json", cwd=tmp_path)

    assert done.returncode == 1
    assert json.loads(done.stdout)["failure"]["reason"] == "SourceNotFound"


UNUSUAL_NAMES = ["[red]a.pdf", "a\nb.pdf", "é“.pdf", "x" * 250 + ".pdf", b"\xff.pdf"]


@pytest.mark.parametrize("name", cases(UNUSUAL_NAMES, quick=["a\nb.pdf", b"\xff.pdf"]))
def test_any_file_name_ends_with_a_sentence_or_an_output(tmp_path: Path, name: str | bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    pdfs.write_numbered(tmp_path / "a.pdf", 2).rename(path)

    done = pdfjob("run", path.name, "-o", "out.json", cwd=tmp_path)

    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0)
    assert len(json.loads((tmp_path / "out.json").read_text())["sentences"]) == 2


def test_no_room_beside_the_output_is_said_so(tmp_path: Path) -> None:
    pdfs.write_numbered(tmp_path / "a.pdf", 2)
    (tmp_path / ".a.json.pdfjob").write_text("in the way")

    done = pdfjob("run", "a.pdf", cwd=tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith("WorkspaceUnavailable: Cannot write a.json or its workspace folder")


NAMES = ["书" * 82 + ".pdf", "书" * 83 + ".pdf", "x" * 251 + ".pdf", "é" * 125 + ".pdf"]


@pytest.mark.parametrize("name", cases(NAMES, quick=["书" * 83 + ".pdf"]), ids=lambda name: f"{name[0]}{len(name)}")
@pytest.mark.parametrize("form", cases(["json", "jsonl", "markdown"], quick=["jsonl"]))
def test_a_name_of_any_length_will_do(tmp_path: Path, name: str, form: str) -> None:
    pdfs.write_numbered(tmp_path / "a.pdf", 3).rename(tmp_path / name)

    done = pdfjob("run", name, "--format", form, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.iterdir())) == 2


SCANS = [
    (1, 0, 3, "Page 1 has no text layer"),
    (12, 0, 3, "12 pages (1-12) have no text layer"),
    (2, 1, 0, "2 pages (1-2) have no text layer"),
    (0, 2, 0, ""),
]
"""Scanned pages, pages of text, the exit code, and the hint."""


@pytest.mark.parametrize("scan", cases(SCANS, quick=SCANS[1:3]))
def test_a_scan_is_no_success_without_a_hint(tmp_path: Path, scan: tuple[int, int, int, str]) -> None:
    scanned, readable, code, said = scan
    write_scan(tmp_path / "a.pdf", scanned, readable)

    done = pdfjob("run", "a.pdf", "--pages-per-chunk", 5, cwd=tmp_path)
    to_stdout = pdfjob("run", "a.pdf", "-o", "-", cwd=tmp_path)

    assert (done.returncode, to_stdout.returncode) == (code, code)
    assert said in done.stdout
    assert said in to_stdout.stderr
    assert ("try --processor gemini" in done.stdout) == bool(scanned)


@pytest.mark.parametrize("pages_per_chunk", cases([1000, 10], quick=[1000]))
def test_a_full_disk_is_called_so(tmp_path: Path, pages_per_chunk: int) -> None:
    """A limit on file size stands in for the full disk; the results of few pages are smaller than it."""
    pdfs.write_prose(tmp_path / "a.pdf", [f"Sentence {index} of a long book." for index in range(6000)])

    done = pdfjob("run", "a.pdf", "--pages-per-chunk", pages_per_chunk, cwd=tmp_path, limit=100_000)

    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("WorkspaceUnavailable: Cannot write to the workspace (File too large)")
    assert "continue with --resume" in last
    assert "Crashed" not in done.stderr
    resumed = pdfjob("run", "a.pdf", "--pages-per-chunk", pages_per_chunk, "--resume", cwd=tmp_path)
    assert resumed.returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"a.pdf", "a.json"}
