"""Pages as the reader returns them, made of segments at given positions."""

from array import array
from typing import NamedTuple

from chunk_runner.pdf.page import Box, Page, PageRef, PageState


SIZE = 10.0
"""The size of the text of these pages."""

LEADING = 14.0
"""The distance from line to line."""

WIDTH, HEIGHT = 600.0, 800.0


class Text(NamedTuple):
    """A segment: its text, the lower left corner of its line, and what is unusual about it."""

    text: str
    left: float
    bottom: float
    size: float = SIZE
    right: float | None = None
    angle: float = 0
    font: int = 0
    row: int | None = None


def make_page(*texts: Text | tuple[str, float, float], number: int = 1) -> Page:
    """A page of segments, each a line of its own unless rows are given."""
    positions = array("f")
    for at, text in enumerate(texts):
        segment = Text(*text)
        right = segment.left + len(segment.text) * segment.size / 2 if segment.right is None else segment.right
        row = at if segment.row is None else segment.row
        top = segment.bottom + segment.size
        positions.extend(Box(segment.left, segment.bottom, right, top, segment.size, segment.angle, segment.font, row))
    lines = [text[0] for text in texts]
    return Page(PageRef(number, number), PageState.OK, lines, positions, WIDTH, HEIGHT)
