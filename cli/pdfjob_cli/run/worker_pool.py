"""The pool of worker processes: hands out the chunks, reports progress, and ends all workers with the run."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker, sharedctypes
from typing import TYPE_CHECKING, Protocol

from pebble import CONSTS, ProcessExpired, ProcessPool

from chunk_runner.contract.limits import GRACE_SECONDS
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure
from chunk_runner.errors import ConfigurationError, StageError, UnwritableError
from pdfjob_cli import interrupts
from pdfjob_cli.run import temporary, worker
from pdfjob_cli.run.worker import Work


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chunk_runner.stages.prepare import Prepared
    from chunk_runner.workspace.files import Workspace
    from chunk_runner.workspace.manifest import Chunk

# Workers are forked by a server process without threads, which has their libraries loaded.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["pdfjob_cli.run.fork_server", worker.__name__])

_REFRESH_SECONDS = 0.1
"""Interval at which progress is reported."""

_SOCKET_FOLDER_LIMIT = 60
"""Bytes of the folder in which multiprocessing creates one with the server's socket, whose address may have 103 bytes
on macOS and 107 on Linux (unix(7))."""

KILLED = Failure(
    Reason.CRASHED, "The chunk's process exited without reporting a result: it was killed or ran out of memory."
)


class Observer(Protocol):
    """Receives the progress of a run."""

    def prepared(self, pages: int, chunks: int, done: int) -> None:
        """The source is split into chunks; an earlier run has processed `done` of the pages."""

    def advanced(self, pages: int) -> None:
        """So many pages are done in total."""

    def finished(self, chunk: Chunk, problem: str | None) -> None:
        """A chunk has its result, or a problem that left it without one."""

    def stopping(self) -> None:
        """The run was interrupted, and waits for the answers of a model that are already paid for."""


def warm_up() -> None:
    """Start the server that forks the workers: it loads the libraries while the source is inspected."""
    with interrupts.kept_from_children(), _no_warning_of_leaks():
        resource_tracker.ensure_running()  # it lets the signals through again, so the server must not start it
    with (
        _folder_for_sockets(),
        interrupts.kept_from_children(),
    ):  # the server would show a traceback, and so would a worker that just starts
        forkserver.ensure_running()
    temporary.adopt_folder_of_multiprocessing()


@contextmanager
def _no_warning_of_leaks() -> Iterator[None]:
    """Start processes within the block that clean up after a killed run without a word: that is what they are for."""
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, (before, "ignore:resource_tracker")))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before


@contextmanager
def _folder_for_sockets() -> Iterator[None]:
    """Create temporary files elsewhere within the block, if the address of a socket in the usual folder is too long."""
    before = tempfile.tempdir
    if len(os.fsencode(tempfile.gettempdir())) > _SOCKET_FOLDER_LIMIT:
        tempfile.tempdir = temporary.SHORT
    try:
        yield
    finally:
        tempfile.tempdir = before


def process_all(prepared: Prepared, workspace: Workspace, source: Path, workers: int, observer: Observer) -> bool:
    """Process every chunk that has no result; failures stay in the workspace, where merge finds them.

    Returns:
        True if the run was stopped, because one chunk showed that no other can succeed.

    Raises:
        UnwritableError: The workspace cannot be written; there would be nothing to merge.
    """
    manifest, todo = prepared
    kept = manifest.selected_pages - sum(len(chunk.pages) for chunk in todo)
    observer.prepared(manifest.selected_pages, len(manifest.chunks), kept)
    if not todo:
        return False
    # Shared memory without a lock: each chunk has its own counter, and a killed process cannot hold up the others.
    counters = sharedctypes.RawArray("L", len(manifest.chunks))
    work = Work(manifest, workspace, source, counters, stopped=sharedctypes.RawValue("b", 0))
    with _pool(min(workers, len(todo)), work, observer if "model" in manifest.processor else None) as pool:
        futures: dict[Future[None], Chunk] = {}
        with interrupts.deferred():  # the first chunk starts the workers, and a worker half started cannot be stopped
            for chunk in todo:
                futures[pool.schedule(worker.process_chunk, args=(chunk.index,))] = chunk
        pending = set(futures)
        while pending:
            done, pending = wait(pending, timeout=_REFRESH_SECONDS, return_when=FIRST_COMPLETED)
            observer.advanced(kept + sum(counters))
            for future in done:
                error = future.exception()
                if isinstance(error, UnwritableError):
                    raise error
                observer.finished(futures[future], _problem(error))
            if any(isinstance(future.exception(), ConfigurationError) for future in done):
                _stop(pool, work)
                return True
    return False


def _problem(error: BaseException | None) -> str | None:
    match error:
        case None:
            return None
        case StageError():
            return error.message
        case ProcessExpired():
            return KILLED.message
        case BaseException():
            return f"{type(error).__name__}: {error}"


@contextmanager
def _pool(workers: int, work: Work, told: Observer | None) -> Iterator[ProcessPool]:
    """Yield a pool of workers that end with the block.

    Args:
        workers: The number of workers.
        work: The work of each.
        told: Notified of Ctrl-C, if the workers may take some time to end.
    """
    CONSTS.term_timeout = GRACE_SECONDS + 1  # or a worker that waits for an answer would be killed
    pool = ProcessPool(max_workers=workers, context=_PROCESSES, initializer=worker.start, initargs=(work,))
    try:
        yield pool
        if pool.active:  # every chunk is done: a worker that is still starting must not outlive the pool
            _stop(pool, work)
    except BaseException as error:  # Ctrl-C too: whatever ends the run ends its workers
        _stop(pool, work)
        if told is not None and isinstance(error, KeyboardInterrupt):
            told.stopping()
        raise
    finally:
        try:
            pool.join()
        except KeyboardInterrupt:  # a second Ctrl-C: no answer is worth the wait
            for process in multiprocessing.active_children():
                process.kill()
            raise


def _stop(pool: ProcessPool, work: Work) -> None:
    """Stop all workers at once: the pool alone would stop one after the other, and wait for each."""
    work.stopped.value = 1  # a worker whose chunk ends just now takes the next one
    pool.stop()
    for process in multiprocessing.active_children():
        process.terminate()
