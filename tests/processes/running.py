"""Real processes of the project, started as a user starts them, and how tests wait for them."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Self

import psutil


PATIENCE_SECONDS = 240.0
"""How long a test waits for anything. No promise: the machine may be busy."""

_PR_GET_PDEATHSIG = 2


def until(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Return as soon as the condition holds."""
    deadline, pause = time.monotonic() + seconds, Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.005)


def _heed_every_signal() -> None:
    """Undo what a process inherits that a shell starts in the background, or with `nohup`: it ignores some signals."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Running:
    """A process that writes to files: it never waits for a reader, and what it has written can be read at any time.

    Killed at the end of the `with` block, if it still runs then; its output can be read afterwards.

    Attributes:
        pid: The number of the process.
    """

    def __init__(
        self, command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        self._folder = TemporaryDirectory(prefix="pdfjob-output-")
        self._written: dict[str, str] | None = None
        with self._file("out").open("wb") as out, self._file("err").open("wb") as err:
            self._process = subprocess.Popen(
                command,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdout=out,
                stderr=err,
                preexec_fn=_heed_every_signal,  # noqa: PLW1509 (takes no lock)
            )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._written = {name: self._file(name).read_text() for name in ("out", "err")}
        self._folder.cleanup()

    @property
    def out(self) -> str:
        """What it has written to stdout."""
        return self._text("out")

    @property
    def err(self) -> str:
        """What it has written to stderr."""
        return self._text("err")

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """Wait until it ends; return its exit code."""
        return self._process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """Send it SIGKILL, if it still runs, and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def _text(self, name: str) -> str:
        return self._file(name).read_text() if self._written is None else self._written[name]

    def _file(self, name: str) -> Path:
        return Path(self._folder.name, name)


def start_pdfjob(*arguments: str | Path, cwd: Path | None = None) -> Running:
    """`pdfjob` with these arguments, as at a terminal, where it heeds Ctrl-C."""
    return Running([sys.executable, "-m", "pdfjob_cli", *map(str, arguments)], cwd=cwd)


def descendants(pid: int) -> list[psutil.Process]:
    """The processes that this one started, and those that they started."""
    return psutil.Process(pid).children(recursive=True)


def signal_at_end_of_parent() -> int:
    """Return the signal that Linux sends this process when its parent ends; 0 for none (prctl(2))."""
    number = ctypes.c_int()
    assert ctypes.CDLL(None).prctl(_PR_GET_PDEATHSIG, ctypes.byref(number)) == 0
    return number.value


def occurrences(pid: int, text: bytes) -> int:
    """Return how often a text is in the memory of a process."""
    found = 0
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            first, last = (int(it, 16) for it in line.split()[0].split("-"))
            if line.split()[1].startswith("r") and "[v" not in line:
                memory.seek(first)
                found += memory.read(last - first).count(text)
    return found
