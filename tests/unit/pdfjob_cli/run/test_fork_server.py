"""Tests of the server that forks the workers: how it ends."""

import multiprocessing
import os
import signal
from importlib import import_module
from pathlib import Path

import pytest

from processes.running import PATIENCE_SECONDS, signal_at_end_of_parent


@pytest.mark.skipif(not Path("/proc").exists(), reason="elsewhere, it ends when the run has closed its pipe")
def test_the_server_is_killed_with_its_run() -> None:
    process = multiprocessing.get_context("spawn").Process(target=_tell_what_the_end_of_the_run_sends, daemon=True)

    process.start()
    process.join(PATIENCE_SECONDS)

    assert process.exitcode == signal.SIGKILL


def _tell_what_the_end_of_the_run_sends() -> None:
    import_module("pdfjob_cli.run.fork_server")
    os._exit(signal_at_end_of_parent())
