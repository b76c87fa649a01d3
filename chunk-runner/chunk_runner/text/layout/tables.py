"""Tables and code: lines each of which is an entry of its own. Pure.

The evidence for a table is a strip without text, wider than the space between words, through all its rows. Lines of
prose have such gaps only where they are justified, and never one below the other.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from itertools import pairwise

from chunk_runner.pdf.glyphs.columns import Span
from chunk_runner.text.layout.line import Row, Segment, row_of
from chunk_runner.text.layout.lists import is_item_marker


_MINIMUM_ROWS = 3
"""The rows that must have the strip. Two may be chance, unless they have two strips in common."""

_EVEN = 1.0
"""The gaps of a line that is stretched to full width differ by less than this many points."""

_STRIP = 0.4
"""The least width of the strip that all rows have in common, in sizes of the text."""

_SAME_EDGE = 2.0
"""The left edges of the lines of one cell differ by at most this many points."""

_CELL_WIDTH = 12
"""Cells of a table that is drawn column by column are less than this many sizes of the text wide; prose is wider."""

_PROSE_WORDS = 3
"""Lines of prose have at least this many words on average, even in narrow columns."""

_COLUMN_LIMIT = 20
"""Rows of such a table; columns with more short lines are those of an index."""

_MINIMUM_CODE = 2
"""Lines in a fixed-pitch font; a single one may be a word in a sentence."""


def joined_columns(rows: Sequence[Row], size: float) -> list[Row]:
    """Return the lines of a page, those of tables that were drawn column by column joined to rows.

    Args:
        rows: The lines, in drawing order.
        size: The size of the text, in points.
    """
    joined: list[Row] = []
    at = 0
    while at < len(rows):
        height = _height_of_columns(joined, rows, at, size)
        if height:
            cells = [[row] for row in joined[-height:]]
            while _is_column(rows[at : at + height], [row[-1] for row in cells], size):
                for row, cell in zip(cells, rows[at : at + height], strict=True):
                    row.append(cell)
                at += height
            joined[-height:] = [row_of([segment for cell in row for segment in cell.segments]) for row in cells]
        else:
            joined.append(rows[at])
            at += 1
    return joined


def _height_of_columns(before: Sequence[Row], rows: Sequence[Row], at: int, size: float) -> int:
    """Return the number of rows of a table whose second column begins at an index; 0 if none does."""
    if not before or rows[at].box.bottom <= before[-1].box.bottom + size:  # true of most lines
        return 0
    for height in range(_MINIMUM_ROWS, min(len(before), _COLUMN_LIMIT) + 1):
        cells, others = rows[at : at + height], before[-height:]
        if _is_column(cells, others, size):
            return 0 if _is_prose(cells) and _is_prose(others) else height
    return 0


def _is_prose(rows: Sequence[Row]) -> bool:
    """Return True if each line goes on with the one before: most begin with a small letter, and have several words."""
    going_on = sum(row.text[0].islower() for row in rows)
    return going_on * 2 >= len(rows) and sum(len(row.text.split()) for row in rows) >= _PROSE_WORDS * len(rows)


def _is_column(cells: Sequence[Row], others: Sequence[Row], size: float) -> bool:
    """Return True if short lines stand to the right of others, each at the height of one of them."""
    return len(cells) == len(others) and all(
        abs(cell.box.bottom - other.box.bottom) <= _EVEN
        and cell.box.left > other.box.right
        and max(cell.box.right - cell.box.left, other.box.right - other.box.left) < _CELL_WIDTH * size
        for cell, other in zip(cells, others, strict=True)
    )


def table_rows(column: Sequence[Row]) -> set[int]:
    """Return the indexes of lines that are rows of a table."""
    found: set[int] = set()
    at = 0
    while at < len(column):
        if len(_cells(column[at])) == 1:  # true of most lines
            at += 1
            continue
        end, strips = _table_from(column, at)
        rows = [row for row in column[at:end] if len(_cells(row)) > 1]
        if len(rows) >= _MINIMUM_ROWS or (len(rows) > 1 and strips > 1 and not any(map(_is_stretched, rows))):
            found.update(range(at, end))
            at = end
        else:
            at += 1
    return found


def continued_cells(column: Sequence[Row], table: Container[int]) -> set[int]:
    """Return the indexes of lines that go on, with a small letter, with the last cell of the row above them."""
    found: set[int] = set()
    left: float | None = None
    for at, row in enumerate(column):
        cells = _cells(row)
        if at in table and len(cells) > 1:
            left = cells[-1].box.left
        elif left is None or abs(row.box.left - left) > _SAME_EDGE:
            left = None
        elif len(cells) == 1 and row.text[0].islower():
            found.add(at)
    return found


def code_lines(column: Sequence[Row]) -> set[int]:
    """Return the indexes of lines in a fixed-pitch font, at least two together."""
    is_code = [row.box.is_fixed_pitch for row in column]
    if not any(is_code):
        return set()
    return {at for at, here in enumerate(is_code) if here and sum(is_code[max(at - 1, 0) : at + 2]) >= _MINIMUM_CODE}


def _table_from(column: Sequence[Row], begin: int) -> tuple[int, int]:
    """Return the index after the last row of the table that begins at an index, and the number of its strips."""
    strips = _gaps(column[begin])
    end, count = begin, 0
    for at in range(begin, len(column)):
        row = column[at]
        if len(_cells(row)) == 1:  # a cell of several lines
            if any(_crosses(row, strip) for strip in strips):
                break
            continue
        if len(_cells(row)) != len(_cells(column[begin])) and (_is_stretched(row) or _is_stretched(column[begin])):
            break
        strips = _common(strips, _gaps(row), _STRIP * row.box.size)
        if not strips:
            break
        end, count = at + 1, len(strips)
    return end, count


def _cells(row: Row) -> Sequence[Segment]:
    """Return the segments of a row without the bullet or number of an item, which alone makes no table."""
    first, *others = row.segments
    return others if others and is_item_marker(first.text) else row.segments


def _gaps(row: Row) -> list[Span]:
    return [Span(one.box.right, other.box.left) for one, other in pairwise(_cells(row))]


def _is_stretched(row: Row) -> bool:
    """Return True if all gaps of a row are equal, as those of a line are that is stretched to full width."""
    widths = [gap.right - gap.left for gap in _gaps(row)]
    return len(widths) > 1 and max(widths) - min(widths) < _EVEN


def _common(strips: Sequence[Span], gaps: Sequence[Span], least: float) -> list[Span]:
    """Return the parts of strips that are gaps, too, if they are wide enough."""
    both = [Span(max(strip.left, gap.left), min(strip.right, gap.right)) for strip in strips for gap in gaps]
    return [span for span in both if span.right - span.left >= least]


def _crosses(row: Row, strip: Span) -> bool:
    return row.box.left < strip.right and row.box.right > strip.left
