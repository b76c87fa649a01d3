"""The chunk runner on a workspace, one process for each pod."""

import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from chunk_runner.contract import report_json
from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.report import Report, Volume
from processes.file_barrier import FileBarrier
from processes.running import Running


@dataclass
class Pods:
    """The chunk runner on a workspace, one process for each pod.

    Attributes:
        volume: Where sources lie.
        workspace: The job's workspace.
        user: The user of its processes, in the group 0; `None` for that of the tests.
        log: What the last process wrote to stderr.
        volume_seen: What it said of the volume.
    """

    volume: Path
    workspace: Path
    user: int | None = None
    log: str = field(default="")
    volume_seen: Volume | None = None

    def as_user(self, user: int) -> "Pods":
        """The same volume for pods of another user."""
        return replace(self, user=user)

    def start(self, stage: str, **env: str) -> Running:
        """Start a pod's process."""
        folders: list[str | Path] = ["--workspace", self.workspace, "--source", self.volume]
        folders += ["--workspaces", self.workspace.parent]
        command = [sys.executable, "-m", "chunk_runner", stage, *folders, "--report", self.volume.parent / "report"]
        if self.user is not None:
            command, env = [*_become(self.user), *command], {"HOME": "/nonexistent", **env}
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


def _become(user: int) -> list[str | Path]:
    """The command that runs another one as a user who may read everything, as Python may be in root's home."""
    may_read = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return ["setpriv", f"--reuid={user}", "--regid=0", "--clear-groups", *may_read]
