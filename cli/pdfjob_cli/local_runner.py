"""A job on one machine: the chunk runner's stages in a pool of processes instead of pods.

Every PDF is opened in a sandbox, so that a crash inside a PDF library costs a page and not the run; this process only
plans, waits and merges.
"""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import sys
import time
import uuid
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from multiprocessing import forkserver, sharedctypes
from typing import TYPE_CHECKING, Any, NamedTuple, Never, Protocol

from pebble import CONSTS, ProcessExpired, ProcessPool

from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.job_spec import OUTPUTS, JobSpec
from chunk_runner.contract.limits import GRACE_SECONDS
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Report
from chunk_runner.errors import ConfigurationError, StageError, WorkspaceError
from chunk_runner.pdf.sandbox_child import die_with_parent
from chunk_runner.source import identify
from chunk_runner.stages.merge import merge
from chunk_runner.stages.prepare import Prepared, prepare
from chunk_runner.stages.process import process
from chunk_runner.workspace.files import Workspace
from chunk_runner.workspace.manifest import Manifest
from chunk_runner.workspace.results import has_result


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from chunk_runner.workspace.manifest import Chunk

# A server process that has the libraries loaded forks the workers: they start in milliseconds, and never with threads.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])

_REFRESH_SECONDS = 0.1
"""How often progress is looked at while chunks are processed."""

_STOPPED = Failure(Reason.JOB_STOPPED, "The job was stopped before this chunk had its turn.")

_UNFINISHED = Failure(Reason.CRASHED, "The chunk's process died without a word: killed, or out of memory.")


class Observer(Protocol):
    """Whoever wants to show a run's progress."""

    def prepared(self, pages: int, chunks: int, done: int) -> None:
        """The source is split; so many pages were done by an earlier run."""

    def advanced(self, pages: int) -> None:
        """So many pages are done in all."""

    def finished(self, chunk: Chunk, problem: str | None) -> None:
        """A chunk has its result, or the reason why it has none."""

    def stopping(self) -> None:
        """Ctrl-C, while a model is asked: answers that are on their way are waited for."""


class _Work(NamedTuple):
    """What every worker needs, sent once: the prepared job, its workspace, the source, and what is shared with it.

    Attributes:
        counters: The pages done, for each chunk.
        stopped: Whether no other chunk is to be begun.
    """

    manifest: Manifest
    workspace: Workspace
    source: Path
    counters: Any
    stopped: Any


class BusyError(Exception):
    """Another run uses the same workspace."""


class Interrupted(Exception):  # noqa: N818 (it is no error)
    """Ctrl-C: so many of so many chunks are kept; none of none when the source was not yet split."""

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
    """Run a job and put its output in place.

    The workers read the source itself where they can: splitting it would be the only part that cannot be shared.

    Args:
        spec: What to do; its `path` is not used.
        source: The PDF.
        output: Where the output goes; the workspace is a hidden folder beside it.
        workers: Chunks in flight.
        resume: Keep the results of an earlier run that was interrupted or partial.
        observer: Told of progress.
        password: Opens the source if it is encrypted.

    Returns:
        Merge's report; its `failure` is set when there is no output.

    Raises:
        StageError: The source cannot be processed, or there is no room beside the output.
        BusyError: Another run works on the same output.
        Interrupted: Ctrl-C.
    """
    forkserver.ensure_running()  # it loads the libraries while the source is looked at
    root = workspace_of(output)
    with _writing(output), _locked(root):
        workspace = Workspace(root, uuid.uuid4().hex, round=int(time.time()))  # later than any earlier run's
        if not resume:
            workspace.clear()
        keep = False
        try:
            found = identify(source, sha256=spec.sha256)
            prepared = prepare(spec, found, workspace, password=password or "", direct=True)
            keep = True
            stopped = _process_all(prepared, workspace, source, workers, observer)
            report = merge(workspace, _STOPPED if stopped else _UNFINISHED)
            if report.merged and report.merged.output:
                workspace.path(OUTPUTS[spec.format]).replace(output)
            keep = report.merged is None or report.merged.is_retryable
        except KeyboardInterrupt as error:
            if not keep:
                raise Interrupted(0, 0) from error
            chunks = len(prepared.manifest.chunks)
            left = sum(not has_result(workspace, chunk) for chunk in prepared.todo)
            raise Interrupted(chunks - left, chunks) from error
        finally:
            if not keep:
                workspace.clear()
                _remove_folder(root)
    return report


def workspace_of(output: Path) -> Path:
    """The folder in which a run with this output works, and which it leaves behind when it can be resumed."""
    return output.with_name(f".{output.name}.pdfjob")


