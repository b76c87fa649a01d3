"""Captions of figures and tables, which may stand between the two halves of a sentence. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from chunk_runner.text.caption_labels import is_caption
from chunk_runner.text.layout.line import Row


_LINES_LIMIT = 12
"""Lines of a caption. More, without a gap below it, are the text of the page."""


def captions(column: Sequence[Row], apart: Sequence[bool]) -> set[int]:
    """Return the indexes of lines that belong to captions.

    Args:
        column: The lines of a column.
        apart: For each line, True if a gap or another size separates it from the line above.
    """
    found: set[int] = set()
    at = 0
    while at < len(column):
        end = at + 1
        if (at == 0 or apart[at]) and is_caption(column[at].text):
            while end < len(column) and not apart[end]:
                end += 1
            found.update(range(at, end if end - at <= _LINES_LIMIT else at + 1))
        at = end
    return found
