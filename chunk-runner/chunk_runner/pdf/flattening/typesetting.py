"""Setting text into a rectangle: line breaks, size, and the order in which characters stand. Pure.

All characters are set 0.6 of the font's size wide, as in Courier, and East Asian ones twice as wide: widths are then
known without a font.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple


ADVANCE = 0.6
"""The width of a character, as a share of the font's size."""

LEADING = 1.2
"""The distance from line to line, as a share of the font's size."""

SMALLEST = 5
"""The smallest size in points; text that would be smaller is set elsewhere."""

USUAL_SIZE = 12
"""The size in points if an annotation names none."""

_STEP = 0.9
"""The factor between one size that is tried and the next."""

_KINDS = {"L": "l", "R": "r", "AL": "r", "EN": "d", "AN": "d"}
"""Bidirectional classes: from left to right, from right to left, digits; all others are neutral (`n`)."""

_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")


class SetText(NamedTuple):
    """Text in lines.

    Attributes:
        size: The size of its font, in points.
        lines: Its lines.
    """

    size: float
    lines: list[str]


def columns_of(text: str) -> int:
    """Return the width of a text, in characters of usual width."""
    return sum(columns_of_character(char) for char in text)


def columns_of_character(char: str) -> int:
    """Return 2 for a wide character, 0 for one that stands on the one before it, 1 for all others."""
    if unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def fit(text: str, width: float, height: float, size: float, *, is_multiline: bool) -> SetText | None:
    """Set a text into a rectangle, in a smaller size if it needs it.

    Args:
        text: The text; line feeds end its lines.
        width: The width of the rectangle, in points.
        height: The height of the rectangle, in points.
        size: The size of the font; 0 for any.
        is_multiline: True if the text may be broken into lines.

    Returns:
        The lines; `None` if the text does not fit in a legible size.
    """
    size = min(size or USUAL_SIZE, height)
    if not is_multiline:
        line = " ".join(text.split())
        size = min(size, width / (ADVANCE * max(columns_of(line), 1)))
        return SetText(size, [line]) if size >= SMALLEST else None
    while size >= SMALLEST:
        columns = int(width / (ADVANCE * size))
        if columns and len(lines := list(wrap(text, columns))) * LEADING * size <= height:
            return SetText(size, lines)
        size *= _STEP
    return None


def wrap(text: str, columns: int) -> Iterator[str]:
    """Yield a text in lines of at most so many columns, broken at spaces where there are any."""
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            joined = f"{line} {word}" if line else word
            if columns_of(joined) <= columns:
                line = joined
                continue
            if line:
                yield line
            *full, line = _pieces(word, columns)
            yield from full
        if line:
            yield line


def _pieces(word: str, columns: int) -> Sequence[str]:
    """Return a word in pieces of at most so many columns, or of one character."""
    pieces = [""]
    width = 0
    for char in word:
        width += (char_columns := columns_of_character(char))
        if pieces[-1] and width > columns:
            pieces.append("")
            width = char_columns
        pieces[-1] += char
    return pieces


def in_visual_order(line: str) -> str:
    """Return the characters of a line as they stand from left to right, which readers of PDF turn back.

    A simple form of the Unicode bidirectional algorithm, with two levels.
    """
    kinds = "".join(_KINDS.get(unicodedata.bidirectional(char), "n") for char in line)
    if "r" not in kinds:
        return line
    is_right_to_left = next(kind for kind in kinds if kind in "lr") == "r"
    embedded = re.compile("[ld](?:n*[ld])*" if is_right_to_left else "r(?:n*r)*")
    runs: list[str] = []
    end = 0
    for match in embedded.finditer(kinds):
        runs += [line[end : match.start()], line[match.start() : match.end()]]
        end = match.end()
    runs.append(line[end:])
    # Runs of the base direction and embedded ones alternate.
    turned = [_turned(run) if (at % 2 == 0) == is_right_to_left else run for at, run in enumerate(runs)]
    return "".join(reversed(turned) if is_right_to_left else turned)


def _turned(run: str) -> str:
    return run[::-1].translate(_MIRRORED)
