"""The real command on one file, as a real process.

Knows the command line, its exit codes and its output. Must not know poppler.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


_COMPILED = tempfile.TemporaryDirectory(prefix="corpus-pycache-")


@dataclass(frozen=True)
class Run:
    """What the command did.

    Attributes:
        exit_code: `None` where it had to be stopped.
        seconds: How long it took.
        summary: What it printed with --json.
        said: What it wrote to stderr.
        output: The output; empty where there is none.
    """

    exit_code: int | None
    seconds: float
    summary: dict[str, Any]
    said: str
    output: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The output, read."""
        document: dict[str, Any] = json.loads(self.output) if self.output else {}
        return document

    @property
    def pages(self) -> int | None:
        """Pages of the source, where it was opened."""
        pages: int | None = self.document["source"]["pages"] if self.output else self.summary.get("pages")
        return pages or None

    @property
    def ledger(self) -> dict[str, list[int]]:
        """The pages in each state."""
        return {state: _numbers(ranges) for state, ranges in self.document.get("ledger", {}).items()}

    @property
    def text(self) -> str:
        """Every sentence."""
        return "\n".join(sentence["text"] for sentence in self.document.get("sentences", []))

    @property
    def failure(self) -> str:
        """The reason in one word, where there is no output."""
        return str(self.summary.get("failure", {}).get("reason", ""))


def run(source: Path, folder: Path, *options: str, password: str | None, seconds: float) -> Run:
    """Run `pdfjob run` on a file, for so many seconds at most; folder is where it may write."""
    folder.mkdir(parents=True)
    output = folder / "output.json"
    command: list[str | Path] = [sys.executable, "-m", "pdfjob_cli", "run", source, "-o", output, "--json", *options]
    if password is not None:
        (folder / "password").write_text(password)
        command += ["--password-file", folder / "password"]
    started = time.monotonic()
    # Python's compiled files are kept from run to run, as they are on a user's machine: it halves the time of most
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": _COMPILED.name}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # a session of its own: what it started ends with it
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            printed, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            _, said = process.communicate()
            return Run(None, time.monotonic() - started, {}, said, b"")
    return Run(
        process.returncode,
        time.monotonic() - started,
        json.loads(printed) if printed.strip() else {},
        said,
        output.read_bytes() if output.exists() else b"",
    )


def _numbers(ranges: str) -> list[int]:
    numbers: list[int] = []
    for part in filter(None, ranges.split(",")):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers
