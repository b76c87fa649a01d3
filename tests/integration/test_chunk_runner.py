"""The chunk runner as a pod runs it: real processes on a real workspace."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from chunk_runner.contract import report_json
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.workspace.files import Workspace
from processes import PATIENCE_SECONDS, Pods, Running, until
from tools import pdfs
from tools.hostile_pdfs import bombs, structures


SPEC = JobSpec(path="book.pdf", pages_per_chunk=3)
LEFT = {"output.json", "report.json"}


@pytest.fixture
def pods(tmp_path: Path) -> Pods:
    """A volume with a book of nine pages, and an empty workspace."""
    volume, workspace = tmp_path / "volume", tmp_path / "workspace"
    volume.mkdir()
    workspace.mkdir()
    pdfs.write_numbered(volume / "book.pdf", 9)
    return Pods(volume, workspace)


@pytest.fixture
def prepared(pods: Pods) -> Pods:
    """A prepared job of three chunks."""
    code, report = pods.prepare(SPEC)
    assert (code, report.pages, report.chunks) == (0, 9, 3)
    return pods


def output(pods: Pods) -> dict[str, object]:
    found: dict[str, object] = json.loads((pods.workspace / "output.json").read_text())
    return found


def attempts(pods: Pods, index: int) -> list[dict[str, Any]]:
    lines = (pods.workspace / "attempts" / f"{index:05}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines if line]


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


def test_whoever_prepares_or_merges_says_how_full_the_volume_is(prepared: Pods) -> None:
    told = [prepared.volume_seen]
    prepared.run("merge")
    told.append(prepared.volume_seen)

    size = shutil.disk_usage(prepared.workspace).total
    assert [it and it.bytes for it in told] == [size, size]
    assert all(it and 0 < it.free < it.bytes for it in told)


def test_who_fails_says_how_full_the_volume_is_too(pods: Pods) -> None:
    """A volume that is full makes stages fail."""
    code, _ = pods.prepare(JobSpec(path="missing.pdf"))

    assert code == ExitCode.SOURCE
    assert pods.volume_seen is not None


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


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


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


def begun(pods: Pods, times: int = 1) -> bool:
    """Whether the first chunk was begun this often."""
    file = pods.workspace / "attempts" / "00000.jsonl"
    return file.exists() and file.read_text().count('"started"') == times


@pytest.fixture
def endless(pods: Pods) -> Iterator[Running]:
    """A pod at work on a chunk whose last page takes as long as a page may."""
    structures.form_loop(pods.volume / "endless.pdf")
    assert pods.prepare(JobSpec(path="endless.pdf", pages_per_chunk=3))[0] == 0
    with pods.start("process", JOB_COMPLETION_INDEX="0") as process:
        until(lambda: begun(pods))
        yield process


def test_sigterm_ends_a_chunk_in_order(pods: Pods, endless: Running) -> None:
    endless.send_signal(signal.SIGTERM)

    assert endless.wait() == ExitCode.INTERRUPTED
    assert "Traceback" not in endless.err
    last = attempts(pods, 0)[-1]
    assert (last["event"], last["reason"]) == ("failed", "Interrupted")
    assert "results/00000.result" not in pods.files()
    assert "chunks/00000.pdf" in pods.files()


def test_a_killed_chunk_is_recorded_as_crashed_and_can_be_run_again(pods: Pods, endless: Running) -> None:
    endless.kill()

    _, report = pods.run("merge")
    assert report.merged is not None
    assert report.merged.failed_chunks[0].reason == "Crashed"


def test_two_pods_of_one_index_leave_one_result(prepared: Pods) -> None:
    """Both have begun before either can read its chunk; then both go on."""
    at_first = prepared.barrier("chunks/00000.pdf")
    with prepared.start("process", JOB_COMPLETION_INDEX="0") as first:
        at_first.wait()
        at_first.detach()
        at_second = prepared.barrier("chunks/00000.pdf")
        with prepared.start("process", JOB_COMPLETION_INDEX="0") as second:
            at_second.wait()
            at_second.detach()  # or the first pod, going on, would wait at the second one's barrier
            for barrier in (at_first, at_second):
                barrier.open()
            codes = {first.wait(), second.wait()}

    # The slower one may find the chunk gone already; what counts is there, whole, and once.
    assert 0 in codes
    results = {name for name in prepared.files() if name.startswith("results/")}
    assert results == {"results/00000.result"}
    assert prepared.process(0)[0] == 0


def test_sigterm_in_prepare_leaves_nothing_half_written(pods: Pods) -> None:
    """It comes when two chunks of three are written, and the third one's file cannot be opened yet."""
    (pods.workspace / "chunks").mkdir()
    os.mkfifo(pods.workspace / "chunks" / ".00002.pdf.me.tmp")
    with pods.start("prepare", PDFJOB_SPEC=SPEC.dumps(), PDFJOB_ATTEMPT="me") as process:
        until((pods.workspace / "chunks" / "00001.pdf").exists)
        process.send_signal(signal.SIGTERM)
        code = process.wait()

    assert code == ExitCode.INTERRUPTED
    assert not any(name.endswith(".tmp") for name in pods.files())
    # The next pod begins anew, or merge cleans up when there is none.
    assert pods.run("merge")[0] == 0
    assert pods.files() == set()


def test_a_sigterm_that_python_drops_strikes_again(tmp_path: Path) -> None:
    """As happens in finalizers and in callbacks of C libraries."""
    program = tmp_path / "program.py"
    program.write_text(
        "import os, signal, time, weakref\n"
        "from chunk_runner.termination import stop_on_sigterm\n"
        "class Thing: pass\n"
        "stop_on_sigterm()\n"
        "thing = Thing()\n"
        "weakref.finalize(thing, os.kill, os.getpid(), signal.SIGTERM)\n"
        "del thing\n"
        "time.sleep(30)\n"
    )

    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )

    assert (done.returncode, done.stderr) == (ExitCode.INTERRUPTED, "")


def test_a_late_prepare_pod_destroys_nothing(prepared: Pods) -> None:
    prepared.process(0)
    (prepared.volume / "book.pdf").unlink()

    assert prepared.prepare(SPEC)[0] == ExitCode.SOURCE

    assert {"manifest.json", "results/00000.result", "chunks/00001.pdf"} <= prepared.files()


def test_a_merge_that_was_interrupted_while_cleaning_goes_on_and_keeps_its_output(prepared: Pods) -> None:
    for index in range(3):
        prepared.process(index)
    leftovers = {name: (prepared.workspace / name).read_bytes() for name in prepared.files() if name != "manifest.json"}
    first = prepared.run("merge")
    for name in sorted(leftovers)[:4]:
        path = prepared.workspace / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(leftovers[name])

    assert first[1].merged is not None
    assert prepared.run("merge") == first
    assert prepared.files() == LEFT


def test_a_partial_merge_leaves_no_temporary_file_of_a_killed_pod(prepared: Pods) -> None:
    prepared.process(0)
    (prepared.workspace / "results" / ".00001.result.dead.tmp").write_text("half")
    (prepared.workspace / ".output.json.dead.tmp").write_text("half")

    prepared.run("merge")

    assert not any(name.endswith(".tmp") for name in prepared.files())


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


def test_a_workspace_without_manifest_may_appear_later(pods: Pods) -> None:
    code, report = pods.process(0)

    assert code == ExitCode.WORKSPACE
    assert report.failure is not None
    assert "claim" in report.failure.message


def not_a_pdf(path: Path) -> None:
    path.write_text("This is a text file.")


def encrypted(path: Path) -> None:
    pdfs.write_pages(path, [["secret"]], password="swordfish")


