"""Options of `pdfjob run`, and wrong ones."""

import json
import subprocess
from pathlib import Path

import pytest

from integration.command_line.program import PDFJOB, pdfjob
from sizes import cases
from tools.documents import pdfs


WRONG_USAGE = {
    "Missing argument 'FILE'": ["run"],
    "should be greater than or equal to 1": ["run", "a.pdf", "--workers", "0"],
    "unable to parse string as an integer": ["run", "a.pdf", "--pages-per-chunk", "none"],
    "text": ["run", "a.pdf", "--processor", "magic"],
    "does not exist": ["run", "a.pdf", "-o", "no/such/folder.json"],
    "is not a folder": ["run", "a.pdf", "-o", "a.pdf/"],
    "would overwrite the source": ["run", "a.pdf", "-o", "a.pdf"],
    "--json and --resume cannot be used": ["run", "a.pdf", "-o", "-", "--json"],
    "is not a regular file": ["run", "a.pdf", "-o", "/dev/null"],
    "File name too long": ["run", "a.pdf", "-o", "x" * 300],
    "No such command": ["walk"],
}
ONE_OF_EACH_PART = ["Missing argument 'FILE'", "would overwrite the source", "--json and --resume cannot be used"]
"""One that typer finds, one about a path, and one about options that exclude each other."""


@pytest.mark.parametrize("message", cases(WRONG_USAGE, quick=ONE_OF_EACH_PART))
def test_wrong_usage_is_said_so(tmp_path: Path, message: str) -> None:
    pdfs.write_numbered(tmp_path / "a.pdf", 1)

    done = pdfjob(*WRONG_USAGE[message], cwd=tmp_path)

    assert done.returncode == 2
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_of_a_selection_only_the_selected_pages_come_out(tmp_path: Path) -> None:
    pdfs.write_numbered(tmp_path / "a.pdf", 9)

    done = pdfjob("run", "a.pdf", "--pages", "2-3,8-", "--pages-per-chunk", 3, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "a.json").read_text())
    assert (found["ledger"]["ok"], found["ledger"]["skipped"]) == ("2-3,8-9", "1,4-7")
    assert [entry["pages"] for entry in found["sentences"]] == [[2, 2], [3, 3], [8, 8], [9, 9]]


def test_pages_that_the_source_does_not_have_are_said_so(tmp_path: Path) -> None:
    pdfs.write_numbered(tmp_path / "a.pdf", 9)

    done = pdfjob("run", "a.pdf", "--pages", "1-10", cwd=tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith("PagesOutOfRange: ")
    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]


def test_running_headers_are_left_out_with_a_word_or_kept(tmp_path: Path) -> None:
    pages = [[f"The Sales of the Year {page}", "", *pdfs.sales(page)] for page in range(1, 5)]
    pdfs.write_pages(tmp_path / "a.pdf", pages)

    dropped = pdfjob("run", "a.pdf", "--format", "jsonl", cwd=tmp_path)
    kept = pdfjob("run", "a.pdf", "--format", "markdown", "--running-lines", "keep", cwd=tmp_path)

    assert "left out: 4 lines of running headers and footers: --running-lines keep keeps them" in dropped.stdout
    assert "left out" not in kept.stdout
    assert "The Sales" not in (tmp_path / "a.jsonl").read_text()
    assert (tmp_path / "a.md").read_text().count("The Sales of the Year") == 4


NAMES = {"jsonl": "a.jsonl", "markdown": "a.md"}


@pytest.mark.parametrize("form", cases(NAMES, quick=["markdown"]))
def test_another_format_holds_the_same_sentences(tmp_path: Path, form: str) -> None:
    name = NAMES[form]
    pdfs.write_numbered(tmp_path / "a.pdf", 5)

    done = pdfjob("run", "a.pdf", "--format", form, "--pages-per-chunk", 2, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    text = (tmp_path / name).read_text()
    at = [text.index(f"This is page {number} of the book.") for number in range(1, 6)]
    assert sorted(at) == at
    assert {path.name for path in tmp_path.iterdir()} == {"a.pdf", name}


PASSWORDS = {"": (1, "PasswordRequired: "), "sw0rdfish": (1, "WrongPassword: "), "swordfish": (0, "")}


@pytest.mark.parametrize("password", cases(PASSWORDS, quick=["sw0rdfish", "swordfish"]))
def test_an_encrypted_file_opens_with_its_password(tmp_path: Path, password: str) -> None:
    code, said = PASSWORDS[password]
    pdfs.write_pages(tmp_path / "a.pdf", [["This is a secret."]], password="swordfish")
    (tmp_path / "password").write_text(f"{password}\n")
    options = ["--password-file", "password"] if password else []

    done = pdfjob("run", "a.pdf", *options, cwd=tmp_path)

    assert (done.returncode, (tmp_path / "a.json").exists()) == (code, code == 0)
    assert said in done.stderr
    assert "rdfish" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", cases(["--version", "version"], quick=["--version"]))
def test_the_version_is_printed(command: str) -> None:
    done = subprocess.run([*PDFJOB, command], capture_output=True, text=True, check=True)

    assert done.stdout.count(".") == 2
