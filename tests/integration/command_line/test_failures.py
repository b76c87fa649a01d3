"""Runs in which something fails: a chunk, a worker, the start, or another run with the same output."""

import json
import signal
from pathlib import Path

import psutil
import pytest

from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.errors import SourceError
from chunk_runner.workspace.manifest import Chunk
from integration.command_line.program import pdfjob, start
from pdfjob_cli.run import local_runner
from pdfjob_cli.run.outputs import workspace_of
from processes.running import Running, descendants, until
from tools.documents import pdfs


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
