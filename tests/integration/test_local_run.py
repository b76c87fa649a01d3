"""`pdfjob run` as people use it: a real process, a real PDF, real interruptions."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.errors import SourceError
from chunk_runner.workspace.manifest import Chunk
from pdfjob_cli.run import local_runner
from pdfjob_cli.run.outputs import workspace_of
from processes import PATIENCE_SECONDS, Running, descendants, start_pdfjob, until
from sizes import cases
from tools.documents import pdfs


SAMPLES = Path(__file__).parents[2] / "samples"


def pdfjob(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pdfjob_cli", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)


def test_the_sample_comes_out_sentence_by_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(SAMPLES), *sys.path])
    import lighthouse  # type: ignore[import-not-found]  # noqa: PLC0415 (it lies beside its PDF, not on the path)

    done = pdfjob("run", SAMPLES / "lighthouse.pdf", cwd=tmp_path)

    assert done.returncode == 0
    assert "47 pages, 1,203 sentences" in done.stdout
    found = json.loads((tmp_path / "lighthouse.json").read_text())
    assert [entry["text"] for entry in found["sentences"]] == lighthouse.sentences()
    assert found["ledger"]["ok"] == "1-47"
    assert [path.name for path in tmp_path.iterdir()] == ["lighthouse.json"]


def test_the_summary_can_be_read_by_a_program(tmp_path: Path) -> None:
    pdfs.write_numbered(tmp_path / "a.pdf", 5)

    done = pdfjob("run", "a.pdf", "--json", "--pages-per-chunk", 2, cwd=tmp_path)

    summary = json.loads(done.stdout)
    assert (summary["pages"], summary["sentences"], summary["output"]) == (5, 5, "a.json")
    assert summary["ledger"]["ok"] == 5
    assert summary["bytes"] == (tmp_path / "a.json").stat().st_size


def test_the_output_can_go_to_stdout(tmp_path: Path) -> None:
    pdfs.write_numbered(tmp_path / "a.pdf", 5)
    pdfjob("run", "a.pdf", "-o", "file.json", cwd=tmp_path)

    done = pdfjob("run", "a.pdf", "-o", "-", cwd=tmp_path)

    assert done.stdout == (tmp_path / "file.json").read_text()


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "Missing argument 'FILE'"),
        (["run", "a.pdf", "--workers", "0"], "should be greater than or equal to 1"),
        (["run", "a.pdf", "--pages-per-chunk", "none"], "unable to parse string as an integer"),
        (["run", "a.pdf", "--processor", "magic"], "text"),
        (["run", "a.pdf", "-o", "no/such/folder.json"], "does not exist"),
        (["run", "a.pdf", "-o", "a.pdf/"], "is not a folder"),
        (["run", "a.pdf", "-o", "a.pdf"], "would overwrite the source"),
        (["run", "a.pdf", "-o", "-", "--json"], "--json and --resume cannot be used"),
        (["run", "a.pdf", "-o", "/dev/null"], "is not a regular file"),
        (["run", "a.pdf", "-o", "x" * 300], "File name too long"),
        (["walk"], "No such command"),
    ],
)
def test_wrong_usage_is_said_so(tmp_path: Path, arguments: list[str], message: str) -> None:
    pdfs.write_numbered(tmp_path / "a.pdf", 1)

    done = pdfjob(*arguments, cwd=tmp_path)

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


@pytest.mark.parametrize(("form", "name"), [("jsonl", "a.jsonl"), ("markdown", "a.md")])
def test_another_format_holds_the_same_sentences(tmp_path: Path, form: str, name: str) -> None:
    pdfs.write_numbered(tmp_path / "a.pdf", 5)

    done = pdfjob("run", "a.pdf", "--format", form, "--pages-per-chunk", 2, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    text = (tmp_path / name).read_text()
    at = [text.index(f"This is page {number} of the book.") for number in range(1, 6)]
    assert sorted(at) == at
    assert {path.name for path in tmp_path.iterdir()} == {"a.pdf", name}


@pytest.mark.parametrize(
    ("password", "code", "said"),
    [
        (None, 1, "PasswordRequired: "),
        ("sw0rdfish", 1, "WrongPassword: "),
        ("swordfish", 0, ""),
    ],
    ids=["none", "the wrong one", "the right one"],
)
def test_an_encrypted_file_opens_with_its_password(tmp_path: Path, password: str | None, code: int, said: str) -> None:
    pdfs.write_pages(tmp_path / "a.pdf", [["This is a secret."]], password="swordfish")
    (tmp_path / "password").write_text(f"{password}\n")
    options = [] if password is None else ["--password-file", "password"]

    done = pdfjob("run", "a.pdf", *options, cwd=tmp_path)

    assert (done.returncode, (tmp_path / "a.json").exists()) == (code, code == 0)
    assert said in done.stderr
    assert "rdfish" not in done.stdout + done.stderr


NAMES = ["[red]a.pdf", "a\nb.pdf", "é“.pdf", "x" * 250 + ".pdf", b"\xff.pdf"]


@pytest.mark.parametrize("name", cases(NAMES, quick=["a\nb.pdf", b"\xff.pdf"]))
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


class Looker:
    """An observer that looks at what prepare left."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self.found: set[str] = set()

    def prepared(self, pages: int, chunks: int, done: int) -> None:
        assert pages >= chunks > done >= 0
        self.found = {str(it.relative_to(self._workspace)) for it in self._workspace.rglob("*") if it.is_file()}

    def advanced(self, pages: int) -> None:
        assert pages >= 0

    def finished(self, chunk: Chunk, problem: str | None) -> None:
        assert problem is None, chunk

    def stopping(self) -> None:
        raise AssertionError


