"""The lines of a page: its running text in reading order, and the notes beside it. Pure.

Nothing but the page itself and the document's layout decides, so a page gives the same lines whatever chunk it is in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from chunk_runner.pdf.page import Box, Page
from chunk_runner.text.layout.beside import margin_notes, rotated
from chunk_runner.text.layout.captions import captions, interrupting_tables, pull_quotes
from chunk_runner.text.layout.columns import columns, with_drop_caps
from chunk_runner.text.layout.learning import Layout
from chunk_runner.text.layout.line import End, Line, PageText, Row, Segment, Start, rows_of, segments_of
from chunk_runner.text.layout.lists import find_items
from chunk_runner.text.layout.paragraphs import ends_with_heading, paragraph_starts, set_apart, short_edge
from chunk_runner.text.layout.running_lines.line_numbers import line_numbers
from chunk_runner.text.layout.running_lines.outer_rows import PageSegments
from chunk_runner.text.layout.running_lines.running_headers import running_segments
from chunk_runner.text.layout.tables import code_lines, continued_cells, joined_columns, table_rows
from chunk_runner.text.layout.watermarks import watermarks


_NOTE_SIZE = 0.93
"""Notes are set smaller than this share of the text's size."""

_NOTE_MARK = re.compile(r"(\d{1,3}|[*†‡§]{1,3}|[¹²³⁰⁴-⁹]{1,3}|\[\d{1,3}\]|\(\d{1,3}\))[.)]?\s*\S")
"""The mark at the beginning of a note."""

_SAME_SIZE = 0.5
"""The sizes of the lines of one margin note differ by less than this many points."""

_CLOSE = 1.5
"""The distance from line to line within a margin note is less than this many sizes of its font."""

_SHORT_LINE = 0.6
"""A last line that ends before this share of its column ends a paragraph: a signature, an address."""

_SEGMENTS_LIMIT = 1_000
"""Segments that are compared with each other. A page of a book has 50; one with more is a drawing, or hostile."""


def arrange(page: Page, layout: Layout) -> PageText:
    """Return the text of a page. Running headers, footers and line numbers are left out, or are among its notes.

    Args:
        page: The page.
        layout: The layout of the document.
    """
    body, notes, dropped = _arranged_lines(page, layout)
    return PageText(body, [*notes, *_annotations(page)], dropped)


def _annotations(page: Page) -> Iterator[Line]:
    for lines in page.annotations:
        for at, text in enumerate(lines):
            yield Line(page.number, text, Start.NOTHING if at else Start.ENTRY)


def _arranged_lines(page: Page, layout: Layout) -> PageText:
    if not page.boxes or not layout.size:
        return PageText([Line(page.number, text) for text in page.lines], [])
    segments = segments_of(page)
    if len(segments) > _SEGMENTS_LIMIT:
        return PageText([Line(page.number, row.text) for row in rows_of(segments)], [])
    beside = rotated(segments) | watermarks(segments, layout.watermarks, layout.size)
    upright = [at for at in range(len(segments)) if at not in beside]
    numbers = _indexes(line_numbers(_select(segments, upright), layout.line_numbers), upright)
    numbered = [at for at in upright if at not in numbers]
    numberless = PageSegments(page.number, page.height, _select(segments, numbered))
    running = running_segments(numberless, layout.bands, layout.size, layout.leading)
    dropped = numbers | _indexes(running.certain, numbered)
    beside |= _indexes(running.possible, numbered)
    if layout.keeps_running_lines:
        beside |= dropped
        dropped = set()
    rest = [at for at in numbered if at not in dropped and at not in beside]
    beside |= _indexes(margin_notes(_select(segments, rest), layout.size), rest)
    body: list[Line] = []
    notes: list[Line] = []
    rows = with_drop_caps(rows_of(_select(segments, [at for at in rest if at not in beside])))
    for column in columns(joined_columns(rows, layout.size), layout.size):
        _add_column(column, page.number, layout, body, notes)
    notes += _lines_beside(_select(segments, sorted(beside)), page.number)
    return PageText(body, notes, len(dropped))


