"""The API key is in the memory of the processes that send requests, and of no process that opens PDFs."""

from collections.abc import Iterable
from pathlib import Path

import psutil
import pytest

from integration.gemini.book import KEY, spec
from processes.pods import Pods
from processes.running import descendants, occurrences, start_pdfjob, until
from tools.fake_gemini.server import GeminiServer


pytestmark = pytest.mark.needs("confinement")


def templates(pid: int) -> list[int]:
    """Return the processes from which sandboxes are forked: they have forgotten their environment."""
    return [process.pid for process in descendants(pid) if _has_forgotten_environment(process)]


def _has_forgotten_environment(process: psutil.Process) -> bool:
    environment = Path(f"/proc/{process.pid}/environ").read_bytes()
    return bool(environment) and not environment.strip(b"\0")  # a process that has ended has none


def with_key(pids: Iterable[int]) -> list[int]:
    return [pid for pid in pids if occurrences(pid, KEY.encode())]


def test_in_a_pod_the_process_that_opens_pdfs_does_not_have_the_key(pods: Pods, server: GeminiServer) -> None:
    pods.prepare(spec(2))
    server.configure(held=True)

    with pods.start("process", JOB_COMPLETION_INDEX="0") as process:
        until(lambda: bool(server.log()))  # by now the pages are read, and the key is used
        found = templates(process.pid)
        assert found
        assert with_key([process.pid, *found]) == [process.pid]
        server.configure(held=False)
        assert process.wait() == 0


def test_on_a_laptop_the_processes_that_open_pdfs_do_not_have_the_key(pods: Pods, server: GeminiServer) -> None:
    server.configure(held=True)
    options = ["--processor", "gemini", "--workers", "1", "--output", str(pods.workspace / "out.json")]

    with start_pdfjob("run", pods.volume / "book.pdf", *options) as process:
        until(lambda: bool(server.log()))
        found = templates(process.pid)
        assert len(found) >= 2  # of the command, and of a worker
        assert with_key(found) == []
        assert with_key([process.pid]) == [process.pid]
        server.configure(held=False)
        code = process.wait()

    assert code == 0, process.err
