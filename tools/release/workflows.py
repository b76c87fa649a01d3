"""Check the GitHub workflows with actionlint, which is built the first time, and zizmor: `make release-check`.

Knows how to call both. zizmor looks for what an attacker could use, and asks GitHub nothing here.
"""

import os
import sys
from pathlib import Path

from tools.builds import binaries
from tools.builds.shell import SetupError, run


ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
"""The folder of the programs that Python packages bring: zizmor, and shellcheck for actionlint."""


def check() -> None:
    """Check every workflow.

    Raises:
        SetupError: One of the linters found something.
    """
    env = {**os.environ, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
    run([binaries.actionlint()], "checking the workflows with actionlint", cwd=ROOT, env=env)
    run([PROGRAMS / "zizmor", "--offline", "--quiet", ".github"], "checking the workflows with zizmor", cwd=ROOT)


if __name__ == "__main__":
    try:
        check()
    except SetupError as error:
        sys.exit(str(error))
