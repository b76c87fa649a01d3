"""Ranges of numbers as text, `1-12,14`: pages, chunks, and the indexes in the status of a Job."""

from __future__ import annotations

from collections.abc import Iterable

from chunk_runner.contract.limits import shorten


def format_ranges(numbers: Iterable[int]) -> str:
    """Write ascending numbers as ranges: `"1-12,14"`.

    Two neighbours make a range too, unlike in a Job's status; `parse_ranges` reads both.
    """
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def parse_ranges(text: str | None) -> list[range]:
    """Read ranges such as a Job's `completedIndexes`: ascending, possibly empty.

    Raises:
        ValueError: The text is something else.
    """
    ranges: list[range] = []
    for part in (text or "").split(",") if text else []:
        first, _, last = part.partition("-")
        bounds = range(int(first), int(last or first) + 1)
        if not bounds or (ranges and bounds.start < ranges[-1].stop):
            raise ValueError(f"not ascending ranges: {shorten(text or '')}")
        ranges.append(bounds)
    return ranges
