"""Tests of a worker process: how it ends, and when it begins no further chunk."""

import multiprocessing
import os
import signal
import sys
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest
from pebble import ProcessPool

from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ConfigurationError
from chunk_runner.workspace.files import Workspace
from pdfjob_cli.run import worker
from pdfjob_cli.run.worker import Work
from processes.running import PATIENCE_SECONDS, signal_at_end_of_parent


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
    work = Work(None, Workspace(said.parent, "run"), said, {}, SimpleNamespace(value=0))  # type: ignore[arg-type] # no manifest
    worker.start(work)
    pytest.MonkeyPatch().setattr(worker, "process", _fork)
    os.register_at_fork(after_in_parent=lambda: signal.raise_signal(signal.SIGTERM))
    worker.process_chunk(0)


def _fork(*_: object) -> None:
    if os.fork() == 0:
        os._exit(0)
    # However busy the machine is, a signal that is sent again ends this: its timer is due long before this one.
    Event().wait(2)


def test_a_sigterm_that_arrives_while_a_pool_starts_its_worker_ends_it_without_a_word(tmp_path: Path) -> None:
    said = tmp_path / "stderr"
    pool = ProcessPool(
        1, context=multiprocessing.get_context("spawn"), initializer=_be_stopped_at_start, initargs=(said,)
    )

    with pool:
        failed = pool.schedule(os.getpid).exception(PATIENCE_SECONDS)

    assert failed is not None  # the worker was gone before it could answer
    assert said.read_text() == ""


def _be_stopped_at_start(said: Path) -> None:
    with said.open("w") as file:
        os.dup2(file.fileno(), 2)
    work = Work(None, Workspace(said.parent, "run"), said, {}, SimpleNamespace(value=0))  # type: ignore[arg-type] # no manifest
    sys.addaudithook(lambda event, _: signal.raise_signal(signal.SIGTERM) if event == "os.fork" else None)
    worker.start(work)


@pytest.mark.skipif(not Path("/proc").exists(), reason="elsewhere, it waits for the end of the run in a thread")
def test_a_worker_is_killed_with_its_run() -> None:
    process = multiprocessing.get_context("spawn").Process(target=_tell_what_the_end_of_the_run_sends, daemon=True)

    process.start()
    process.join(PATIENCE_SECONDS)

    assert process.exitcode == signal.SIGKILL


def _tell_what_the_end_of_the_run_sends() -> None:
    worker.start(Work(None, None, Path(), None, None))  # type: ignore[arg-type] # a worker that is given no chunk
    os._exit(signal_at_end_of_parent())


def test_a_chunk_that_shows_that_no_other_can_succeed_is_the_last_that_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run stops its workers as well, but a worker may be faster than the run."""
    work = Work(None, Workspace(tmp_path, "run"), tmp_path, {}, SimpleNamespace(value=0))  # type: ignore[arg-type] # no manifest
    begun: list[int] = []

    def spend_quota(_: object, index: int, *__: object) -> None:
        begun.append(index)
        raise ConfigurationError(Reason.QUOTA_EXHAUSTED, "The quota is exhausted.")

    monkeypatch.setattr(worker, "_assigned", [work])
    monkeypatch.setattr(worker, "process", spend_quota)
    monkeypatch.setattr(worker, "stop_on_sigterm", lambda: None)  # of the process that tests
    for index in range(2):
        with pytest.raises(ConfigurationError):
            worker.process_chunk(index)

    assert begun == [0]
