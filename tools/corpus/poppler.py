"""Poppler: an independent reader of PDFs, to compare with.

Knows its two programs, and how to install them where this is root on Debian. Must not know what is compared.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.corpus.sources import MissingPrerequisiteError
from tools.testcluster import cache
from tools.testcluster.shell import ClusterError, run, say


_PACKAGES = ("poppler-utils", "poppler-data")
_PROGRAMS = ("pdfinfo", "pdftotext")
_DATA = Path("/usr/share/poppler/cMap")
"""Without it, which Debian leaves to choice, poppler reads no Japanese whose fonts are not in the file."""
_SECONDS = 60


@dataclass(frozen=True)
class Reading:
    """What poppler makes of a file.

    Attributes:
        pages: How many; `None` where it does not open the file.
        text: Of all pages.
        complaint: Why it does not open it.
    """

    pages: int | None
    text: str = ""
    complaint: str = ""


def install() -> None:
    """Install poppler where it is missing and this is root on Debian.

    Raises:
        MissingPrerequisiteError: It is missing, and cannot be installed.
    """
    if _is_here():
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise MissingPrerequisiteError(f"poppler is not here: install {' and '.join(_PACKAGES)}")
    quiet, log = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, cache.folder() / "log" / "apt-poppler.log"
    command = ["apt-get", "install", "-y", "--no-install-recommends", *_PACKAGES]
    with cache.lock("apt"):
        if not _is_here():
            say(f"installing {' '.join(_PACKAGES)}: half a minute")
            try:
                run(["apt-get", "update"], "updating the package lists", env=quiet, log=log)
                run(command, "installing poppler", env=quiet, log=log)
            except ClusterError as error:
                raise MissingPrerequisiteError(str(error)) from error


def version() -> str:
    """Poppler's version."""
    printed = subprocess.run(["pdfinfo", "-v"], capture_output=True, text=True, check=True).stderr
    return printed.splitlines()[0].removeprefix("pdfinfo version ")


def read(path: Path, password: str | None) -> Reading:
    """What poppler makes of this file."""
    unlock = ["-upw", password, "-opw", password] if password else []  # the user's or the owner's
    try:
        info = _ask(["pdfinfo", *unlock, path])
        pages = re.search(r"^Pages: +(\d+)$", info.stdout, re.MULTILINE)
        if pages is None:
            return Reading(None, complaint=(info.stderr.strip().splitlines() or ["no page count"])[-1])
        return Reading(int(pages[1]), _ask(["pdftotext", "-enc", "UTF-8", *unlock, path, "-"]).stdout)
    except subprocess.TimeoutExpired:
        return Reading(None, complaint=f"not done in {_SECONDS} s")


def _ask(command: list[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", timeout=_SECONDS, check=False
    )


def _is_here() -> bool:
    of_debian = shutil.which("apt-get") is not None
    return all(shutil.which(program) for program in _PROGRAMS) and (_DATA.exists() or not of_debian)
