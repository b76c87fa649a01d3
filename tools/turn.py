"""The turn of a commit: each makes a part of the checks, and as many commits in a row as there are parts make all."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar


T = TypeVar("T")


def part(checks: Sequence[T], parts: int) -> Sequence[T]:
    """Return the part whose turn it is with this commit, of so many; the same commit always makes the same checks."""
    return checks[turn() % parts :: parts]


def turn() -> int:
    """Return how many commits led to this one; 0 without a history."""
    command = ("git", "rev-list", "--count", "HEAD")
    counted = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return int(counted.stdout) if counted.returncode == 0 else 0
