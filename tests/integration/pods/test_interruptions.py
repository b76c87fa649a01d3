"""Pods that are told to stop, killed, late or doubled: nothing is torn, and nothing is lost."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.job_spec import JobSpec
from integration.pods.job import LEFT, SPEC, attempts
from processes.pods import Pods
from processes.running import PATIENCE_SECONDS, Running, until
from tools.documents.hostile_pdfs import structures


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
        "from chunk_runner.commands.termination import stop_on_sigterm\n"
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
