"""Prometheus's promtool, which checks alerts and metrics."""

import subprocess
from pathlib import Path

from tools.prerequisites import programs


def promtool(*arguments: str | Path, stdin: str | None = None) -> None:
    """Run promtool, which must find nothing to complain of."""
    command = [programs.path_of("promtool"), *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
