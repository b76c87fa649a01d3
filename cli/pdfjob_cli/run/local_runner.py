"""A job on this machine: the chunk runner's stages, with a pool of processes instead of pods.

Every PDF is opened in a sandbox, so that a crash inside a PDF library costs a page and not the run. This process only
plans, waits and merges.
"""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chunk_runner.contract.job_spec import OUTPUTS, JobSpec
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import UnwritableError, WorkspaceError
from chunk_runner.source import identify
from chunk_runner.stages.merge import merge
from chunk_runner.stages.prepare import Prepared, prepare
from chunk_runner.workspace import durable
from chunk_runner.workspace.files import Workspace
from chunk_runner.workspace.results import has_result
from pdfjob_cli.run import worker_pool
from pdfjob_cli.run.outputs import workspace_of
from pdfjob_cli.run.worker import STOPPED


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chunk_runner.contract.report import Report
    from pdfjob_cli.run.worker_pool import Observer


class BusyError(Exception):
    """Another run uses the same workspace."""


class RunInterruptedError(Exception):
    """The run was interrupted by Ctrl-C.

    Attributes:
        done: Chunks whose results are kept.
        chunks: Chunks of the job; 0 if the source was not split yet.
    """

    def __init__(self, done: int, chunks: int) -> None:
        super().__init__(done, chunks)
        self.done = done
        self.chunks = chunks


def run(
    spec: JobSpec,
    source: Path,
    output: Path,
    *,
    workers: int,
    resume: bool,
    observer: Observer,
    password: str | None = None,
) -> Report:
    """Run a job and write its output.

    The workers read the source directly where possible: splitting it is the only step that cannot run in parallel.

    Args:
        spec: The job; its `path` is not used.
        source: The PDF.
        output: The file to write; the workspace is a hidden folder beside it.
        workers: Chunks to process in parallel.
        resume: Reuse the results of an earlier run that was interrupted or incomplete.
        observer: Receives the progress.
        password: The password of the source, if it is encrypted.

    Returns:
        The report of merge; it has a `failure` if there is no output.

    Raises:
        StageError: The source cannot be processed, or the output cannot be written.
        BusyError: Another run has the same output.
        RunInterruptedError: Ctrl-C.
    """
    worker_pool.warm_up()
    with _writing(output), _locked(output) as root:
        workspace = Workspace(root, uuid.uuid4().hex, round_number=int(time.time()))  # later than any earlier run's
        if not resume:
            workspace.clear()
        keep = any(root.iterdir())  # what an earlier run has left, such as answers that were paid for
        prepared: Prepared | None = None
        try:
            found = identify(source, sha256=spec.sha256)
            prepared = prepare(spec, found, workspace, password=password or "", direct=True)
            keep = True
            stopped = worker_pool.process_all(prepared, workspace, source, workers, observer)
            report = merge(workspace, STOPPED if stopped else worker_pool.KILLED)
            if report.merged and report.merged.output:
                durable.move(workspace.path(OUTPUTS[spec.format]), output)
            keep = report.merged is None or report.merged.is_retryable
        except KeyboardInterrupt as error:
            if prepared is None:
                raise RunInterruptedError(0, 0) from error
            chunks = len(prepared.manifest.chunks)
            missing = sum(not has_result(workspace, chunk) for chunk in prepared.todo)
            raise RunInterruptedError(chunks - missing, chunks) from error
        except UnwritableError as error:
            if not keep:
                raise
            message = f"{error.message} Then continue with --resume: finished chunks are kept."
            raise UnwritableError(error.reason, message) from error
        finally:
            if not keep:
                workspace.clear()
                _remove_folder(root)
    return report


@contextmanager
def _writing(output: Path) -> Iterator[None]:
    """Turn an error of the file system into one sentence."""
    try:
        yield
    except OSError as error:
        raise WorkspaceError(
            Reason.WORKSPACE_UNAVAILABLE,
            f"Cannot write {output} or its workspace folder ({error.strerror}): choose another output with -o.",
        ) from error


@contextmanager
def _locked(output: Path) -> Iterator[Path]:
    """Create the workspace of an output, lock it, and yield it: two runs with one output would mix their files."""
    root = workspace_of(output)
    root.mkdir(parents=False, exist_ok=True)
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield root
    except BlockingIOError as error:
        raise BusyError from error
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)  # closing it is not enough: a sandbox that was forked meanwhile holds it, too
        os.close(fd)


def _remove_folder(root: Path) -> None:
    try:
        root.rmdir()
    except OSError:
        return  # a file could not be removed, which has been logged
