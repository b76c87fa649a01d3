"""What stands beside the running text: watermarks, stamps, line numbers, notes in the margin. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from chunk_runner.pdf.columns import Span
from chunk_runner.text.layout.line import Row, Segment, rows_of


_NUMBERS = 3
"""Line numbers that a page must have for their position to be learnt from it."""

_REGULAR_SHARE = 0.8
"""At least this share of the line numbers on a page count up evenly and stand beside a line."""

_DIGITS_LIMIT = 4
"""Digits of a line number."""

_STEPS = frozenset({1, 2, 3, 4, 5, 10})
"""The usual differences from one line number to the next."""

_LOWER_CASE_SHARE = 0.15
"""Numbered lines are prose, and not a list or a table, if at least this share of them begin in mid-sentence."""

_SAME_EDGE = 4.0
"""The edges of numbers in one column differ by at most this many points."""

_WIDE_SHARE = 0.5
"""A line of the text is at least this share as wide as the widest one."""

_MINIMUM_LINES = 5
"""Lines that show where the text stands; a page with fewer may have nothing beside its text."""

_BESIDE_SHARE = 0.25
"""At most this share of a page's characters stands beside its text; more is a column."""

_SMALLER = 0.95
"""A note in the margin is set smaller than this share of the text's size."""


def turned(segments: Iterable[Segment]) -> set[int]:
    """Return the indexes of segments that are not upright: watermarks, stamps, labels of axes."""
    return {at for at, segment in enumerate(segments) if segment.box.angle}


def learn_line_numbers(segments: Sequence[Segment]) -> list[float]:
    """Return the right edges of the columns of line numbers on a page, in points."""
    numbers = [segment for segment in segments if _is_number(segment)]
    found: list[float] = []
    while numbers:
        edge = numbers[0].box.right
        column = [segment for segment in numbers if abs(segment.box.right - edge) <= _SAME_EDGE]
        left = numbers[0].box.left
        column_by_left = [segment for segment in numbers if abs(segment.box.left - left) <= _SAME_EDGE / 2]
        column = max(column, column_by_left, key=len)
        numbers = [segment for segment in numbers if segment not in column]
        if _are_line_numbers(column, segments):
            found.append(round(median(segment.box.right for segment in column), 1))
    return found


def line_numbers(segments: Sequence[Segment], edges: Sequence[float]) -> set[int]:
    """Return the indexes of the line numbers of a page.

    Args:
        segments: The segments of the page.
        edges: The right edges of the document's columns of line numbers.
    """
    if not edges:
        return set()
    digits = max((segment.box.size for segment in segments), default=0)
    return {
        at
        for at, segment in enumerate(segments)
        if _is_number(segment)
        and any(abs(segment.box.right - edge) <= _SAME_EDGE + digits for edge in edges)
        and not _has_text_outside(segment, segments)
    }


def margin_notes(segments: Sequence[Segment], size: float) -> set[int]:
    """Return the indexes of segments that stand left or right of all the text, and are set smaller than it.

    Args:
        segments: The segments of the page.
        size: The size of the text, in points.
    """
    small = [at for at, segment in enumerate(segments) if segment.box.size < _SMALLER * size]
    if not small:  # true of most pages
        return set()
    widest = max(map(_width, segments))
    main = [segment for segment in segments if _width(segment) >= _WIDE_SHARE * widest]
    if len(main) < _MINIMUM_LINES:
        return set()
    spans = [Span(segment.box.left, segment.box.right) for segment in main]
    beside = {
        at
        for at in small
        if not any(segments[at].box.left < span.right and segments[at].box.right > span.left for span in spans)
    }
    characters = sum(len(segments[at].text) for at in beside)
    return beside if characters <= _BESIDE_SHARE * sum(len(segment.text) for segment in segments) else set()


def _is_number(segment: Segment) -> bool:
    return (
        len(segment.text) <= _DIGITS_LIMIT
        and segment.text.isascii()
        and segment.text.isdecimal()
        and not segment.box.angle
    )


def _are_line_numbers(numbers: Sequence[Segment], segments: Sequence[Segment]) -> bool:
    if len(numbers) < _NUMBERS:
        return False
    ordered = sorted(numbers, key=lambda number: -number.box.bottom)
    steps = [int(other.text) - int(one.text) for one, other in pairwise(ordered)]
    step = max(set(steps), key=steps.count)
    if step not in _STEPS or steps.count(step) < _REGULAR_SHARE * len(steps):
        return False
    distances = [one.box.bottom - other.box.bottom for one, other in pairwise(ordered)]
    usual = median(distances)
    if sum(abs(distance - usual) < usual / 4 for distance in distances) < _REGULAR_SHARE * len(distances):
        return False
    if any(_has_text_outside(number, segments) for number in numbers):
        return False
    rows = rows_of(segment for segment in segments if segment not in numbers and not segment.box.angle)
    # Where only every fifth line has a number, too few begin beside one.
    considered = [row for row in rows if step > 1 or any(_are_level(row, number) for number in numbers)]
    in_mid_sentence = sum(len(row.segments) == 1 and row.text[0].islower() for row in considered)
    return bool(considered) and in_mid_sentence >= _LOWER_CASE_SHARE * len(considered)


def _has_text_outside(number: Segment, segments: Sequence[Segment]) -> bool:
    """Return True if a number stands between two texts, as in a table, or within one."""
    level = [segment for segment in segments if segment is not number and _are_level(segment, number)]
    is_left = all(segment.box.left >= number.box.right for segment in level)
    is_right = all(segment.box.right <= number.box.left for segment in level)
    return not (is_left or is_right)


def _are_level(one: Segment | Row, other: Segment) -> bool:
    middle = (other.box.bottom + other.box.top) / 2
    return one.box.bottom < middle < one.box.top


def _width(segment: Segment) -> float:
    return 0 if segment.box.angle else segment.box.right - segment.box.left
