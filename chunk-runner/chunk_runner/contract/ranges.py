"""Ranges of numbers as text, such as `1-12,14`: pages, chunks, and the indexes in the status of a Job."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

from chunk_runner.contract.limits import shorten


_RANGE = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,18}))?")


def format_ranges(numbers: Iterable[int]) -> str:
    """Format ascending numbers as ranges: `"1-12,14"`.

    Two adjacent numbers form a range too, unlike in the status of a Job; `parse_ranges` reads both.
    """
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def parse_ranges(text: str | None) -> list[range]:
    """Parse ascending ranges, such as `completedIndexes` of a Job; none for an empty text.

    Raises:
        ValueError: The text is not a list of ascending ranges.
    """
    ranges: list[range] = []
    for part in text.split(",") if text else []:
        match = _RANGE.fullmatch(part)
        if match is None:
            raise ValueError(f"not a range: {shorten(part, 40)}")
        bounds = range(int(match[1]), int(match[2] or match[1]) + 1)
        if not bounds or (ranges and bounds.start < ranges[-1].stop):
            raise ValueError(f"not ascending ranges: {shorten(text or '')}")
        ranges.append(bounds)
    return ranges


def nth(ranges: Iterable[range], index: int) -> int:
    """Return the number at a 0-based position of the ranges: the chunk that an index of a chunks Job stands for.

    Raises:
        IndexError: The ranges hold fewer numbers.
    """
    for numbers in ranges:
        if index < len(numbers):
            return numbers[index]
        index -= len(numbers)
    raise IndexError("the ranges hold fewer numbers")


def select(ranges: Iterable[range], positions: Iterable[int]) -> Iterator[int]:
    """Yield the numbers at 0-based positions of the ranges; positions after the last number are left out.

    There may be ten thousand of each, so the ranges are read once and not once for each position.
    """
    runs = tuple(ranges)
    ends = tuple(accumulate(map(len, runs)))
    for position in positions:
        at = bisect_right(ends, position)
        if at < len(runs):
            yield runs[at][position - ends[at]]
