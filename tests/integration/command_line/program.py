"""The program `pdfjob` as a process of its own, files for it, and what is in its output."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from processes.running import PATIENCE_SECONDS, Running, start_pdfjob


PDFJOB = (sys.executable, "-m", "pdfjob_cli")


def pdfjob(
    *arguments: object,
    cwd: Path,
    stdin: bytes | None = None,
    env: dict[str, str] | None = None,
    limit: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `pdfjob` to its end; with a limit, none of its files may have more bytes."""
    done = subprocess.run(
        [*PDFJOB, *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=False,
        env=os.environ | (env or {}),
        preexec_fn=None if limit is None else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def start(book: Path, *options: str) -> Running:
    """Start `pdfjob run` on a book, with two workers."""
    return start_pdfjob("run", book.name, "--workers", "2", *options, cwd=book.parent)


def texts(path: Path) -> list[str]:
    return [entry["text"] for entry in json.loads(path.read_text())["sentences"]]


def sentences(pages: int) -> list[str]:
    return [f"This is page {number} of the book." for number in range(1, pages + 1)]


def write_scan(path: Path, scanned: int, readable: int = 0) -> Path:
    """A file of pictures, and pages of text after them."""
    canvas = Canvas(str(path), invariant=True)
    for _ in range(scanned):
        canvas.drawInlineImage(Image.new("1", (40, 60)), 50, 50, 400, 600)
        canvas.showPage()
    for number in range(1, readable + 1):
        canvas.drawString(60, 780, sentences(readable)[number - 1])
        canvas.showPage()
    canvas.save()
    return path
