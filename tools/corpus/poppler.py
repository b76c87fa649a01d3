"""Poppler, an independent PDF reader to compare results with.

Knows poppler's two programs. Must not know the comparison.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path


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
