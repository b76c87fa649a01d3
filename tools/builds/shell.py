"""Running programs, waiting for conditions, and reporting errors.

Knows how to run a program, how to wait for something, and how to say in one sentence what went wrong and where to read
more. Must know nothing of clusters, images or the cache.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar


T = TypeVar("T")


class SetupError(Exception):
    """A foreseeable failure; the message tells the user the reason."""


def say(sentence: str) -> None:
    """Print a message about the progress to stderr."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def run(
    argv: Sequence[str | Path],
    what: str,
    *,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
) -> str:
    """Run a program and return its output; with log, its output goes to that file instead.

    what completes the sentence "... failed", e.g. "building Helm".
    """
    try:
        if log is None:
            done = subprocess.run(argv, input=stdin, env=env, cwd=cwd, text=True, capture_output=True, check=False)
            output = done.stderr or done.stdout
        else:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("w") as out:
                done = subprocess.run(
                    argv, input=stdin, env=env, cwd=cwd, text=True, stdout=out, stderr=subprocess.STDOUT, check=False
                )
            output = tail(log)
    except FileNotFoundError as missing:
        raise SetupError(f"{what} failed: program {argv[0]} is not installed") from missing
    if done.returncode:
        where = f"; see {log}" if log else ""
        raise SetupError(f"{what} failed with exit code {done.returncode}{where}\n{output.strip()}")
    return done.stdout or ""


def tail(log: Path, lines: int = 12) -> str:
    """Return the end of a log, or a remark if there is no log."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return "(no log was written)"
    return "\n".join(text.splitlines()[-lines:]) or "(the log is empty)"


def wait_until(condition: Callable[[], T | None], *, what: str, seconds: float, see: Path, every: float = 0.1) -> T:
    """Poll a condition until it returns something true, and return that.

    what completes the sentence "... within N s", e.g. "the node did not become Ready"; see is the log or folder that
    tells why.
    """
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise SetupError(f"{what} within {seconds:.0f} s; see {see}")
        time.sleep(every)
    return answer
