"""Real processes of the project, started as a user or a pod starts them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

import psutil

from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.report import Report, Volume


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Return as soon as the condition holds."""
    deadline, pause = time.monotonic() + seconds, Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.005)


def start_pdfjob(*arguments: str | Path, cwd: Path | None = None) -> subprocess.Popen[str]:
    """`pdfjob` with these arguments, as at a terminal, where it heeds Ctrl-C."""
    return subprocess.Popen(
        [sys.executable, "-m", "pdfjob_cli", *map(str, arguments)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What a shell starts in the background inherits that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 (takes no lock)
    )


def descendants(pid: int) -> list[psutil.Process]:
    """The processes that this one started, and those that they started."""
    return psutil.Process(pid).children(recursive=True)


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

    def start(self, stage: str, **env: str) -> subprocess.Popen[str]:
        """Start a pod's process."""
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "chunk_runner",
            stage,
            "--workspace",
            self.workspace,
            "--source",
            self.volume,
        ]
        return subprocess.Popen(
            [*command, "--report", self.volume.parent / "report"],
            env=os.environ | env,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, stage: str, **env: str) -> tuple[int, Report]:
        """Run a pod to its end: its exit code, and its report but for how full the disk is, which others change."""
        with self.start(stage, **env) as process:
            _, self.log = process.communicate(timeout=60)
        report = Report.loads((self.volume.parent / "report").read_text())
        assert report is not None
        self.volume_seen = report.volume
        return process.returncode, replace(report, volume=None)

    def prepare(self, spec: JobSpec) -> tuple[int, Report]:
        """Run the prepare pod."""
        return self.run("prepare", PDFJOB_SPEC=spec.dumps())

    def process(self, index: int) -> tuple[int, Report]:
        """Run a chunk pod."""
        return self.run("process", JOB_COMPLETION_INDEX=str(index))

    def files(self) -> set[str]:
        """What is in the workspace."""
        return {str(path.relative_to(self.workspace)) for path in self.workspace.rglob("*") if path.is_file()}
