"""Takes out one remedy after the other, and checks that the test that docs/reliability.md names for it fails.

`make mutants` tries all of them; `NAMES="no-fsync"` only some. CI tries a third with each commit, by turns. Everything
happens in copies of the working tree.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tools.mutants.table import ROOT, Mutant, load
from tools.turn import part


PROCESSES = 2
PACKAGES = ("operator", "chunk-runner", "cli")

PASSED, FAILED = 0, 1
"""Exit codes of pytest; every other one is an error, not a verdict."""

TIMEOUT_SECONDS = 600
"""Of the tests of one mutant: one that hangs is found only here, and counts as an error."""


def main() -> None:
    """Try mutants, and exit with an error unless a test fails for each."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="only these mutants")
    parser.add_argument("--third", action="store_true", help="only the third whose turn it is with this commit")
    arguments = parser.parse_args()
    mutants = load()
    if unknown := {*arguments.names} - {it.name for it in mutants}:
        sys.exit(f"docs/reliability.md names no mutant {', '.join(sorted(unknown))}.")
    if arguments.names:
        mutants = [it for it in mutants if it.name in arguments.names]
    if arguments.third:
        mutants = list(part(mutants, 3))
    with tempfile.TemporaryDirectory(prefix="pdfjob-mutants-") as folder:
        sys.exit(_try_all(mutants, Path(folder)))


def _try_all(mutants: list[Mutant], folder: Path) -> str | None:
    """Try mutants in several copies of the tree at once; return what is wrong, or `None`."""
    copies: SimpleQueue[Path] = SimpleQueue()
    for number in range(PROCESSES):
        copies.put(_copy(folder / str(number)))

    def judge(mutant: Mutant | None) -> str | None:
        copy = copies.get()
        try:
            return _verdict(copy, mutant) if mutant is not None else _complaint_without_mutant(copy, mutants)
        finally:
            copies.put(copy)

    with ThreadPoolExecutor(PROCESSES) as threads:
        # All at once, the tests must pass: a test that fails anyway proves nothing.
        if (complaint := threads.submit(judge, None).result()) is not None:
            return complaint
        wrong = [
            f"{mutant.name}: {said}" for mutant, said in zip(mutants, threads.map(judge, mutants), strict=True) if said
        ]
    _say(f"{len(mutants) - len(wrong)} of {len(mutants)} mutants were killed.")
    return "\n".join(wrong) or None


def _complaint_without_mutant(copy: Path, mutants: list[Mutant]) -> str | None:
    files = sorted({file for mutant in mutants for file in mutant.files})
    names = sorted({name for mutant in mutants for name in mutant.tests})
    code, output = _pytest(copy, files, names)
    return None if code == PASSED else f"{output}\nThe tests fail without any mutant: mend them first."


def _verdict(copy: Path, mutant: Mutant) -> str | None:
    """Apply a mutant, run its tests, and take it back; return what is wrong, or `None` if a test failed."""
    file = copy / mutant.file
    text = file.read_text(encoding="utf-8")
    file.write_text(mutant.applied(text), encoding="utf-8")
    try:
        code, output = _pytest(copy, mutant.files, mutant.tests)
    except subprocess.TimeoutExpired:
        return f"its tests hang: bound what they wait for ({mutant.named})"
    finally:
        file.write_text(text, encoding="utf-8")
    if code == FAILED:
        _say(f"killed    {mutant.name}")
        return None
    _say(f"SURVIVED  {mutant.name}" if code == PASSED else f"ERROR     {mutant.name}\n{output}")
    return f"no test fails that the row names ({mutant.named})" if code == PASSED else f"pytest exited with {code}"


def _pytest(copy: Path, files: list[str], names: list[str]) -> tuple[int, str]:
    """Run these tests of a copy until one fails; return pytest's exit code and output."""
    command = [sys.executable, "-m", "pytest", "--quiet", "--exitfirst", "--numprocesses=0", "-p", "no:cacheprovider"]
    command += ["-m", "not exhaustive", "-k", " or ".join(names), *files]
    path = os.pathsep.join(str(copy / package) for package in PACKAGES)
    env = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=copy, env=env, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS
    )
    return done.returncode, done.stdout + done.stderr


def _copy(folder: Path) -> Path:
    """Copy the files of the working tree that are under version control, or would be."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
