"""Captions of figures and tables, which may stand between the two halves of a sentence. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from chunk_runner.text.caption_labels import is_caption
from chunk_runner.text.layout.line import Row


_LINES_LIMIT = 12
"""Lines of a caption of the text's size. More, without a gap below them, are the text of the page."""

_SMALLER = 0.95
"""A caption of any length is set smaller than this share of the text's size."""

_SAME_SIZE = 0.3
"""The sizes of a caption's lines differ by at most this many points."""


def captions(column: Sequence[Row], apart: Sequence[bool], size: float) -> set[int]:
    """Return the indexes of lines that belong to captions.

    Args:
        column: The lines of a column.
        apart: For each line, True if a gap or another size separates it from the line above.
        size: The size of the text, in points.
    """
    found: set[int] = set()
    at = 0
    while at < len(column):
        end = at + 1
        if (at == 0 or apart[at]) and is_caption(column[at].text):
            own_size = column[at].box.size
            while end < len(column) and not apart[end] and abs(column[end].box.size - own_size) <= _SAME_SIZE:
                end += 1
            if end - at <= _LINES_LIMIT or own_size < _SMALLER * size:
                found.update(range(at, end))
        at = end
    return found
