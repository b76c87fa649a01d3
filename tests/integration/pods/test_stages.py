"""Prepare, chunks and merge, one after the other and again: what they leave, and what they report."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from chunk_runner.contract import report_json
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.report import Failure, Report
from chunk_runner.errors import LedgerError
from chunk_runner.sandbox import confinement
from chunk_runner.stages.merge import merge
from chunk_runner.workspace.files import Workspace
from chunk_runner.workspace.manifest import Manifest
from integration.pods.job import LEFT, SPEC, attempts, flip, output
from processes.pods import Pods


UNFINISHED = Failure("JobStopped", "The job was stopped.")


def test_three_stages_leave_nothing_but_the_output_and_the_report(prepared: Pods) -> None:
    chunks = {f"chunks/{index:05}.pdf" for index in range(3)}
    assert prepared.files() == {"manifest.json"} | chunks

    for index in range(3):
        assert prepared.process(index)[0] == 0
        assert f"chunks/{index:05}.pdf" not in prepared.files()
    code, report = prepared.run("merge")

    assert code == 0
    assert report.merged is not None
    assert (report.merged.sentences, report.merged.failed, report.merged.ledger["ok"]) == (9, 0, 9)
    assert prepared.files() == LEFT
    assert report_json.loads((prepared.workspace / "report.json").read_text()) == report
    assert output(prepared)["sentences"] == [
        {"text": f"This is page {page} of the book.", "pages": [page, page]} for page in range(1, 10)
    ]


def test_whoever_prepares_or_merges_says_how_full_the_volume_is(pods: Pods) -> None:
    pods.prepare(SPEC)
    told = [pods.volume_seen]
    pods.run("merge")
    told.append(pods.volume_seen)

    size = shutil.disk_usage(pods.workspace).total
    assert [it and it.bytes for it in told] == [size, size]
    assert all(it and 0 < it.free < it.bytes for it in told)


def test_who_opens_documents_says_which_protections_the_node_has(prepared: Pods) -> None:
    sentence = confinement.offered()

    prepared.process(0)
    assert sentence in prepared.log
    prepared.run("merge")
    assert sentence not in prepared.log


def test_who_fails_says_how_full_the_volume_is_too(pods: Pods) -> None:
    """A volume that is full makes stages fail."""
    code, _ = pods.prepare(JobSpec(path="missing.pdf"))

    assert code == ExitCode.SOURCE
    assert pods.volume_seen is not None


def test_a_merge_that_finds_its_output_altered_removes_nothing(prepared: Pods) -> None:
    for index in range(3):
        prepared.process(index)
    result = (prepared.workspace / "results" / "00000.result").read_bytes()
    prepared.run("merge")
    (prepared.workspace / "results").mkdir()
    (prepared.workspace / "results" / "00000.result").write_bytes(result)
    flip(prepared.workspace / "output.json")

    prepared.run("merge")

    assert prepared.files() == LEFT | {"results/00000.result"}


def test_an_output_stays_where_the_report_beside_it_was_altered(pods: Pods) -> None:
    pods.prepare(JobSpec(path="book.pdf"))
    (pods.workspace / "report.json").write_text("{}")

    code, report = pods.run("merge")

    assert code == ExitCode.UNEXPECTED
    assert report.failure is not None
    assert report.failure.reason == "ResultCorrupt"
    assert pods.files() == LEFT


def test_one_chunk_is_done_by_the_prepare_pod_alone(pods: Pods) -> None:
    code, report = pods.prepare(JobSpec(path="book.pdf"))

    assert (code, report.chunks) == (0, 1)
    assert report.merged is not None
    assert pods.files() == LEFT


def test_a_prepare_pod_whose_report_was_lost_is_simply_run_again(pods: Pods) -> None:
    first = pods.prepare(JobSpec(path="book.pdf"))
    assert first[1].merged is not None

    assert pods.prepare(JobSpec(path="book.pdf")) == first


def test_a_merge_pod_whose_report_was_lost_is_simply_run_again(prepared: Pods) -> None:
    for index in range(3):
        prepared.process(index)
    first = prepared.run("merge")
    assert first[1].merged is not None

    assert prepared.run("merge") == first


def spoil_contents(path: Path) -> None:
    """Nothing that is drawn on any page can be decoded any more."""
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        for page in pdf.pages:
            page.Contents = pdf.make_stream(b"")
            page.Contents.write(b"not deflated", filter=pikepdf.Name.FlateDecode)
        pdf.save(path)


def test_a_merge_that_found_no_page_to_be_read_says_so_again_when_it_is_run_again(pods: Pods) -> None:
    spoil_contents(pods.volume / "book.pdf")
    pods.prepare(SPEC)
    for index in range(3):
        assert pods.process(index)[0] == 0
    first = pods.run("merge")

    assert first[1].failure is not None
    assert first[1].failure.reason == "PageUnreadable"
    assert pods.run("merge") == first
    assert not any(name.startswith(("chunks/", "output")) for name in pods.files())


def test_a_chunk_with_a_result_is_not_computed_again(prepared: Pods) -> None:
    prepared.process(1)
    result = prepared.workspace / "results" / "00001.result"
    before = result.stat().st_mtime_ns, (prepared.workspace / "attempts" / "00001.jsonl").read_text()

    assert prepared.process(1)[0] == 0

    assert (result.stat().st_mtime_ns, (prepared.workspace / "attempts" / "00001.jsonl").read_text()) == before


def test_every_attempt_leaves_its_figures(prepared: Pods) -> None:
    prepared.process(2)

    started, ended = attempts(prepared, 2)
    assert (started["event"], ended["event"], started["attempt"]) == ("started", "ok", ended["attempt"])
    assert ended["seconds"] > 0
    assert ended["peakMemoryBytes"] > 1_000_000


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def swap(path: Path) -> None:
    path.write_bytes((path.parent / "00000.result").read_bytes())


@pytest.mark.parametrize("damage", [flip, truncate, swap])
def test_a_damaged_result_is_never_merged(prepared: Pods, damage: Callable[[Path], None]) -> None:
    for index in range(3):
        prepared.process(index)
    damage(prepared.workspace / "results" / "00001.result")

    code, report = prepared.run("merge")

    assert code == 0
    assert report.merged is not None
    (failed,) = report.merged.failed_chunks
    assert (failed.index, failed.pages, failed.reason) == (1, "4-6", "ResultCorrupt")
    assert report.merged.failed_pages == "4-6"


def test_a_damaged_result_is_computed_again_when_its_chunk_is_still_there(prepared: Pods) -> None:
    chunk = prepared.workspace / "chunks" / "00001.pdf"
    data = chunk.read_bytes()
    prepared.process(1)
    chunk.write_bytes(data)
    flip(prepared.workspace / "results" / "00001.result")

    assert prepared.process(1)[0] == 0

    content, _ = Workspace(prepared.workspace, "test").read_document("results/00001.result")
    assert content["index"] == 1
    assert not chunk.exists()


def test_a_damaged_chunk_fails_for_good_with_a_reason(prepared: Pods) -> None:
    flip(prepared.workspace / "chunks" / "00002.pdf")

    code, report = prepared.process(2)

    assert code == ExitCode.CHUNK
    assert report.failure is not None
    assert report.failure.reason == "ChunkUnreadable"


def test_a_manifest_that_leaves_a_page_out_is_no_success(prepared: Pods) -> None:
    for index in range(3):
        prepared.process(index)
    workspace = Workspace(prepared.workspace, "attempt-1")
    manifest = Manifest.read(workspace)
    replace(manifest, chunks=manifest.chunks[:2]).write(workspace)

    with pytest.raises(LedgerError, match="6 entries for 9 pages"):
        merge(workspace, UNFINISHED)

    assert not (prepared.workspace / "output.json").exists()


def test_chunks_that_all_fail_leave_no_output(prepared: Pods) -> None:
    for index in range(3):
        flip(prepared.workspace / "chunks" / f"{index:05}.pdf")
        prepared.process(index)

    code, report = prepared.run("merge")

    assert code == 0
    assert report.failure is not None
    assert (report.failure.reason, report.merged and report.merged.output) == ("ChunkUnreadable", None)
    assert not any(name.startswith(("chunks/", "output")) for name in prepared.files())


def test_merge_records_why_chunks_were_never_finished(prepared: Pods) -> None:
    prepared.process(0)

    _, report = prepared.run("merge", PDFJOB_UNFINISHED_REASON="DeadlineExceeded")

    assert report.merged is not None
    assert [chunk.reason for chunk in report.merged.failed_chunks] == ["DeadlineExceeded"] * 2


def test_merge_without_a_manifest_cleans_up(pods: Pods) -> None:
    (pods.workspace / "chunks").mkdir()
    (pods.workspace / "chunks" / ".00000.pdf.x.tmp").write_text("left by a prepare that was killed")

    code, report = pods.run("merge", PDFJOB_UNFINISHED_REASON="DeadlineExceeded")

    assert code == 0
    assert report.failure is not None
    assert report.failure.reason == "DeadlineExceeded"
    assert pods.files() == set()


def test_a_report_that_cannot_be_written_is_no_success(pods: Pods) -> None:
    (pods.volume.parent / "report").mkdir()

    with pods.start("prepare", PDFJOB_SPEC=SPEC.dumps()) as process:
        assert process.wait() == ExitCode.UNEXPECTED


@pytest.mark.parametrize(
    ("stage", "env"),
    [
        ("prepare", {}),
        ("prepare", {"PDFJOB_SPEC": "{}"}),
        ("process", {"JOB_COMPLETION_INDEX": "7"}),
        ("process", {"JOB_COMPLETION_INDEX": "x"}),
    ],
)
def test_a_wrong_environment_is_a_usage_error(prepared: Pods, stage: str, env: dict[str, str]) -> None:
    code, report = prepared.run(stage, **env)

    assert code == ExitCode.USAGE
    assert report.failure is not None
    assert "Traceback" not in prepared.log


def test_a_chunk_pod_without_its_workspace_ends_the_job(pods: Pods) -> None:
    code, report = pods.process(0)

    assert code == ExitCode.WORKSPACE_LOST
    assert report.failure is not None
    assert report.failure.reason == "WorkspaceUnavailable"
    assert "Check the claim" in report.failure.message


def test_a_chunk_pod_of_a_job_that_is_merged_has_nothing_to_do(prepared: Pods) -> None:
    for index in range(3):
        prepared.process(index)
    prepared.run("merge")

    assert prepared.process(1)[0] == ExitCode.OK

    assert prepared.files() == LEFT


def test_a_merge_removes_its_manifest_before_anything_else(prepared: Pods, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(3):
        prepared.process(index)
    left: list[set[str]] = []
    remove = Workspace.remove

    def record(workspace: Workspace, name: str) -> None:
        left.append(prepared.files())
        remove(workspace, name)

    monkeypatch.setattr(Workspace, "remove", record)
    merge(Workspace(prepared.workspace, "one"), UNFINISHED)

    assert {"results/00000.result", "attempts/00000.jsonl", "output.json"} <= left[0]
    assert "manifest.json" not in left[0]


def test_a_merge_that_another_one_overtakes_repeats_its_report(prepared: Pods, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(3):
        prepared.process(index)
    faster: list[Report] = []
    attempts_of = Workspace.attempts

    def overtaken(workspace: Workspace, index: int) -> list[dict[str, Any]]:
        if workspace.attempt == "slow" and index == 1 and not faster:
            faster.append(merge(Workspace(prepared.workspace, "fast"), UNFINISHED))
        return attempts_of(workspace, index)

    monkeypatch.setattr(Workspace, "attempts", overtaken)
    slower = merge(Workspace(prepared.workspace, "slow"), UNFINISHED)

    assert [slower] == faster
    assert prepared.files() == LEFT
