"""Paragraphs and headings: where something new starts in a column, seen by gaps, indents, sizes and fonts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from itertools import pairwise

from chunk_runner.text.layout.learning import Layout
from chunk_runner.text.layout.line import PARAGRAPH_SPACING, Row, Start, ends_sentence


_SIZE_FACTOR = 1.2
"""Lines whose sizes differ by this factor belong to different paragraphs."""

_USUAL_LEADING = 1.1
"""The distance from line to line of text that is set close, in sizes of its font."""

_FULL_LINE = 0.85
"""A line that ends before this share of its column is short: a heading, the end of a paragraph or of an item."""

_CAPITALS = 4
"""Letters of a heading in capitals; fewer may be an abbreviation."""

_HEADING_LINES = 3
"""Lines of a heading. More of them are a paragraph in another font."""


def margin(column: Sequence[Row]) -> float:
    """Return the left edge of a column, in points: the most frequent one of its lines."""
    return Counter(round(row.box.left) for row in column).most_common(1)[0][0] if column else 0


def short_edge(column: Sequence[Row], share: float = _FULL_LINE) -> float:
    """Return the position in points before which a short line of a column ends: a share of its width."""
    left = min((row.box.left for row in column), default=0)
    right = max((row.box.right for row in column), default=0)
    return left + share * (right - left)


def set_apart(column: Sequence[Row], layout: Layout) -> list[bool]:
    """Return for each line of a column whether a gap or another size separates it from the line above."""
    apart = [False]
    for above, row in pairwise(column):
        smaller, larger = sorted((row.box.size, above.box.size))
        step = above.box.bottom - row.box.bottom
        is_apart = step > PARAGRAPH_SPACING * max(layout.leading, larger * _USUAL_LEADING)
        apart.append(is_apart or larger > _SIZE_FACTOR * smaller)
    return apart


def paragraph_starts(
    column: Sequence[Row], apart: Sequence[bool], items: Container[int], layout: Layout
) -> list[Start]:
    """Return for each line of a column whether a paragraph or a heading starts with it.

    Args:
        column: The lines.
        apart: See `set_apart`.
        items: The indexes of lines that belong to items of lists, which have margins of their own.
        layout: The layout of the document.
    """
    edge = short_edge(column)
    left = min(margin(column), margin([row for at, row in enumerate(column) if at not in items] or column))
    starts = [Start.PARAGRAPH if is_apart else Start.NOTHING for is_apart in apart]
    for at, row in enumerate(column):
        is_indented = layout.indent > 0 and abs(row.box.left - left - layout.indent) < layout.size / 4
        # All lines of an item may have that indent.
        if is_indented and not (at in items and at and column[at - 1].box.right >= edge):
            starts[at] = Start.PARAGRAPH
    for begin, end in _headings(column):
        starts[begin] = Start.ENTRY
        starts[begin + 1 : end] = [Start.ENTRY if is_apart else Start.NOTHING for is_apart in apart[begin + 1 : end]]
        if end < len(starts):
            starts[end] = Start.ENTRY
    return starts


def ends_with_heading(column: Sequence[Row]) -> bool:
    """Return True if the last line of a column is one of a heading."""
    return column[-1].box.is_bold and any(end == len(column) for _, end in _headings(column))


def _headings(column: Sequence[Row]) -> list[tuple[int, int]]:
    """Return the ranges of headings: short lines in another font or in capitals, followed by a sentence."""
    fonts = Counter(row.box.font for row in column)
    found: list[tuple[int, int]] = []
    edge = short_edge(column)
    begin = 0
    while begin < len(column):
        style = _heading_style(column[begin], fonts)
        end = begin
        while style and end < len(column) and _heading_style(column[end], fonts) == style:
            end += 1
        if begin < end <= begin + _HEADING_LINES and _is_heading(column, begin, end, edge):
            found.append((begin, end))
        begin = max(end, begin + 1)
    return found


def _heading_style(row: Row, fonts: Counter[float]) -> float | str | None:
    """Return what a line has in common with the other lines of a heading; `None` if it is set like the text."""
    if fonts[row.box.font] * 2 <= fonts.total():
        return row.box.font
    return "capitals" if row.text.isupper() and sum(map(str.isalpha, row.text)) >= _CAPITALS else None


def _is_heading(column: Sequence[Row], begin: int, end: int, edge: float) -> bool:
    follows = column[end].text if end < len(column) else ""
    before = column[begin - 1] if begin else None
    if not column[begin].box.is_bold:
        # Words in italics or capitals stand in sentences, too.
        is_after_text = before is None or ends_sentence(before.text) or before.box.right < edge
        if not follows or not is_after_text or ends_sentence(column[end - 1].text):
            return False
    return (
        column[end - 1].box.right < edge
        and not column[begin].text[0].islower()
        and not follows[:1].islower()
        and not (before is not None and before.text.endswith((",", "-")))
    )
