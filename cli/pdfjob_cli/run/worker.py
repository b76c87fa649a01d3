"""A worker process: processes the chunks that it is handed, one after the other.

The server that forks the workers preloads this module: with the libraries loaded, a worker starts in milliseconds.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from chunk_runner.commands.termination import stop_on_sigterm
from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure
from chunk_runner.errors import ConfigurationError
from chunk_runner.sandbox import template
from chunk_runner.sandbox.child import die_with_parent
from chunk_runner.stages.process import process
from chunk_runner.workspace.files import Workspace
from chunk_runner.workspace.manifest import Manifest
from pdfjob_cli.exit_codes import STOPS


if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

STOPPED = Failure(Reason.JOB_STOPPED, "The job was stopped before this chunk was started.")


class Work(NamedTuple):
    """The work that is sent to every worker once.

    Attributes:
        manifest: The prepared job.
        workspace: The workspace of the job.
        source: The PDF.
        counters: The number of pages done, for each chunk; shared by all workers.
        stopped: 1 if no further chunk may be started; shared by all workers.
    """

    manifest: Manifest
    workspace: Workspace
    source: Path
    counters: Any
    stopped: Any


_assigned: list[Work] = []
"""The work of this process: one item, from its start on."""


def start(work: Work) -> None:
    """Set up a new worker. It heeds SIGTERM and nothing else, because the run ends its workers itself.

    As long as it processes no chunk, SIGTERM ends it at once, as the pool has arranged: there is nothing to keep.
    """
    _assigned.append(work)
    _end_with_run()
    for number in {*STOPS} - {signal.SIGTERM}:
        signal.signal(number, signal.SIG_IGN)
    template.start()  # before anything reads the API key


def _end_with_run() -> None:
    """Have this process end with the run, however that ends, or it would go on asking a model for half an hour."""
    die_with_parent(os.getppid())  # the server that forked this process, which ends with the run: see `fork_server`
    run = multiprocessing.parent_process()
    if run is None or not run.is_alive():
        os._exit(ExitCode.INTERRUPTED)
    if sys.platform != "linux":
        threading.Thread(target=_exit_after, args=(run,), daemon=True).start()


def _exit_after(process: BaseProcess) -> None:
    process.join()  # reads from a pipe of which the run has the other end
    os._exit(ExitCode.INTERRUPTED)


def process_chunk(index: int) -> None:
    """Process a chunk and count its pages.

    Raises:
        StageError: The chunk cannot be processed.
    """
    (work,) = _assigned
    if work.stopped.value:
        raise ConfigurationError(Reason.JOB_STOPPED, STOPPED.message)
    handler = signal.getsignal(signal.SIGTERM)
    try:
        try:
            stop_on_sigterm()
            _process(work, index)
        finally:
            signal.signal(signal.SIGTERM, handler)
    except SystemExit:  # everything is kept; the pool would take this for a result, and hand out the next chunk
        os._exit(ExitCode.INTERRUPTED)
    except ConfigurationError:  # every other chunk would fail, too; the parent may be slower than the next chunk
        work.stopped.value = 1
        raise


def _process(work: Work, index: int) -> None:
    workspace = work.workspace.for_attempt(uuid.uuid4().hex)

    def on_page() -> None:
        work.counters[index] += 1

    process(work.manifest, index, workspace, on_page, work.source)
