"""What may stand between the two halves of a sentence: captions, pull quotes, tables. Pure."""

from __future__ import annotations

from collections.abc import Container, Sequence
from itertools import pairwise

from chunk_runner.text.caption_labels import is_caption
from chunk_runner.text.layout.line import Row, ends_sentence, is_smaller


_LINES_LIMIT = 12
"""Lines of a caption of the text's size. More, without a gap below them, are the text of the page."""

_SAME_SIZE = 0.3
"""The sizes of a caption's lines differ by at most this many points."""

_LARGER = 1.1
"""A pull quote is larger than the text by this factor, or bold, or in quotation marks."""

_QUOTES = frozenset("\"'“„«»‚‘")

_MINIMUM_WORDS, _WORD = 3, 3
"""The words of a pull quote, and the characters of a word."""


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
            if end - at <= _LINES_LIMIT or is_smaller(own_size, size):
                found.update(range(at, end))
        at = end
    return found


def pull_quotes(column: Sequence[Row], apart: Sequence[bool]) -> set[int]:
    """Return the indexes of lines in another font or size that are set apart in the middle of a sentence.

    Args:
        column: The lines of a column.
        apart: For each line, True if a gap or another size separates it from the line above.
    """
    found: set[int] = set()
    begins = [at for at, is_apart in enumerate(apart) if is_apart]
    for begin, end in pairwise(begins):
        before, after = column[begin - 1], column[end]
        block = column[begin:end]
        is_other = all(not _is_set_like(row, before) for row in block) and _is_set_like(before, after)
        is_open = after.text[0].islower() and not ends_sentence(before.text)
        if is_other and is_open and len(block) <= _LINES_LIMIT and _is_display(block, before):
            found.update(range(begin, end))
    return found


def interrupting_tables(column: Sequence[Row], table: Container[int], beside: Container[int], edge: float) -> set[int]:
    """Return the indexes of rows of tables that stand in the middle of a sentence, or at an end of the column.

    Args:
        column: The lines of a column.
        table: The indexes of all rows of tables.
        beside: The indexes of captions and pull quotes.
        edge: The position before which a short line ends.
    """
    found: set[int] = set()
    before: Row | None = None
    at = 0
    while at < len(column):
        end = at
        while end < len(column) and (end in table or end in beside):
            end += 1
        if end > at:
            if before is None:  # a table of its own, unless a caption says that it is not
                is_open = any(index in beside for index in range(at, end))
            else:
                is_open = before.box.right >= edge and not ends_sentence(before.text)
            goes_on = column[end].text[0].islower() if end < len(column) else before is not None
            if is_open and goes_on:
                found.update(index for index in range(at, end) if index in table)
            at = end
        else:
            before = column[at]
            at += 1
    return found


def _is_display(block: Sequence[Row], text: Row) -> bool:
    """Return True if lines are words that are meant to be seen first; a formula belongs to its sentence."""
    first = block[0]
    is_prominent = first.box.size >= _LARGER * text.box.size or first.box.is_bold or first.text[0] in _QUOTES
    return is_prominent and sum(len(word) >= _WORD for row in block for word in row.text.split()) >= _MINIMUM_WORDS


def _is_set_like(one: Row, other: Row) -> bool:
    return one.box.font == other.box.font and abs(one.box.size - other.box.size) <= _SAME_SIZE
