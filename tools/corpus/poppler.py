"""Poppler, an independent PDF reader to compare results with.

Knows poppler's two programs and how to install them as root on Debian. Must not know the comparison.
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
"""Optional on Debian; without it, poppler cannot read Japanese text whose fonts are not embedded."""
_SECONDS = 60
"""Timeout of one program, in seconds."""


@dataclass(frozen=True)
class Reading:
    """Poppler's results for one file.

    Attributes:
        pages: Number of pages; `None` if poppler cannot open the file.
        text: Text of all pages.
        complaint: Error message if poppler cannot open the file.
    """

    pages: int | None
    text: str = ""
    complaint: str = ""


def install() -> None:
    """Install poppler if it is missing.

    Raises:
        MissingPrerequisiteError: Poppler is missing, and this is not root on Debian, or the installation failed.
    """
    if _is_here():
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise MissingPrerequisiteError(f"poppler is not installed: install {' and '.join(_PACKAGES)}")
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
    """Return the version of poppler."""
    printed = subprocess.run(["pdfinfo", "-v"], capture_output=True, text=True, check=True).stderr
    return printed.splitlines()[0].removeprefix("pdfinfo version ")


def read(path: Path, password: str | None) -> Reading:
    """Read a file with poppler; the password may be the user's or the owner's."""
    unlock = ["-upw", password, "-opw", password] if password else []
    try:
        info = _ask(["pdfinfo", *unlock, path])
        pages = re.search(r"^Pages: +(\d+)$", info.stdout, re.MULTILINE)
        if pages is None:
            return Reading(None, complaint=(info.stderr.strip().splitlines() or ["no page count"])[-1])
        return Reading(int(pages[1]), _ask(["pdftotext", "-enc", "UTF-8", *unlock, path, "-"]).stdout)
    except subprocess.TimeoutExpired:
        return Reading(None, complaint=f"timed out after {_SECONDS} s")


def _ask(command: list[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", timeout=_SECONDS, check=False
    )


def _is_here() -> bool:
    of_debian = shutil.which("apt-get") is not None
    return all(shutil.which(program) for program in _PROGRAMS) and (_DATA.exists() or not of_debian)
