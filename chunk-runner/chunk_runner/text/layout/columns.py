"""Columns of a page in the order in which they are drawn, and drop caps. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from chunk_runner.text.layout.line import Row, Segment


_UPWARDS = 1.5
"""A line that stands higher than the one before by this many sizes of the text begins another column."""

_DROP_CAP = 1.8
"""An initial is at least this many times as large as the text beside it."""

_DROP_CAP_LIMIT = 2
"""Characters of an initial: a letter, with a quotation mark before it."""


def columns(rows: Iterable[Row], size: float) -> Iterator[list[Row]]:
    """Yield the lines in columns.

    Args:
        rows: The lines, in drawing order.
        size: The size of the text, in points.
    """
    column: list[Row] = []
    for row in rows:
        if column and row.box.bottom > column[-1].box.bottom + _UPWARDS * size:
            yield column
            column = []
        column.append(row)
    if column:
        yield column


def with_drop_caps(rows: Sequence[Row]) -> list[Row]:
    """Return the lines, with each initial that spans several of them joined to the first one beside it."""
    if all(len(row.text) > _DROP_CAP_LIMIT for row in rows):  # true of most pages
        return list(rows)
    joined: list[Row] = []
    at = 0
    while at < len(rows):
        row = rows[at]
        if at + 1 < len(rows) and _is_drop_cap(row, rows[at + 1]):
            joined.append(_joined(row, rows[at + 1], rows))
            at += 2
        else:
            joined.append(row)
            at += 1
    return joined


def _is_drop_cap(row: Row, following: Row) -> bool:
    initial, line = row.box, following.box
    return (
        len(row.text) <= _DROP_CAP_LIMIT
        and row.text[-1].isalpha()
        and initial.size >= _DROP_CAP * line.size
        and line.left >= (initial.left + initial.right) / 2
        and initial.bottom < line.bottom < initial.top
    )


def _joined(initial: Row, line: Row, rows: Sequence[Row]) -> Row:
    rest = line.text
    word = rest.split(maxsplit=1)[0].casefold()
    # “A small house” and “After the war” look alike: the word stands alone only if the page has it elsewhere, too.
    words = {word for row in rows if row is not line for word in row.text.casefold().split()}
    is_before_word = rest[0].islower() and word in words and initial.text.casefold() + word not in words
    is_before_name = rest[0].isupper() and rest[1:2].islower()
    is_word = is_before_word or is_before_name
    text = f"{initial.text} {rest}" if is_word and initial.text[-1] in "AIOYEUÀÉaioyeu" else initial.text + rest
    return Row(text, line.box, (Segment(text, line.box),))
