"""Documents of known sentences with something else on their pages, and the entries that a job makes of them."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.report import Failure
from chunk_runner.source import identify
from chunk_runner.stages.merge import merge
from chunk_runner.stages.prepare import prepare
from chunk_runner.stages.process import process
from chunk_runner.workspace.files import Workspace


WIDTH, HEIGHT = 595.0, 842.0
FONT, SIZE, LEADING = "Times-Roman", 11.0, 14.0
LEFT, RIGHT, TOP, BOTTOM = 90.0, 505.0, 750.0, 90.0

Decoration = Callable[[Canvas, int], None]
"""Draws what stands beside the text of a page, given its 1-based number."""


def prose(count: int, seed: int = 1) -> list[str]:
    """Sentences that have a capital letter at the beginning only."""
    random = Random(seed)  # noqa: S311 (prose, not secrets)
    who = ["The ferryman", "My aunt", "A clerk", "The twins", "Nobody", "Their guest", "The schoolmaster"]
    did = ["mended", "sold", "remembered", "hid", "praised", "carried home", "gave away"]
    what = ["the blue kettle", "a box of letters", "the lamp by the door", "two pounds of flour", "an old umbrella"]
    when = ["before supper", "in the cold spring", "while it snowed", "and said no more", "after the long journey"]
    return [" ".join(map(random.choice, (who, did, what, when))) + "." for _ in range(count)]


def wrapped(text: str, width: float, font: str = FONT, size: float = SIZE) -> Iterator[str]:
    """The lines of a text."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and stringWidth(longer, font, size) > width:
            yield line
            line = word
        else:
            line = longer
    yield line


def show(canvas: Canvas, text: str, left: float, bottom: float, *, size: float = SIZE, font: str = FONT) -> None:
    """Draw a line of text."""
    canvas.setFont(font, size)
    canvas.drawString(left, bottom, text)


def write_lines(path: Path, lines: list[tuple[str, float] | tuple[str, float, str] | None]) -> None:
    """Write lines, each with its left edge and its font; `None` is half a line of space."""
    canvas = Canvas(str(path), pagesize=(WIDTH, HEIGHT), invariant=True)
    bottom = TOP
    for line in lines:
        if line is None:
            bottom -= LEADING / 2
            continue
        text, left, *font = line
        show(canvas, text, left, bottom, font=font[0] if font else FONT)
        bottom -= LEADING
    canvas.save()


def write_prose(
    path: Path,
    sentences: Sequence[str],
    *,
    decoration: Decoration = lambda _canvas, _page: None,
    place: str = "before",
    lines_per_page: int = 40,
    first_line: Callable[[int], int] = lambda _page: 0,
    leading: float = LEADING,
    left: float = LEFT,
) -> int:
    """Write sentences as one long paragraph, with a decoration on each page.

    Args:
        path: The file.
        sentences: The sentences.
        decoration: What else is drawn on each page.
        place: `before` the text or `after` it.
        lines_per_page: The lines of a page.
        first_line: The lines at the top of a page that stay free, by page.
        leading: The distance from line to line.
        left: The left edge of the text.

    Returns:
        The number of pages.
    """
    canvas = Canvas(str(path), pagesize=(WIDTH, HEIGHT), invariant=True)
    lines = list(wrapped(" ".join(sentences), RIGHT - left))
    page = 0
    while lines:
        page += 1
        if place == "before":
            decoration(canvas, page)
        free = first_line(page)
        for at in range(free, lines_per_page):
            if lines:
                show(canvas, lines.pop(0), left, TOP - at * leading)
        if place == "after":
            decoration(canvas, page)
        canvas.showPage()
    canvas.save()
    return page


def entries(path: Path, pages_per_chunk: int = 30) -> list[str]:
    """The texts of the entries that a job makes of a file, all stages run in this process."""
    with TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder), "attempt")
        manifest = prepare(JobSpec(path.name, pages_per_chunk=pages_per_chunk), identify(path), workspace).manifest
        for chunk in manifest.chunks:
            process(manifest, chunk.index, workspace)
        report = merge(workspace, Failure("Crashed", "never"))
        assert report.merged is not None
        output = json.loads(workspace.path("output.json").read_bytes())
        return [entry["text"] for entry in output["sentences"]]


def missing(path: Path, sentences: Sequence[str]) -> list[str]:
    """The sentences that are no entries of their own, whatever the chunk size."""
    found = entries(path)
    assert entries(path, pages_per_chunk=1) == found
    return list((Counter(sentences) - Counter(found)).elements())
