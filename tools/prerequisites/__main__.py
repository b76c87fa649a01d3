"""The command line: `python -m tools.prerequisites` installs and builds what the tests need, and says so first.

Knows exit codes: 0 done, 1 something failed or cannot be had. Without a cluster, or in CI, what cannot be had is an
error; otherwise the tests that need it are left out.
"""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tools.builds import cache
from tools.builds.shell import SetupError, say
from tools.prerequisites.catalogue import PREREQUISITES, Prerequisite, given_kubeconfig


IMAGES = "images of the project and a Debian base image for them: built by the first test that needs them, 3-5 minutes"


def main() -> int:
    """Install what is missing, and return the exit code."""
    missing = {name: needed for name, needed in PREREQUISITES.items() if not needed.is_ready()}
    obstacles = {name: obstacle for name, needed in missing.items() if (obstacle := needed.obstacle())}
    for name, obstacle in obstacles.items():
        say(f"{name} cannot be installed here: {obstacle}")
    if "cluster" in obstacles or (obstacles and os.environ.get("CI")):
        return 1
    wanted = {name: needed for name, needed in missing.items() if name not in obstacles}
    if wanted:
        _announce({name: needed.work for name, needed in wanted.items()})
    try:
        _install([*wanted.values()])
    except SetupError as error:
        say(str(error))
        return 1
    return 0


def _install(wanted: Sequence[Prerequisite]) -> None:
    with ThreadPoolExecutor(max_workers=1) as thread:
        downloads = [thread.submit(needed.install) for needed in wanted if needed.is_download]
        for needed in wanted:
            if not needed.is_download:
                needed.install()
        for download in downloads:
            download.result()


def _announce(works: dict[str, str]) -> None:
    say(f"Missing on this machine; what is built or downloaded is kept in {cache.folder()}:")
    for name, work in works.items():
        say(f"  {name:14}{work}")
    if not given_kubeconfig():
        say(f"  {'images':14}{IMAGES}")


if __name__ == "__main__":
    sys.exit(main())
