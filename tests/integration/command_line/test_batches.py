"""`pdfjob run` with several files: one summary, and the exit code of the worst."""

import json
from pathlib import Path

from integration.command_line.program import pdfjob, sentences, texts, write_scan
from tools.documents import pdfs


def test_several_files_have_one_summary_and_the_exit_code_of_the_worst(tmp_path: Path) -> None:
    for folder, pages in (("x", 2), ("y", 3)):
        (tmp_path / folder).mkdir()
        pdfs.write_numbered(tmp_path / folder / "a.pdf", pages)
    (tmp_path / "b.pdf").write_text("This is a text file.")
    write_scan(tmp_path / "c.pdf", 1)

    done = pdfjob("run", "x/a.pdf", "b.pdf", "none.pdf", "y/a.pdf", "c.pdf", "-o", "out", cwd=tmp_path)

    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "x/a.pdf: 2 pages, 2 sentences in out/a.json"
    assert lines[1].startswith("b.pdf: NotAPdf: ")
    assert lines[2].startswith("none.pdf: SourceNotFound: ")
    assert lines[3] == "y/a.pdf: 3 pages, 3 sentences in out/a-2.json"
    assert lines[4] == "c.pdf: 1 page, 0 sentences in out/c.json"
    assert lines[5].startswith("  warning: Page 1 has no text layer: try --processor gemini")
    assert lines[6].startswith("5 files (2 complete, 1 incomplete, 2 failed): 6 pages in ")
    assert "[4/5] a.pdf: 3 pages, 1 chunk\n" in done.stderr
    assert texts(tmp_path / "out/a.json") == sentences(2)
    assert texts(tmp_path / "out/a-2.json") == sentences(3)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.json", "a-2.json", "c.json"}


def test_the_summary_of_several_files_can_be_read_by_a_program(tmp_path: Path) -> None:
    pdfs.write_numbered(tmp_path / "a.pdf", 2)
    write_scan(tmp_path / "b.pdf", 1, readable=1)

    done = pdfjob("run", "a.pdf", "b.pdf", "none.pdf", "--json", cwd=tmp_path)

    summary = json.loads(done.stdout)
    assert [(it["file"], it["exitCode"]) for it in summary["files"]] == [("a.pdf", 0), ("b.pdf", 0), ("none.pdf", 1)]
    assert [it.get("output") for it in summary["files"]] == ["a.json", "b.json", None]
    assert summary["files"][1]["warnings"][0].startswith("Page 1 has no text layer")
    assert summary["files"][2]["failure"]["reason"] == "SourceNotFound"
    assert done.returncode == 1


def test_several_outputs_do_not_go_to_stdout(tmp_path: Path) -> None:
    done = pdfjob("run", "a.pdf", "b.pdf", "-o", "-", cwd=tmp_path)

    assert done.returncode == 2
    assert "several outputs cannot be written to stdout" in " ".join(done.stderr.replace("│", " ").split())