def _process_all(prepared: Prepared, workspace: Workspace, source: Path, workers: int, observer: Observer) -> bool:
    """Process every chunk that has no result; failures stay in the workspace, where merge finds them.

    Returns:
        Whether it was stopped, because one chunk showed that no other could succeed.
    """
    manifest, todo = prepared
    kept = manifest.selected_pages - sum(len(chunk.pages) for chunk in todo)
    observer.prepared(manifest.selected_pages, len(manifest.chunks), kept)
    if not todo:
        return False
    # Plain shared memory and no lock: each chunk has a counter of its own, and a killed process can hold nothing up.
    counters = sharedctypes.RawArray("L", len(manifest.chunks))
    stopped = sharedctypes.RawValue("b", 0)
    work = _Work(manifest, workspace, source, counters, stopped)
    with _pool(min(workers, len(todo)), work, observer if "model" in manifest.processor else None) as pool:
        futures: dict[Future[None], Chunk] = {pool.schedule(_process, args=(chunk.index,)): chunk for chunk in todo}
        pending = set(futures)
        while pending:
            done, pending = wait(pending, timeout=_REFRESH_SECONDS, return_when=FIRST_COMPLETED)
            observer.advanced(kept + sum(counters))
            for future in done:
                observer.finished(futures[future], _problem(future))
            if any(isinstance(future.exception(), ConfigurationError) for future in done):
                _stop(pool, work)
                return True
    return False


def _problem(future: Future[None]) -> str | None:
    match future.exception():
        case None:
            return None
        case StageError() as error:
            return error.message
        case ProcessExpired():
            return _UNFINISHED.message
        case BaseException() as error:
            return f"{type(error).__name__}: {error}"


@contextmanager
def _pool(workers: int, work: _Work, told: Observer | None) -> Iterator[ProcessPool]:
    """A pool of workers, which end with the block.

    Args:
        workers: How many.
        work: For each of them.
        told: Of Ctrl-C, if it may take time until they have ended.
    """
    CONSTS.term_timeout = GRACE_SECONDS + 1  # or a worker that waits for an answer would be killed
    pool = ProcessPool(max_workers=workers, context=_PROCESSES, initializer=_begin, initargs=(work,))
    try:
        yield pool
        if pool.active:
            pool.close()  # type: ignore[no-untyped-call] # pebble is typed, but for these
    except BaseException as error:  # Ctrl-C too: whatever ends the run ends its workers
        _stop(pool, work)
        if told is not None and isinstance(error, KeyboardInterrupt):
            told.stopping()
        raise
    finally:
        try:
            pool.join()
        except KeyboardInterrupt:  # once more: no answer is worth the wait
            for worker in multiprocessing.active_children():
                worker.kill()
            raise


def _stop(pool: ProcessPool, work: _Work) -> None:
    """Tell all workers to stop at once: the pool tells one after the other, and waits for each."""
    work.stopped.value = 1  # a worker whose chunk ends just now takes the next one
    pool.stop()  # type: ignore[no-untyped-call] # see above
    for worker in multiprocessing.active_children():
        worker.terminate()


_work: _Work | None = None


def _begin(work: _Work) -> None:
    """In a new worker: Ctrl-C is the parent's business, which ends its workers itself."""
    global _work  # noqa: PLW0603 (set once, before the process does anything else)
    _work = work
    die_with_parent(os.getppid())  # or a run that is killed would leave workers that go on
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)


def _end(_signal: int, _frame: FrameType | None) -> Never:
    """In a worker that is told to stop: an attempt ends in an orderly way, and keeps an answer that is just coming."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the pool tells it again, and that would end the ending
    sys.exit(ExitCode.INTERRUPTED)


def _process(index: int) -> None:
    """In a worker: process one chunk and count its pages."""
    assert _work is not None  # noqa: S101 (the pool was made with it)
    manifest, workspace, source, counters, stopped = _work
    if stopped.value:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # there is nothing to keep
        raise ConfigurationError(Reason.JOB_STOPPED, _STOPPED.message)

    def on_page() -> None:
        counters[index] += 1

    try:
        process(manifest, index, workspace, on_page, source)
    except SystemExit:  # all is kept; the pool would take it for a result, and hand out the next chunk
        os._exit(ExitCode.INTERRUPTED)
    except ConfigurationError:  # no other chunk would fare better; and this process may be faster than the other one
        stopped.value = 1
        raise


@contextmanager
def _writing(output: Path) -> Iterator[None]:
    """Turn what the file system refuses into a sentence."""
    try:
        yield
    except OSError as error:
        raise WorkspaceError(
            Reason.WORKSPACE_UNAVAILABLE,
            f"{output} cannot be written beside or to ({error.strerror}): give another -o.",
        ) from error


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Make the workspace and have it alone: two runs with one output would mix their files."""
    root.mkdir(parents=False, exist_ok=True)
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise BusyError from error
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)  # to close it is not enough: a sandbox that was forked meanwhile has it too
        os.close(fd)


def _remove_folder(root: Path) -> None:
    try:
        root.rmdir()
    except OSError:
        return  # something could not be removed, and that has been logged
