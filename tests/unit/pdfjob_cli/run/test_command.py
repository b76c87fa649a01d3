"""The options of `pdfjob run`. The run itself is tested in `integration/command_line`."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from builders import REPORT_WITH_FAILED_PAGES, make_merged
from chunk_runner.contract.job_spec import OUTPUTS, RUNNING_LINES, JobSpec
from chunk_runner.contract.report import Report
from pdfjob_cli.app import app
from pdfjob_cli.run import local_runner
from pdfjob_cli.run.job import Format, RunningLines


class Run:
    """Stands in for the run: it keeps what it was asked for."""

    spec: JobSpec
    output: Path
    password: str | None
    report = Report(pages=64, chunks=3, merged=make_merged(ledger={"ok": 64}))

    def __call__(self, spec: JobSpec, _: Path, output: Path, *, password: str | None, **__: Any) -> Report:
        self.spec, self.output, self.password = spec, output, password
        output.write_text("the output")
        return self.report


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(local_runner, "run", asked := Run())
    return asked


def pdfjob(*arguments: str, stdin: bytes | None = None) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["run", *arguments], input=stdin)
    return done.exit_code, done.stdout, " ".join(done.stderr.replace("│", " ").split())


def test_a_run_without_options_is_a_pdfjob_without_options(run: Run) -> None:
    assert pdfjob("book.pdf")[0] == 0

    assert run.spec == JobSpec(path="book.pdf")
    assert (run.output, run.password) == (Path("book.json"), None)


@pytest.mark.parametrize("pages", ["7", "1-120,130-", "-20"])
def test_pages_and_language_are_passed_on(run: Run, pages: str) -> None:
    assert pdfjob("book.pdf", "--pages", pages, "--language", "fr")[0] == 0

    assert (run.spec.pages, run.spec.language) == (pages, "fr")


@pytest.mark.parametrize(("name", "output"), [("json", "book.json"), ("jsonl", "book.jsonl"), ("markdown", "book.md")])
def test_each_format_has_its_own_ending(run: Run, name: str, output: str) -> None:
    assert pdfjob("book.pdf", "--format", name)[0] == 0

    assert (run.spec.format, run.output) == (name, Path(output))


def test_running_lines_are_kept_on_request(run: Run) -> None:
    assert pdfjob("book.pdf", "--running-lines", "keep")[0] == 0

    assert run.spec == JobSpec(path="book.pdf", running_lines="keep")


def test_every_value_of_a_job_can_be_asked_for() -> None:
    assert [it.value for it in Format] == list(OUTPUTS)
    assert tuple(it.value for it in RunningLines) == RUNNING_LINES


@pytest.mark.parametrize("text", ["s3 crét", "s3 crét\n", "s3 crét\r\nanother line"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_password_is_the_first_line_of_its_file(run: Run, tmp_path: Path, text: str, encoding: str) -> None:
    (tmp_path / "password").write_bytes(text.encode(encoding))

    assert pdfjob("book.pdf", "--password-file", "password")[0] == 0
    assert run.password == "s3 crét"
    assert pdfjob("book.pdf", "--password-file", "-", stdin=text.encode(encoding))[0] == 0
    assert run.password == "s3 crét"


@pytest.mark.parametrize("options", [[], ["--json"], ["-o", "-"]])
def test_the_password_is_never_printed(run: Run, tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "password").write_text("s3cret")

    code, out, err = pdfjob("book.pdf", "--password-file", "password", *options)

    assert (code, run.password) == (0, "s3cret")
    assert "s3cret" not in out + err


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pages", "one"], "“one” selects no pages"),
        (["--pages", "9-3"], "ranges are ascending"),
        (["--pages", "0"], "the first page is 1"),
        (["--pages", ""], "selects no pages"),
        (["--language", "french"], "two lowercase letters"),
        (["--language", "FR"], "two lowercase letters"),
        (["--running-lines", "hide"], "is not one of 'drop', 'keep'"),
        (["--format", "html"], "is not one of 'json', 'jsonl', 'markdown'"),
        (["--password-file", "none"], "No such file"),
        (["--password-file", "."], "Is a directory"),
        (["--password-file", "empty"], "the first line is empty: write the password there"),
        (["--password-file", "binary"], "not UTF-8 text"),
        (["--password-file", "bom"], "the first line is empty: write the password there"),
        (["--password-file", "-"], "the first line is empty: write the password there"),
        (["-", "--password-file", "-"], "only one FILE, password or API key can come from stdin"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_opened(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "empty").write_text("\nsecond line")
    (tmp_path / "binary").write_bytes(b"s3cret\xff\n")
    (tmp_path / "bom").write_bytes(b"\xef\xbb\xbf\n")

    code, out, err = pdfjob("book.pdf", *arguments)

    assert (code, out) == (2, "")
    assert message in err
    assert "s3cret" not in err


def test_with_the_output_on_stdout_they_are_told_on_stderr(run: Run) -> None:
    run.report = REPORT_WITH_FAILED_PAGES

    code, out, err = pdfjob("book.pdf", "-o", "-")

    assert (code, out) == (3, "the output")
    assert "failed: pages 7,12: PageUnreadable" in err
    assert "warning: The file was damaged, and repaired." in err
