"""The command line of `chunk-runner`. The defaults are the paths at which the operator mounts everything."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from chunk_runner import pod_environment
from chunk_runner.contract import environment
from chunk_runner.workspace.claim_mark import mark
from chunk_runner.workspace.files import Workspace


STAGES = ("prepare", "process", "merge", "sweep")


@dataclass(frozen=True)
class Arguments:
    """A parsed command line.

    Attributes:
        stage: One of `STAGES`.
        workspace: The folder of the job; not used by `sweep`.
        workspaces: The folder that holds all workspaces of a namespace; used by `sweep` alone.
        source: The root of the source's volume; used by `prepare` alone.
        report: The file to write the report to.
    """

    stage: str
    workspace: Path
    workspaces: Path
    source: Path
    report: Path

    @property
    def folder(self) -> Path:
        """The folder on the volume that the stage works in."""
        return self.workspaces if self.stage == "sweep" else self.workspace

    def open_workspace(self) -> Workspace:
        """Return the workspace of the job, for this attempt and this round, and mark it as one of its claim.

        Raises:
            UsageError: The environment names no valid attempt or round.
            UnwritableError: The mark cannot be written.
        """
        workspace = Workspace(
            self.workspace,
            pod_environment.attempt_name(),
            pod_environment.round_number(),
            cache_seconds=pod_environment.cache_seconds(),
        )
        if (claim := pod_environment.claim_uid()) is not None:
            mark(workspace, claim)
        return workspace


def parse() -> Arguments:
    """Parse the command line of this process; exit with a usage message if it is invalid."""
    parser = argparse.ArgumentParser(prog="chunk-runner", description="Run one stage of a PdfJob, as its pods do.")
    parser.add_argument("stage", choices=STAGES)
    for option, default, text in (
        ("--workspace", environment.WORKSPACE_MOUNT, "the workspace of the job"),
        ("--workspaces", environment.WORKSPACES_MOUNT, "for sweep: the folder that holds all workspaces"),
        ("--source", environment.SOURCE_MOUNT, "for prepare: the root of the source's volume"),
        ("--report", "/dev/termination-log", "the file to write the report to"),
    ):
        parser.add_argument(option, type=Path, default=Path(default), metavar="PATH", help=f"{text} [%(default)s]")
    return Arguments(**vars(parser.parse_args()))
