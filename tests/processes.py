"""Real processes of the project, started as a user or a pod starts them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Self

import psutil

from chunk_runner.contract import report_json
from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.report import Report, Volume
from file_barrier import FileBarrier


PATIENCE_SECONDS = 240.0
"""How long a test waits for anything. No promise: the machine may be busy."""


def until(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Return as soon as the condition holds."""
    deadline, pause = time.monotonic() + seconds, Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.005)


def _heed_every_signal() -> None:
    """Undo what a process inherits that a shell starts in the background, or with `nohup`: it ignores some signals."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Running:
    """A process that writes to files: it never waits for a reader, and what it has written can be read at any time.

    Killed at the end of the `with` block, if it still runs then; its output can be read afterwards.

    Attributes:
        pid: The number of the process.
    """

    def __init__(
        self, command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        self._folder = TemporaryDirectory(prefix="pdfjob-output-")
        self._written: dict[str, str] | None = None
        with self._file("out").open("wb") as out, self._file("err").open("wb") as err:
            self._process = subprocess.Popen(
                command,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdout=out,
                stderr=err,
                preexec_fn=_heed_every_signal,  # noqa: PLW1509 (takes no lock)
            )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._written = {name: self._file(name).read_text() for name in ("out", "err")}
        self._folder.cleanup()

    @property
    def out(self) -> str:
        """What it has written to stdout."""
        return self._text("out")

    @property
    def err(self) -> str:
        """What it has written to stderr."""
        return self._text("err")

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """Wait until it ends; return its exit code."""
        return self._process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """Send it SIGKILL, if it still runs, and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def _text(self, name: str) -> str:
        return self._file(name).read_text() if self._written is None else self._written[name]

    def _file(self, name: str) -> Path:
        return Path(self._folder.name, name)


def start_pdfjob(*arguments: str | Path, cwd: Path | None = None) -> Running:
    """`pdfjob` with these arguments, as at a terminal, where it heeds Ctrl-C."""
    return Running([sys.executable, "-m", "pdfjob_cli", *map(str, arguments)], cwd=cwd)


def descendants(pid: int) -> list[psutil.Process]:
    """The processes that this one started, and those that they started."""
    return psutil.Process(pid).children(recursive=True)


def occurrences(pid: int, text: bytes) -> int:
    """Return how often a text is in the memory of a process."""
    found = 0
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            first, last = (int(it, 16) for it in line.split()[0].split("-"))
            if line.split()[1].startswith("r") and "[v" not in line:
                memory.seek(first)
                found += memory.read(last - first).count(text)
    return found


@dataclass
class Pods:
    """The chunk runner on a workspace, one process for each pod.

    Attributes:
        volume: Where sources lie.
        workspace: The job's workspace.
        log: What the last process wrote to stderr.
        volume_seen: What it said of the volume.
    """

    volume: Path
    workspace: Path
    log: str = field(default="")
    volume_seen: Volume | None = None

    def start(self, stage: str, **env: str) -> Running:
        """Start a pod's process."""
        folders: list[str | Path] = ["--workspace", self.workspace, "--source", self.volume]
        command = [sys.executable, "-m", "chunk_runner", stage, *folders, "--report", self.volume.parent / "report"]
        return Running(command, env={"PDFJOB_CACHE_SECONDS": "0", **env})  # a local disk hides no file

    def run(self, stage: str, **env: str) -> tuple[int, Report]:
        """Run a pod to its end: its exit code, and its report but for how full the disk is, which others change."""
        with self.start(stage, **env) as process:
            code = process.wait()
        self.log = process.err
        report = report_json.loads((self.volume.parent / "report").read_text())
        assert report is not None
        self.volume_seen = report.volume
        return code, replace(report, volume=None)

    def prepare(self, spec: JobSpec) -> tuple[int, Report]:
        """Run the prepare pod."""
        return self.run("prepare", PDFJOB_SPEC=spec.dumps())

    def process(self, index: int) -> tuple[int, Report]:
        """Run a chunk pod."""
        return self.run("process", JOB_COMPLETION_INDEX=str(index))

    def barrier(self, file: str) -> FileBarrier:
        """A barrier in place of a file of the workspace."""

        def shell(command: str) -> str:
            # Outside the workspace, whose files are counted.
            done = subprocess.run(
                ["sh", "-c", command], cwd=self.workspace.parent, check=True, capture_output=True, text=True
            )
            return done.stdout

        return FileBarrier(shell, f"{self.workspace.name}/{file}")

    def files(self) -> set[str]:
        """What is in the workspace."""
        return {str(path.relative_to(self.workspace)) for path in self.workspace.rglob("*") if path.is_file()}
