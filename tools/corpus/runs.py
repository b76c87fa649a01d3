"""Runs the real command on one file or on several, as a real process.

Knows the command line, its exit codes and its output. Must not know poppler.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


_COMPILED = tempfile.TemporaryDirectory(prefix="corpus-pycache-")


@dataclass(frozen=True)
class Run:
    """The results of one command.

    Attributes:
        exit_code: Exit code; `None` if the command timed out.
        seconds: Duration in seconds.
        summary: Summary that `--json` printed.
        said: Content of stderr.
        output: Output file; empty if the command wrote none.
    """

    exit_code: int | None
    seconds: float
    summary: dict[str, Any]
    said: str
    output: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The parsed output."""
        document: dict[str, Any] = json.loads(self.output) if self.output else {}
        return document

    @property
    def pages(self) -> int | None:
        """Number of pages of the source; `None` if the source could not be opened."""
        pages: int | None = self.document["source"]["pages"] if self.output else self.summary.get("pages")
        return pages or None

    @property
    def ledger(self) -> dict[str, list[int]]:
        """Pages by state."""
        return {state: _numbers(ranges) for state, ranges in self.document.get("ledger", {}).items()}

    @property
    def text(self) -> str:
        """All sentences, one per line."""
        return "\n".join(sentence["text"] for sentence in self.document.get("sentences", []))

    @property
    def failure(self) -> str:
        """Reason for the failure; empty if the command wrote an output."""
        return str(self.summary.get("failure", {}).get("reason", ""))


def run(source: Path, folder: Path, *options: str, password: str | None, seconds: float) -> Run:
    """Run `pdfjob run` on a file.

    Args:
        source: The PDF.
        folder: Folder for the output; must not exist.
        options: Further options of the command.
        password: Password of the PDF, if it needs one.
        seconds: Timeout in seconds.
    """
    folder.mkdir(parents=True)
    output = folder / "output.json"
    command: list[str | Path] = [sys.executable, "-m", "pdfjob_cli", "run", source, "-o", output, "--json", *options]
    if password is not None:
        (folder / "password").write_text(password)
        command += ["--password-file", folder / "password"]
    started = time.monotonic()
    exit_code, printed, said = _execute(command, seconds)
    if exit_code is None:
        return Run(None, time.monotonic() - started, {}, said, b"")
    return Run(
        exit_code,
        time.monotonic() - started,
        json.loads(printed) if printed.strip() else {},
        said,
        output.read_bytes() if output.exists() else b"",
    )


def outputs(sources: Mapping[str, Path], folder: Path, *options: str, seconds: float) -> dict[str, dict[str, Any]]:
    """Run `pdfjob run` once on several files, and return the parsed output of each that has one, by its name.

    Args:
        sources: The PDFs by name.
        folder: Folder for links to the files and for the outputs; must not exist.
        options: Further options of the command.
        seconds: Timeout in seconds.

    Raises:
        TimeoutError: It was exceeded.
    """
    folder.mkdir(parents=True)
    names = dict(zip(map(str, range(len(sources))), sources, strict=True))  # the outputs are named like the files
    for stem, name in names.items():
        (folder / f"{stem}.pdf").symlink_to(sources[name])
    paths = [folder / f"{stem}.pdf" for stem in names]
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pdfjob_cli",
        "run",
        *paths,
        "-o",
        folder / "outputs",
        "--workers=1",
        *options,
    ]
    exit_code, _, said = _execute(command, seconds)
    if exit_code is None:
        raise TimeoutError(f"{len(paths)} files took longer than {seconds} s: {said}")
    found = {stem: folder / "outputs" / f"{stem}.json" for stem in names}
    return {names[stem]: json.loads(path.read_bytes()) for stem, path in found.items() if path.exists()}


def _execute(command: Sequence[str | Path], seconds: float) -> tuple[int | None, str, str]:
    """Return exit code, stdout and stderr of a command; the exit code is `None` if it timed out."""
    # Keep compiled files between runs, as on a user's machine: this halves the duration of most runs.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": _COMPILED.name}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # In its own session, so that a timeout kills all its processes.
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
            return None, *process.communicate()
    return process.returncode, printed, said


def _numbers(ranges: str) -> list[int]:
    numbers: list[int] = []
    for part in filter(None, ranges.split(",")):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers
