"""Line numbers: numbers that count evenly, in a column beside lines of prose. Pure.

The numbers of a table, a list or a table of contents stand in columns, too, so every doubt keeps them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from chunk_runner.text.layout.line import Row, Segment, are_level, rows_of


class NumberColumn(NamedTuple):
    """A column of line numbers.

    Attributes:
        edge: The left or right edge of the numbers, in points.
        is_left: True if they have the left edge in common.
        size: Their size in points.
        step: The difference from one number to the next.
    """

    edge: float
    is_left: bool
    size: float
    step: int


_MINIMUM_ON_PAGE = 3
"""Line numbers on a page for the column to be learnt from it, and for leaving them out."""

_MINIMUM = 6
"""Line numbers in the sample for the column to count."""

_REGULAR_SHARE = 0.8
"""At least this share of the numbers count up by one step, at one distance."""

_DIGITS_LIMIT = 5
"""Digits of a line number."""

_STEPS = frozenset({1, 2, 5, 10})
"""The usual differences from one line number to the next."""

_LOWER_CASE_SHARE = 0.15
"""At least this share of the lines of prose begin in mid-sentence."""

_PROSE_WIDTH = 15
"""A line of prose is at least this wide, in sizes of its font."""

_SAME_EDGE = 3.0
"""The edges of numbers in one column differ by at most this many points."""

_SAME_SIZE = 0.5
"""The sizes of numbers in one column differ by at most this many points."""


def learn_line_numbers(pages: Sequence[Sequence[Segment]]) -> list[NumberColumn]:
    """Return the columns of line numbers of a document.

    Args:
        pages: The upright segments of each page of the sample.
    """
    numbers: Counter[NumberColumn] = Counter()
    for segments in pages:
        for column, members in _candidates(segments):
            if _are_line_numbers(members, column.step, segments):
                known = next((one for one in numbers if _is_same(one, column)), column)
                numbers[known] += len(members)
    return [column for column, count in numbers.items() if count >= _MINIMUM]


def line_numbers(segments: Sequence[Segment], columns: Sequence[NumberColumn]) -> set[int]:
    """Return the indexes of the line numbers of a page.

    Args:
        segments: The segments of the page.
        columns: The columns of the document.
    """
    found: set[int] = set()
    for column in columns:
        members = [at for at, segment in enumerate(segments) if _is_number(segment) and _is_in(segment, column)]
        ordered = sorted(members, key=lambda at: -segments[at].box.bottom)
        numbers = [segments[at] for at in ordered]
        # The last page of a document may have too few lines for more numbers.
        is_short = len(segments) - len(numbers) < (_MINIMUM_ON_PAGE + 1) * column.step
        fits = is_short and all(int(number.text) % column.step == 0 for number in numbers)
        if (_count_evenly(numbers, column.step) or fits) and not any(_is_within(one, segments) for one in numbers):
            found.update(members)
    return found


def _candidates(segments: Sequence[Segment]) -> Iterator[tuple[NumberColumn, list[Segment]]]:
    """Yield the columns of numbers on a page, with their members from top to bottom."""
    numbers = sorted(filter(_is_number, segments), key=lambda number: -number.box.bottom)
    for is_left in (False, True):
        rest = numbers
        while len(rest) >= _MINIMUM_ON_PAGE:
            box = rest[0].box
            edge = box.left if is_left else box.right
            column = NumberColumn(round(edge, 1), is_left, round(box.size, 1), 1)
            members = [number for number in rest if _is_in(number, column)]
            rest = [number for number in rest if number not in members]
            if len(members) >= _MINIMUM_ON_PAGE:
                steps = Counter(int(other.text) - int(one.text) for one, other in pairwise(members))
                yield column._replace(step=steps.most_common(1)[0][0]), members


def _is_number(segment: Segment) -> bool:
    return len(segment.text) <= _DIGITS_LIMIT and segment.text.isascii() and segment.text.isdecimal()


def _is_in(number: Segment, column: NumberColumn) -> bool:
    edge = number.box.left if column.is_left else number.box.right
    return abs(edge - column.edge) <= _SAME_EDGE and abs(number.box.size - column.size) <= _SAME_SIZE


def _is_same(one: NumberColumn, other: NumberColumn) -> bool:
    return (
        (one.is_left, one.step) == (other.is_left, other.step)
        and abs(one.edge - other.edge) <= _SAME_EDGE
        and abs(one.size - other.size) <= _SAME_SIZE
    )


def _count_evenly(numbers: Sequence[Segment], step: int) -> bool:
    """Return True if numbers, from top to bottom, count up by a step and stand at even distances."""
    if len(numbers) < _MINIMUM_ON_PAGE:
        return False
    steps = [int(other.text) - int(one.text) for one, other in pairwise(numbers)]
    distances = [one.box.bottom - other.box.bottom for one, other in pairwise(numbers)]
    usual = median(distances)
    even = [one == step and abs(distance - usual) < usual / 4 for one, distance in zip(steps, distances, strict=True)]
    return min(steps) > 0 and sum(even) >= _REGULAR_SHARE * len(even)


def _are_line_numbers(numbers: Sequence[Segment], step: int, segments: Sequence[Segment]) -> bool:
    """Return True if a column of numbers on a page belongs to lines of prose."""
    if step not in _STEPS or not _count_evenly(numbers, step) or any(_is_within(one, segments) for one in numbers):
        return False
    rows = rows_of(segment for segment in segments if segment not in numbers)
    prose = [row for row in rows if len(row.segments) == 1 and _is_wide(row)]
    beside = [row for row in prose if any(are_level(row, number) for number in numbers)]
    in_mid_sentence = sum(row.text[0].islower() for row in prose)
    return 2 * len(beside) >= len(numbers) and in_mid_sentence >= _LOWER_CASE_SHARE * len(prose)


def _is_wide(row: Row) -> bool:
    return row.box.right - row.box.left >= _PROSE_WIDTH * row.box.size


def _is_within(number: Segment, segments: Sequence[Segment]) -> bool:
    """Return True if a number has text on both sides, as in a table."""
    level = [segment for segment in segments if segment is not number and are_level(segment, number)]
    is_leftmost = all(segment.box.left >= number.box.right for segment in level)
    is_rightmost = all(segment.box.right <= number.box.left for segment in level)
    return not (is_leftmost or is_rightmost)