def _add_column(column: Sequence[Row], page: int, layout: Layout, body: list[Line], notes: list[Line]) -> None:
    """Add the lines of a column to the running text, and what interrupts it and its footnotes to the notes."""
    table = table_rows(column)
    apart = [is_apart or at in table for at, is_apart in enumerate(set_apart(column, layout))]
    interrupting = captions(column, apart, layout.size) | pull_quotes(column, apart)
    interrupting |= interrupting_tables(column, table, interrupting, short_edge(column)) if table else set()
    notes += [
        Line(page, column[at].text, Start.NOTHING if at - 1 in interrupting and not apart[at] else Start.ENTRY)
        for at in sorted(interrupting)
    ]
    remaining = [at for at in range(len(column)) if at not in interrupting]
    first_note = _first_note([column[at] for at in remaining], layout.size)
    notes += _footnotes([column[at] for at in remaining[first_note:]], page)
    remaining = remaining[:first_note]
    text = [column[at] for at in remaining]
    items = find_items(text)
    # A line below a caption goes on with the line above it.
    starts = paragraph_starts(text, [apart[at] and at - 1 not in interrupting for at in remaining], items.lines, layout)
    for at, start in items.starts.items():
        starts[at] = start
    rows = {at for at, index in enumerate(remaining) if index in table}
    single = rows | (set() if layout.is_fixed_pitch else code_lines(text))
    for at in single:
        starts[at : at + 2] = [Start.ENTRY] * len(starts[at : at + 2])
    for at in continued_cells(text, rows) if rows else ():
        starts[at] = Start.NOTHING
    body += [Line(page, row.text, start) for row, start in zip(text, starts, strict=True)]
    if text:
        is_short_item = len(text) - 1 in items.lines and text[-1].box.right < short_edge(text)
        is_last = is_short_item or ends_with_heading(text) or text[-1].box.right < short_edge(text, _SHORT_LINE)
        end = End.ENTRY if len(text) - 1 in single else End.PARAGRAPH if is_last else End.NOTHING
        body[-1] = body[-1]._replace(ends=end)


def _footnotes(rows: Sequence[Row], page: int) -> Iterator[Line]:
    """Yield the lines of footnotes. A full line may go on with a number that does not count on: “see p.|12”."""
    edge, number = short_edge(rows), ""
    for above, row in zip([None, *rows], rows, strict=False):
        mark = _NOTE_MARK.match(row.text)
        digits = mark[1].strip("[]()") if mark else ""
        is_next = not digits.isdecimal() or not number or int(digits) == int(number) + 1
        is_start = mark is not None and (above is None or above.box.right < edge or is_next)
        if is_start and digits.isdecimal():
            number = digits
        yield Line(page, row.text, Start.ENTRY if is_start else Start.NOTHING)


def _lines_beside(segments: Sequence[Segment], page: int) -> Iterator[Line]:
    """Yield the lines of the notes beside the text; those of one note stand close below each other."""
    for above, segment in zip([None, *segments], segments, strict=False):
        is_same = above is not None and _is_next_line(above.box, segment.box)
        yield Line(page, segment.text, Start.NOTHING if is_same else Start.ENTRY)


def _is_next_line(above: Box, below: Box) -> bool:
    """Return True if two upright lines are set alike, and one is the next one below the other."""
    is_alike = (
        above.font == below.font and abs(above.size - below.size) < _SAME_SIZE and not (above.angle or below.angle)
    )
    is_close = 0 < above.bottom - below.bottom < _CLOSE * below.size
    return is_alike and is_close and above.left < below.right and below.left < above.right


def _select(segments: Sequence[Segment], indexes: Sequence[int]) -> list[Segment]:
    return [segments[at] for at in indexes]


def _indexes(found: set[int], among: Sequence[int]) -> set[int]:
    """Return indexes in the page for indexes in a selection of it."""
    return {among[at] for at in found}


def _first_note(column: Sequence[Row], size: float) -> int:
    """Return the index in the column at which its notes begin: small lines up to its end, the first with a mark."""
    small = len(column)
    while small and column[small - 1].box.size < _NOTE_SIZE * size:
        small -= 1
    if small == 0:  # the whole column is small: a bibliography, an index
        return len(column)
    for at in range(small, len(column)):
        if _NOTE_MARK.match(column[at].text):
            return at
    return len(column)
