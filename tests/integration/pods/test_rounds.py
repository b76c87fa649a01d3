"""Rounds of some chunks only: what a retry runs, what it keeps, and what it says of memory."""

import json
import shutil
from pathlib import Path

import pytest

from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.workspace.files import Workspace
from integration.pods.job import LEFT, pods_with_book
from integration.pods.test_sources import lose_first_page
from processes.pods import Pods
from tools.documents import pdfs


SPEC = JobSpec(path="book.pdf", pages_per_chunk=2)


@pytest.fixture(scope="module")
def folder_of_partial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The volume and the workspace of a job of five chunks, merged without chunks 1 and 3, to be copied."""
    folder = tmp_path_factory.mktemp("partial")
    pods = pods_with_book(folder, 10)
    pods.prepare(SPEC)
    for index in (1, 3):
        (pods.workspace / "chunks" / f"{index:05}.pdf").write_text("spoilt")
    for index in range(5):
        pods.process(index)
    assert pods.run("merge")[0] == 0
    return folder


@pytest.fixture
def partial(tmp_path: Path, folder_of_partial: Path) -> Pods:
    """A job of five chunks, merged without chunks 1 and 3, whose PDFs were spoilt."""
    shutil.copytree(folder_of_partial, tmp_path, dirs_exist_ok=True)
    return Pods(tmp_path / "volume", tmp_path / "workspace")


def test_prepare_says_what_is_to_be_done_and_splits_nothing_else(partial: Pods) -> None:
    _, report = partial.prepare(SPEC)

    assert (report.chunks, report.todo) == (5, "1,3")
    assert {name for name in partial.files() if name.startswith("chunks/")} == {"chunks/00001.pdf", "chunks/00003.pdf"}


def test_a_retry_runs_the_failed_chunks_and_keeps_every_other_result(partial: Pods) -> None:
    kept = {name: (partial.workspace / name).read_bytes() for name in partial.files() if name.startswith("results/")}
    partial.prepare(SPEC)

    for index in range(2):
        assert partial.run("process", JOB_COMPLETION_INDEX=str(index), PDFJOB_CHUNKS="1,3")[0] == 0
    assert {name: (partial.workspace / name).read_bytes() for name in kept} == kept
    _, report = partial.run("merge")

    assert report.merged is not None
    assert (report.merged.failed, report.merged.sentences, report.merged.ledger["ok"]) == (0, 10, 10)
    assert partial.files() == {"output.json", "report.json"}
    output = json.loads((partial.workspace / "output.json").read_text())
    assert [it["text"] for it in output["sentences"]] == [f"This is page {page} of the book." for page in range(1, 11)]


def test_a_job_that_another_version_prepared_is_prepared_again_and_keeps_its_results(partial: Pods) -> None:
    """An upgrade between two stages: its results are those of this version, too."""
    workspace = Workspace(partial.workspace, "test")
    manifest, _ = workspace.read_document("manifest.json")
    workspace.write_document("manifest.json", {**manifest, "version": manifest["version"] - 1})
    before = partial.files()

    for code, report in (partial.run("merge"), partial.process(1)):
        assert (code, report.failure and report.failure.reason) == (ExitCode.UNEXPECTED, "ResultCorrupt")
        assert report.failure is not None
        assert report.failure.message == "manifest.json was written by another version."
    assert partial.files() == before
    _, report = partial.run("prepare", PDFJOB_SPEC=SPEC.dumps(), PDFJOB_ROUND="1")

    assert (report.chunks, report.todo) == (5, "1,3")


def test_an_index_beyond_the_round_is_refused(partial: Pods) -> None:
    code, report = partial.run("process", JOB_COMPLETION_INDEX="2", PDFJOB_CHUNKS="1,3")

    assert code == ExitCode.USAGE
    assert report.failure is not None


def test_another_file_than_before_is_refused_and_nothing_is_lost(partial: Pods) -> None:
    before = partial.files()
    pdfs.write_numbered(partial.volume / "book.pdf", 11)

    code, report = partial.prepare(SPEC)

    assert code == ExitCode.SOURCE
    assert report.failure is not None
    assert report.failure.reason == "SourceChanged"
    assert partial.files() == before


def test_merge_tells_which_chunks_ran_out_of_memory(partial: Pods) -> None:
    _, report = partial.run("merge", PDFJOB_OUT_OF_MEMORY="3")

    assert report.merged is not None
    assert [(it.index, it.reason) for it in report.merged.failed_chunks] == [(1, "ChunkUnreadable"), (3, "OutOfMemory")]


def test_the_peak_memory_of_the_chunks_is_summed_up(partial: Pods) -> None:
    workspace = Workspace(partial.workspace, "test")
    results = {index: workspace.read_document(f"results/{index:05}.result")[0] for index in (0, 2, 4)}
    peaks = {index: result["figures"]["peakMemoryBytes"] for index, result in results.items()}

    _, report = partial.run("merge")

    assert report.merged is not None
    memory = report.merged.memory
    assert memory is not None
    assert memory.peak == max(peaks.values()) == peaks[memory.peak_chunk]
    assert memory.mean == sum(peaks.values()) // 3


@pytest.mark.parametrize("pages_per_chunk", [30, 2])
def test_a_retry_whose_source_is_gone_keeps_the_finished_output(pods: Pods, pages_per_chunk: int) -> None:
    """A page that cannot be read leaves nothing to retry: the output is final, and the manifest gone."""
    spec = JobSpec(path="damaged.pdf", pages_per_chunk=pages_per_chunk)
    lose_first_page(pdfs.write_numbered(pods.volume / "damaged.pdf", 4))
    _, prepared = pods.prepare(spec)
    for index in range(prepared.chunks or 0) if prepared.merged is None else ():
        pods.process(index)
    merged = prepared if prepared.merged is not None else pods.run("merge")[1]
    before = {name: (pods.workspace / name).read_bytes() for name in pods.files()}
    assert {*before} == LEFT
    (pods.volume / "damaged.pdf").unlink()

    code, report = pods.run("prepare", PDFJOB_SPEC=spec.dumps(), PDFJOB_ROUND="1")

    assert (code, report.failure and report.failure.reason) == (ExitCode.SOURCE, "SourceNotFound")
    assert {name: (pods.workspace / name).read_bytes() for name in pods.files()} == before
    assert pods.run("merge", PDFJOB_UNFINISHED_REASON="SourceNotFound")[1].merged == merged.merged


@pytest.mark.parametrize("bad", [JobSpec("book.pdf", pages="90-"), JobSpec("book.pdf", processor={"name": "none"})])
def test_a_prepare_that_fails_removes_nothing_that_it_has_not_written(partial: Pods, bad: JobSpec) -> None:
    (partial.workspace / "manifest.json").unlink()
    before = partial.files()

    assert partial.prepare(bad)[0] in (ExitCode.SOURCE, ExitCode.CONFIGURATION)

    assert partial.files() == before


def test_a_prepare_that_fails_while_it_splits_keeps_what_was_there(partial: Pods) -> None:
    before = partial.files()
    (partial.workspace / "chunks" / ".00003.pdf.me.tmp").mkdir(parents=True)  # so the second PDF cannot be written

    code, report = partial.run("prepare", PDFJOB_SPEC=SPEC.dumps(), PDFJOB_ATTEMPT="me")

    assert code == ExitCode.WORKSPACE
    assert report.failure is not None
    assert "Cannot write to the workspace" in report.failure.message
    assert partial.files() == before
