"""Prometheus and its promtool: those on PATH, or else Debian's.

Debian's package is unpacked into the cache folder and not installed: installed, it would start a server at once, and
others beside it.
"""

import os
import shutil
import subprocess
from pathlib import Path

from tools.testcluster import cache
from tools.testcluster.packages import UnsuitableMachineError
from tools.testcluster.shell import run


def program(name: str) -> Path:
    """Return the path of `prometheus` or `promtool`, and download the program if necessary."""
    if found := shutil.which(name):
        return Path(found)
    if not shutil.which("apt-get"):
        raise UnsuitableMachineError(f"there is no {name} on this machine, and no apt-get to fetch it")
    return cache.once(cache.folder() / "prometheus", _fetch) / "usr" / "bin" / name


def promtool(*arguments: str | Path, stdin: str | None = None) -> None:
    """Run promtool, which must not report a problem."""
    done = subprocess.run(
        [program("promtool"), *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _fetch(folder: Path) -> None:
    folder.mkdir()
    download = ["apt-get", "download", "prometheus"]
    log = cache.folder() / "log" / "prometheus.log"
    if os.geteuid() == 0:  # who is not root has to do with the lists as they are
        run(["apt-get", "update"], "updating the package lists", log=log)
    run(download, "fetching Debian's package of Prometheus", cwd=folder, log=log)
    (package,) = folder.glob("*.deb")
    run(["dpkg-deb", "--extract", package, folder], "unpacking Prometheus", log=log)
    package.unlink()
