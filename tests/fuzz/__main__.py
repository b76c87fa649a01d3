"""`make fuzz`: tries the parsers of `targets` with Atheris for some time each, guided by coverage.

Atheris is outside the lock, because nothing else needs it. Inputs that reach new code stay in a folder, from which the
next run begins; an input that raises what is not documented is printed, kept there, and ends the run with an error.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import atheris


with atheris.instrument_imports(include=["chunk_runner", "pdfjob_operator"]):
    from fuzz.targets import TARGETS


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="fuzz", description="Fuzz everything that is parsed from outside.")
    parser.add_argument("--hours", type=float, default=1, help="for all targets together [%(default)s]")
    parser.add_argument("--corpus", type=Path, required=True, help="the folder for inputs")
    parser.add_argument("--target", choices=list(TARGETS), help="one target instead of all")
    arguments = parser.parse_args()
    seconds = max(int(arguments.hours * 3600 / (1 if arguments.target else len(TARGETS))), 1)
    if arguments.target:
        _fuzz(arguments.target, arguments.corpus / arguments.target.replace(" ", "-"), seconds)
        return
    failed = [name for name in TARGETS if _run(name, arguments.corpus, seconds)]
    print(f"{len(TARGETS)} targets, {seconds} s each; failed: {', '.join(failed) or 'none'}")  # noqa: T201 (a program)
    sys.exit(bool(failed))


def _run(name: str, corpus: Path, seconds: int) -> int:
    """Fuzz a target in a process of its own, because Atheris ends its process; return the exit code."""
    hours = str(seconds / 3600)
    command = [sys.executable, "-m", "fuzz", "--target", name, "--hours", hours, "--corpus", str(corpus)]
    return subprocess.run(command, check=False).returncode


def _fuzz(name: str, folder: Path, seconds: int) -> None:
    """Fuzz a target; ends the process."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(TARGETS[name].seeds):
        folder.joinpath(f"seed-{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", "-max_len=16384", "-timeout=25", f"-artifact_prefix={folder}/"]
    atheris.Setup([sys.argv[0], *options, str(folder)], TARGETS[name].try_)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
