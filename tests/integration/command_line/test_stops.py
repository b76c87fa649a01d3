"""`pdfjob run` that is stopped at any time: a line, no traceback, and nothing left but what a later run uses."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.command_line.program import PDFJOB, pdfjob, start
from pdfjob_cli.run.outputs import workspace_of
from processes.running import PATIENCE_SECONDS, Running, descendants, until
from sizes import cases
from tools.documents import pdfs
from tools.documents.hostile_pdfs import structures


INTERRUPTER = """
import os, signal, sys

class Interrupter:
    '''Presses Ctrl-C, as a terminal does for all processes, when a module is imported.'''
    def find_spec(self, name, path=None, target=None):
        is_server = sys.argv[:1] == ["-c"]
        if name == os.environ.get("INTERRUPT_AT") and is_server == bool(os.environ.get("INTERRUPT_SERVER")):
            os.killpg(0, signal.SIGINT)

sys.meta_path.insert(0, Interrupter())
"""


MOMENTS = [
    ("typer", ""),
    ("rich.progress", ""),
    ("pypdfium2", ""),
    ("chunk_runner.stages.prepare", ""),
    ("multiprocessing.popen_forkserver", ""),
    ("pypdfium2", "yes"),
    ("chunk_runner.workspace.results", "yes"),
]
"""The module that is being loaded, in the program itself or in the server that forks its workers."""


@pytest.mark.parametrize("moment", cases(MOMENTS, quick=[MOMENTS[0], MOMENTS[4], MOMENTS[6]]))
def test_ctrl_c_while_the_program_loads_is_a_line(tmp_path: Path, moment: tuple[str, str]) -> None:
    module, server = moment
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTER)
    pdfs.write_numbered(tmp_path / "a.pdf", 1)

    done = subprocess.run(
        [*PDFJOB, "run", "a.pdf"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path, "INTERRUPT_AT": module, "INTERRUPT_SERVER": server},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )

    assert (done.returncode, done.stdout) == (130, "")
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stderr.splitlines()[-1].startswith("Interrupted.")
    assert "Traceback" not in done.stderr


STOPS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]


@pytest.mark.parametrize("number", cases(STOPS, quick=[signal.SIGTERM]))
def test_whatever_stops_a_run_leaves_no_temporary_file(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "tmp").mkdir()
    structures.form_loop(tmp_path / "endless.pdf")  # its last page takes as long as a page may
    os.mkfifo(tmp_path / "fifo.pdf")
    command = [*PDFJOB, "run", "fifo.pdf", "--pages-per-chunk", "1", "--workers", "1"]
    data = (tmp_path / "endless.pdf").read_bytes()
    with Running(command, cwd=tmp_path, env={"TMPDIR": str(tmp_path / "tmp")}) as process:
        (tmp_path / "fifo.pdf").write_bytes(data)
        until((workspace_of(tmp_path / "fifo.json") / "results" / "00000.result").exists)
        copies = list((tmp_path / "tmp").glob("pdfjob-*/fifo.pdf"))
        process.send_signal(number)
        code = process.wait()

    assert len(copies) == 1
    assert code == 128 + number
    assert "continue with --resume" in process.err
    assert "Traceback" not in process.err
    assert "leaked" not in process.err
    assert not copies[0].parent.exists()


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose name is short enough for the addresses of sockets in it."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def test_what_a_killed_run_left_among_temporary_files_is_removed_by_the_next_one(
    tmp_path: Path, short_folder: Path
) -> None:
    environment = {"TMPDIR": str(short_folder)}
    structures.form_loop(tmp_path / "endless.pdf")
    pdfs.write_numbered(tmp_path / "small.pdf", 1)
    os.mkfifo(tmp_path / "fifo.pdf")
    command = [*PDFJOB, "run", "fifo.pdf", "--pages-per-chunk", "1", "--workers", "1"]
    with Running(command, cwd=tmp_path, env=environment) as killed:
        (tmp_path / "fifo.pdf").write_bytes((tmp_path / "endless.pdf").read_bytes())
        until((workspace_of(tmp_path / "fifo.json") / "results" / "00000.result").exists)
        killed.send_signal(signal.SIGSTOP)  # or it might be done before it is killed
        started = descendants(killed.pid)
        killed.kill()
        until(lambda: not any(it.is_running() for it in started))
    assert len([*short_folder.glob("pdfjob-run-*/fifo.pdf")]) == 1
    assert len([*short_folder.glob("pymp-*/.lock")]) == 1

    with Running([*PDFJOB, "run", "small.pdf"], cwd=tmp_path, env=environment) as process:
        assert process.wait() == 0, process.err

    assert [*short_folder.iterdir()] == []
    assert "leaked" not in killed.err


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