def test_the_source_is_read_itself_and_no_copy_is_made(tmp_path: Path) -> None:
    source, out = pdfs.write_numbered(tmp_path / "a.pdf", 9), tmp_path / "a.json"
    looker = Looker(workspace_of(out))

    local_runner.run(JobSpec("a.pdf", pages_per_chunk=3), source, out, workers=2, resume=False, observer=looker)

    assert looker.found == {"manifest.json"}
    assert len(json.loads(out.read_text())["sentences"]) == 9


class Spoiler:
    """An observer that overwrites a chunk's PDF before it is processed."""

    def __init__(self, workspace: Path, index: int) -> None:
        self._chunk = workspace / "chunks" / f"{index:05}.pdf"
        self.finished_chunks: list[int] = []

    def prepared(self, pages: int, chunks: int, done: int) -> None:
        assert pages >= chunks > done >= 0
        self._chunk.write_text("spoilt")

    def advanced(self, pages: int) -> None:
        assert pages >= 0

    def finished(self, chunk: Chunk, problem: str | None) -> None:
        assert problem is None or "altered" in problem
        self.finished_chunks.append(chunk.index)

    def stopping(self) -> None:
        raise AssertionError


def write_encrypted(path: Path, pages: int) -> Path:
    """A source that opens without a password, but whose chunks are PDFs of their own all the same."""
    return pdfs.write_pages(path, [[f"This is page {number}."] for number in range(1, pages + 1)], password="")


def test_a_failed_chunk_leaves_a_gap_and_a_later_run_mends_it(tmp_path: Path) -> None:
    source, out = write_encrypted(tmp_path / "a.pdf", 9), tmp_path / "a.json"
    spec = JobSpec("a.pdf", pages_per_chunk=3)
    spoiler = Spoiler(workspace_of(out), 1)

    report = local_runner.run(spec, source, out, workers=2, resume=False, observer=spoiler)

    assert report.merged is not None
    assert (report.merged.failed, report.merged.failed_pages) == (1, "4-6")
    assert sum("gap" in entry for entry in json.loads(out.read_text())["sentences"]) == 1
    assert sorted(spoiler.finished_chunks) == [0, 1, 2]

    done = pdfjob("run", "a.pdf", "--pages-per-chunk", 3, "--resume", cwd=tmp_path)

    assert done.returncode == 0
    assert "6 pages reused" in done.stderr
    assert json.loads(out.read_text())["failedChunks"] == []
    assert not workspace_of(out).exists()