def garbage(path: Path) -> None:
    path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 40)


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (not_a_pdf, "NotAPdf"),
        (Path.touch, "SourceEmpty"),
        (pdfs.write_without_pages, "NoPages"),
        (encrypted, "PasswordRequired"),
        (garbage, "SourceUnreadable"),
        (Path.mkdir, "SourceUnreadable"),
        (lambda _path: None, "SourceNotFound"),
    ],
)
def test_a_bad_source_is_refused_with_a_reason(pods: Pods, write: Callable[[Path], object], reason: str) -> None:
    write(pods.volume / "bad.pdf")

    code, report = pods.prepare(JobSpec(path="bad.pdf"))

    assert code == ExitCode.SOURCE
    assert report.failure is not None
    assert report.failure.reason == reason
    assert report.failure.message.endswith(".")
    assert "Traceback" not in pods.log
    assert pods.files() == set()


def lose_first_page(path: Path) -> None:
    """What was the first page is no page any more."""
    kids = re.compile(rb"/Kids \[ (\d+ 0 R)")
    path.write_bytes(kids.sub(lambda found: b"/Kids [ " + b"42".ljust(len(found[1])), path.read_bytes()))


@pytest.mark.parametrize("pages_per_chunk", [1, 2, 30])
def test_a_page_that_is_none_any_more_fails_and_the_others_keep_their_numbers(pods: Pods, pages_per_chunk: int) -> None:
    lose_first_page(pdfs.write_numbered(pods.volume / "damaged.pdf", 4))

    _, prepared = pods.prepare(JobSpec(path="damaged.pdf", pages_per_chunk=pages_per_chunk))
    for index in range(prepared.chunks or 0) if prepared.merged is None else ():
        pods.process(index)
    merged = prepared.merged or pods.run("merge")[1].merged

    assert "page tree is damaged" in prepared.warnings[0]
    assert merged is not None
    assert (merged.failed_pages, merged.ledger["ok"]) == ("1", 3)
    assert output(pods)["sentences"] == [
        {"text": "[page 1 missing: PageUnreadable]", "pages": [1, 1], "gap": "PageUnreadable"},
        *({"text": f"This is page {page} of the book.", "pages": [page, page]} for page in range(2, 5)),
    ]


def test_an_empty_user_password_just_works(pods: Pods) -> None:
    pdfs.write_pages(pods.volume / "open.pdf", [["Open to all."]], password="")

    assert pods.prepare(JobSpec(path="open.pdf"))[0] == 0


def test_pages_without_text_are_told_apart(pods: Pods) -> None:
    pdfs.write_pages(pods.volume / "blank.pdf", [["One."], [], ["Three."]])
    pdfs.write_scan(pods.volume / "scan.pdf")

    pods.prepare(JobSpec(path="blank.pdf"))
    blank = output(pods)["ledger"]
    for name in LEFT:
        (pods.workspace / name).unlink()
    pods.prepare(JobSpec(path="scan.pdf"))

    assert blank == {"ok": "1,3", "empty": "2", "noText": "", "failed": "", "skipped": ""}
    assert output(pods)["ledger"] == {"ok": "", "empty": "", "noText": "1", "failed": "", "skipped": ""}


@pytest.mark.parametrize(
    ("more", "code", "reason"),
    [({"PDFJOB_MORE_MEMORY": "true"}, ExitCode.MEMORY, "OutOfMemory"), ({}, ExitCode.OK, None)],
    ids=["where more can be had", "in the largest pod"],
)
def test_a_page_that_needs_more_memory_ends_its_pod_or_fails_alone(
    pods: Pods, more: dict[str, str], code: ExitCode, reason: str | None
) -> None:
    bombs.flate_bomb(pods.volume / "book.pdf", size=2**28)
    memory = {"PDFJOB_MEMORY_LIMIT": str(2**28)}
    pods.run("prepare", PDFJOB_SPEC=SPEC.dumps(), **memory)

    ended, report = pods.run("process", JOB_COMPLETION_INDEX="0", **memory, **more)

    assert (ended, report.failure and report.failure.reason) == (code, reason)
    assert (pods.workspace / "results" / "00000.result").exists() is (reason is None)
    assert (pods.workspace / "chunks" / "00000.pdf").exists() is (reason is not None)
