"""`pdfjob run` as a person meets it: streams, several files, Ctrl-C at any time, full disks, scans."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from pdfjob_cli.run.outputs import workspace_of
from processes import PATIENCE_SECONDS, Running, descendants, until
from sizes import cases
from tools.documents import pdfs
from tools.documents.hostile_pdfs import structures


PDFJOB = (sys.executable, "-m", "pdfjob_cli")


def pdfjob(
    *arguments: object,
    cwd: Path,
    stdin: bytes | None = None,
    env: dict[str, str] | None = None,
    limit: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `pdfjob run`, whose files may have so many bytes."""
    done = subprocess.run(
        [*PDFJOB, "run", *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=False,
        env=os.environ | (env or {}),
        preexec_fn=None if limit is None else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def texts(path: Path) -> list[str]:
    return [entry["text"] for entry in json.loads(path.read_text())["sentences"]]


def sentences(pages: int) -> list[str]:
    return [f"This is page {number} of the book." for number in range(1, pages + 1)]


def write_scan(path: Path, scanned: int, readable: int = 0) -> Path:
    """A file of pictures, and pages of text after them."""
    canvas = Canvas(str(path), invariant=True)
    for _ in range(scanned):
        canvas.drawInlineImage(Image.new("1", (40, 60)), 50, 50, 400, 600)
        canvas.showPage()
    for number in range(1, readable + 1):
        canvas.drawString(60, 780, sentences(readable)[number - 1])
        canvas.showPage()
    canvas.save()
    return path


@pytest.mark.parametrize("name", cases(["-", "/dev/stdin"], quick=["-"]))
def test_a_pdf_comes_from_stdin(tmp_path: Path, name: str) -> None:
    data = pdfs.write_numbered(tmp_path / "a.pdf", 3).read_bytes()
    folder = tmp_path / ("tmp" * 40)  # too long for the address of a socket
    folder.mkdir()

    done = pdfjob(name, cwd=tmp_path, stdin=data, env={"TMPDIR": str(folder)})

    assert done.returncode == 0, done.stderr
    assert texts(tmp_path / "stdin.json") == sentences(3)
    assert json.loads((tmp_path / "stdin.json").read_text())["source"]["name"] == "stdin"
    assert list(folder.iterdir()) == []


def test_a_pdf_comes_from_a_fifo_and_from_a_descriptor(tmp_path: Path) -> None:
    data = pdfs.write_numbered(tmp_path / "a.pdf", 3).read_bytes()
    os.mkfifo(tmp_path / "fifo.pdf")
    writer = threading.Thread(target=(tmp_path / "fifo.pdf").write_bytes, args=(data,))
    writer.start()

    done = pdfjob("fifo.pdf", cwd=tmp_path)
    writer.join()

    assert done.returncode == 0, done.stderr
    assert texts(tmp_path / "fifo.json") == sentences(3)
    with (tmp_path / "a.pdf").open("rb") as file:
        script = f"{' '.join(PDFJOB)} run /dev/fd/9 9<&0"
        subprocess.run(["sh", "-c", script], cwd=tmp_path, stdin=file, check=True, capture_output=True)
    assert texts(tmp_path / "pipe.json") == sentences(3)


@pytest.mark.parametrize(
    ("stdin", "reason"), [(b"", "SourceEmpty: “stdin” is empty"), (b"Hello.", "NotAPdf: “stdin” is not a PDF")]
)
def test_a_stream_that_is_no_pdf_is_said_so(tmp_path: Path, stdin: bytes, reason: str) -> None:
    done = pdfjob("-", cwd=tmp_path, stdin=stdin)

    assert done.returncode == 1
    assert done.stderr.startswith(reason)
    assert list(tmp_path.iterdir()) == []


def test_stdin_has_one_use(tmp_path: Path) -> None:
    done = pdfjob("-", "--password-file", "-", cwd=tmp_path, stdin=b"")

    assert done.returncode == 2
    assert "can come from stdin" in done.stderr


def test_a_stream_without_room_is_said_so_and_leaves_nothing(tmp_path: Path) -> None:
    data = pdfs.write_numbered(tmp_path / "a.pdf", 200).read_bytes()
    (tmp_path / "tmp").mkdir()

    done = pdfjob("-", cwd=tmp_path, stdin=data, env={"TMPDIR": str(tmp_path / "tmp")}, limit=len(data) // 2)

    assert done.returncode == 1
    assert done.stderr.startswith("WorkspaceUnavailable: Cannot write the temporary copy of the source")
    assert list((tmp_path / "tmp").iterdir()) == []


NAMES = ["书" * 82 + ".pdf", "书" * 83 + ".pdf", "x" * 251 + ".pdf", "é" * 125 + ".pdf"]


@pytest.mark.parametrize("name", cases(NAMES, quick=["书" * 83 + ".pdf"]), ids=lambda name: f"{name[0]}{len(name)}")
@pytest.mark.parametrize("form", cases(["json", "jsonl", "markdown"], quick=["jsonl"]))
def test_a_name_of_any_length_will_do(tmp_path: Path, name: str, form: str) -> None:
    pdfs.write_numbered(tmp_path / "a.pdf", 3).rename(tmp_path / name)

    done = pdfjob(name, "--format", form, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.iterdir())) == 2


def test_several_files_have_one_summary_and_the_exit_code_of_the_worst(tmp_path: Path) -> None:
    for folder, pages in (("x", 2), ("y", 3)):
        (tmp_path / folder).mkdir()
        pdfs.write_numbered(tmp_path / folder / "a.pdf", pages)
    (tmp_path / "b.pdf").write_text("This is a text file.")
    write_scan(tmp_path / "c.pdf", 1)

    done = pdfjob("x/a.pdf", "b.pdf", "none.pdf", "y/a.pdf", "c.pdf", "-o", "out", cwd=tmp_path)

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

    done = pdfjob("a.pdf", "b.pdf", "none.pdf", "--json", cwd=tmp_path)

    summary = json.loads(done.stdout)
    assert [(it["file"], it["exitCode"]) for it in summary["files"]] == [("a.pdf", 0), ("b.pdf", 0), ("none.pdf", 1)]
    assert [it.get("output") for it in summary["files"]] == ["a.json", "b.json", None]
    assert summary["files"][1]["warnings"][0].startswith("Page 1 has no text layer")
    assert summary["files"][2]["failure"]["reason"] == "SourceNotFound"
    assert done.returncode == 1


def test_several_outputs_do_not_go_to_stdout(tmp_path: Path) -> None:
    done = pdfjob("a.pdf", "b.pdf", "-o", "-", cwd=tmp_path)

    assert done.returncode == 2
    assert "several outputs cannot be written to stdout" in " ".join(done.stderr.replace("│", " ").split())


SCANS = [
    (1, 0, 3, "Page 1 has no text layer"),
    (12, 0, 3, "12 pages (1-12) have no text layer"),
    (2, 1, 0, "2 pages (1-2) have no text layer"),
    (0, 2, 0, ""),
]
"""Scanned pages, pages of text, the exit code, and the hint."""


@pytest.mark.parametrize("scan", cases(SCANS, quick=SCANS[1:3]))
def test_a_scan_is_no_success_without_a_hint(tmp_path: Path, scan: tuple[int, int, int, str]) -> None:
    scanned, readable, code, said = scan
    write_scan(tmp_path / "a.pdf", scanned, readable)

    done = pdfjob("a.pdf", "--pages-per-chunk", 5, cwd=tmp_path)
    to_stdout = pdfjob("a.pdf", "-o", "-", cwd=tmp_path)

    assert (done.returncode, to_stdout.returncode) == (code, code)
    assert said in done.stdout
    assert said in to_stdout.stderr
    assert ("try --processor gemini" in done.stdout) == bool(scanned)


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
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTER)
    pdfs.write_numbered(tmp_path / "a.pdf", 1)

    done = subprocess.run(
        [*PDFJOB, "run", "a.pdf"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path), "INTERRUPT_AT": module, "INTERRUPT_SERVER": server},
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


def test_a_copy_that_a_killed_run_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    environment = {"TMPDIR": str(tmp_path / "tmp")}
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
    (copy,) = (tmp_path / "tmp").glob("pdfjob-run-*/fifo.pdf")

    with Running([*PDFJOB, "run", "small.pdf"], cwd=tmp_path, env=environment) as process:
        assert process.wait() == 0, process.err

    assert not copy.parent.exists()
    assert "leaked" not in killed.err


@pytest.mark.parametrize("pages_per_chunk", cases([1000, 10], quick=[1000]))
def test_a_full_disk_is_called_so(tmp_path: Path, pages_per_chunk: int) -> None:
    """A limit on file size stands in for the full disk; the results of few pages are smaller than it."""
    pdfs.write_prose(tmp_path / "a.pdf", [f"Sentence {index} of a long book." for index in range(6000)])

    done = pdfjob("a.pdf", "--pages-per-chunk", pages_per_chunk, cwd=tmp_path, limit=100_000)

    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("WorkspaceUnavailable: Cannot write to the workspace (File too large)")
    assert "continue with --resume" in last
    assert "Crashed" not in done.stderr
    resumed = pdfjob("a.pdf", "--pages-per-chunk", pages_per_chunk, "--resume", cwd=tmp_path)
    assert resumed.returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"a.pdf", "a.json"}


@pytest.mark.parametrize("options", cases([[], ["--json"], ["-o", "-"]], quick=[["-o", "-"]]))
def test_stdout_without_room_is_said_so(tmp_path: Path, options: list[str]) -> None:
    pdfs.write_numbered(tmp_path / "a.pdf", 2)

    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PDFJOB, "run", "a.pdf", *options],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Cannot write to stdout")
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("command", ["--version", "version"])
def test_the_version_is_printed(command: str) -> None:
    done = subprocess.run([*PDFJOB, command], capture_output=True, text=True, check=True)

    assert done.stdout.count(".") == 2
