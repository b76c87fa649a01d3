"""Redis, poppler and Prometheus: the path of each program, and how to install Debian's package of it.

Looking for a program changes nothing on the machine. Must not know which tests need it.
"""

import shutil
from pathlib import Path

from tools.builds import cache, packages
from tools.builds.shell import run


POPPLER = ("pdfinfo", "pdftotext")
POPPLER_DATA = Path("/usr/share/poppler/cMap")
"""Without it, which Debian only recommends, poppler reads no Japanese text whose fonts are not embedded."""

PROMETHEUS = ("prometheus", "promtool")


class MissingProgramError(Exception):
    """A program is not on this machine."""


def find(name: str) -> Path | None:
    """Return the path of a program: on PATH, in an administrator's folder, or unpacked in the cache folder."""
    if found := shutil.which(name, path=packages.SYSTEM_PATH):
        return Path(found)
    unpacked = _prometheus_folder() / "usr" / "bin" / name
    return unpacked if unpacked.exists() else None


def path_of(name: str) -> Path:
    """Return the path of a program.

    Raises:
        MissingProgramError: It is not on this machine.
    """
    if found := find(name):
        return found
    raise MissingProgramError(f"{name} is not on this machine: `make test-cluster` installs it")


def has_redis() -> bool:
    """Return whether a Redis server can be started."""
    return find("redis-server") is not None


def has_poppler() -> bool:
    """Return whether poppler can read PDFs in every script."""
    has_data = POPPLER_DATA.exists() or not shutil.which("apt-get")
    return has_data and all(find(program) for program in POPPLER)


def has_prometheus() -> bool:
    """Return whether Prometheus can be started, and promtool."""
    return all(find(program) for program in PROMETHEUS)


def install_redis() -> None:
    """Install Debian's Redis server, and keep Debian from starting it."""
    packages.apt_install("redis-server", RUNLEVEL="1")  # the run level of a machine under repair


def install_poppler() -> None:
    """Install Debian's poppler, with the data for Asian scripts."""
    packages.apt_install("poppler-utils", "poppler-data")


def unpack_prometheus() -> None:
    """Unpack Debian's package of Prometheus in the cache folder: installed, it would start servers at once."""

    def fetch(folder: Path) -> None:
        folder.mkdir()
        log = cache.folder() / "log" / "prometheus.log"
        packages.update_lists()
        run(["apt-get", "download", "prometheus"], "downloading Debian's package of Prometheus", cwd=folder, log=log)
        (package,) = folder.glob("*.deb")
        run(["dpkg-deb", "--extract", package, folder], "unpacking Prometheus", log=log)
        package.unlink()

    cache.once(_prometheus_folder(), fetch)


def _prometheus_folder() -> Path:
    return cache.folder() / "prometheus"
