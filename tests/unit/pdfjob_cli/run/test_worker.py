"""Tests of a worker process: how it ends."""

import multiprocessing
import os
import signal
from pathlib import Path

from chunk_runner.contract.exit_codes import ExitCode
from pdfjob_cli.run import worker
from pdfjob_cli.run.worker import Work
from processes.running import PATIENCE_SECONDS


def test_a_sigterm_that_arrives_in_a_hook_of_fork_ends_a_worker_without_a_word(tmp_path: Path) -> None:
    """Python drops exceptions that such a hook raises; the hooks of `logging` run whenever a worker forks."""
    said = tmp_path / "stderr"
    process = multiprocessing.get_context("spawn").Process(target=_be_stopped_while_forking, args=(said,), daemon=True)

    process.start()
    process.join(PATIENCE_SECONDS)

    assert (process.exitcode, said.read_text()) == (ExitCode.INTERRUPTED, "")


def _be_stopped_while_forking(said: Path) -> None:
    with said.open("w") as file:
        os.dup2(file.fileno(), 2)
    worker.start(Work(None, None, said, None, None))  # type: ignore[arg-type] # a worker that is given no chunk
    os.register_at_fork(after_in_parent=lambda: signal.raise_signal(signal.SIGTERM))
    if os.fork() == 0:
        os._exit(0)
    signal.pause()