def test_a_run_that_fails_before_it_begins_keeps_what_an_earlier_one_has_left(tmp_path: Path) -> None:
    source, out = write_encrypted(tmp_path / "a.pdf", 9), tmp_path / "a.json"
    workspace = workspace_of(out)
    local_runner.run(
        JobSpec("a.pdf", pages_per_chunk=3), source, out, workers=2, resume=False, observer=Spoiler(workspace, 1)
    )
    before = {path for path in workspace.rglob("*") if path.is_file()}
    assert workspace / "results" / "00000.result" in before

    with pytest.raises(SourceError):
        local_runner.run(
            JobSpec("a.pdf", pages="90-"), source, out, workers=2, resume=True, observer=Spoiler(workspace, 1)
        )

    assert {path for path in workspace.rglob("*") if path.is_file()} == before


@pytest.fixture
def long_book(tmp_path: Path) -> Path:
    """A book that takes seconds, in chunks that take a moment each."""
    return pdfs.write_prose(tmp_path / "long.pdf", [f"Sentence {number} of a long book." for number in range(60_000)])


def start(book: Path, *options: str) -> Running:
    return start_pdfjob("run", book.name, "--workers", "2", *options, cwd=book.parent)


def test_ctrl_c_stops_cleanly_and_resume_goes_on(long_book: Path) -> None:
    workspace = workspace_of(long_book.with_suffix(".json"))
    with start(long_book, "--pages-per-chunk", "2") as process:
        until((workspace / "results" / "00000.result").exists)
        process.send_signal(signal.SIGSTOP)  # or it might be done before it is interrupted
        started = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        code = process.wait()

    assert (code, process.out) == (130, "")
    assert "continue with --resume" in process.err
    assert "Traceback" not in process.err
    until(lambda: not any(it.is_running() for it in started))
    kept = {path.name: path.stat().st_mtime_ns for path in (workspace / "results").iterdir()}
    assert kept

    with start(long_book, "--pages-per-chunk", "2", "--resume") as process:
        until(lambda: (workspace / "manifest.json").stat().st_mtime_ns > max(kept.values()))
        still = {name: (workspace / "results" / name).stat().st_mtime_ns for name in kept}
        code = process.wait()

    assert code == 0
    assert still == kept
    assert "pages reused" in process.err
    fresh = pdfjob("run", "long.pdf", "-o", "fresh.json", cwd=long_book.parent)
    assert fresh.returncode == 0
    assert (long_book.parent / "fresh.json").read_bytes() == (long_book.parent / "long.json").read_bytes()
    assert {path.name for path in long_book.parent.iterdir()} == {"long.pdf", "long.json", "fresh.json"}


def worker_of(process: Running) -> psutil.Process:
    """The one worker of a run: its parent is the server that forks; what it started itself reads PDFs."""
    server_of = {it.pid: it.ppid() for it in descendants(process.pid)}
    (worker,) = [pid for pid, parent in server_of.items() if server_of.get(parent) == process.pid]
    return psutil.Process(worker)


def test_a_worker_that_is_killed_costs_its_chunk_and_no_other(long_book: Path) -> None:
    workspace = workspace_of(long_book.with_suffix(".json"))
    with start(long_book, "--pages-per-chunk", "400", "--workers", "1") as process:
        until((workspace / "attempts" / "00000.jsonl").exists)
        worker_of(process).kill()
        code = process.wait()

    assert code == 3, process.err
    assert "pages 1-400: Crashed" in process.out
    assert "Traceback" not in process.err


def test_a_second_run_with_the_same_output_is_turned_away(long_book: Path) -> None:
    workspace = workspace_of(long_book.with_suffix(".json"))
    with start(long_book) as first:
        until((workspace / "manifest.json").exists)
        first.send_signal(signal.SIGSTOP)  # or it might be done before the second one begins
        second = pdfjob("run", "long.pdf", cwd=long_book.parent)
        first.send_signal(signal.SIGCONT)
        code = first.wait()

    assert second.returncode == 1
    assert "Another run is writing long.json" in second.stderr
    assert code == 0
