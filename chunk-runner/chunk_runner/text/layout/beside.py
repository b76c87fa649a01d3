"""Watermarks, stamps and margin notes, which stand beside the running text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chunk_runner.pdf.glyphs.columns import Span
from chunk_runner.text.layout.line import Segment, are_level, ends_sentence, is_smaller


_WIDE_SHARE = 0.5
"""A line of the text is at least this share as wide as the widest one."""

_MINIMUM_LINES = 5
"""Lines that show where the text stands; a page with fewer may have nothing beside its text."""

_BESIDE_SHARE = 0.25
"""At most this share of a page's characters stands beside its text; more is a column."""

_FULL_LINE = 0.8
"""A full line reaches this share of the width of the text."""


def rotated(segments: Iterable[Segment]) -> set[int]:
    """Return the indexes of segments that are not upright: watermarks, stamps, labels of axes."""
    return {at for at, segment in enumerate(segments) if segment.box.angle}


def margin_notes(segments: Sequence[Segment], size: float) -> set[int]:
    """Return the indexes of segments that stand left or right of all the text, and are no column of a table.

    Notes are set smaller than the text, or stand beside the middle of sentences.

    Args:
        segments: The segments of the page.
        size: The size of the text, in points.
    """
    widest = max(map(_width, segments), default=0)
    main = [segment for segment in segments if _width(segment) >= _WIDE_SHARE * widest]
    if len(main) < _MINIMUM_LINES or len(main) == len(segments):
        return set()
    left, right = min(segment.box.left for segment in main), max(segment.box.right for segment in main)
    spans = [Span(segment.box.left, segment.box.right) for segment in main]
    beside = [
        at
        for at, segment in enumerate(segments)
        if (segment.box.right <= left or segment.box.left >= right or is_smaller(segment.box.size, size))
        and not any(segment.box.left < span.right and segment.box.right > span.left for span in spans)
    ]
    if not all(is_smaller(segments[at].box.size, size) for at in beside) and not _interrupt(
        [segments[at] for at in beside], main, right
    ):
        beside = [at for at in beside if is_smaller(segments[at].box.size, size)]
    characters = sum(len(segments[at].text) for at in beside)
    return set(beside) if characters <= _BESIDE_SHARE * sum(len(segment.text) for segment in segments) else set()


def _interrupt(notes: Sequence[Segment], main: Sequence[Segment], right: float) -> bool:
    """Return True if at least half of the notes stand beside a line that goes on with the sentence of a full line."""
    going_on = 0
    for note in notes:
        level = next((at for at, line in enumerate(main) if are_level(line, note)), 0)
        if level:
            above, line = main[level - 1], main[level]
            is_full = above.box.right - above.box.left >= _FULL_LINE * (right - above.box.left)
            going_on += is_full and line.text[0].islower() and not ends_sentence(above.text)
    return going_on * 2 >= len(notes)


def _width(segment: Segment) -> float:
    return 0 if segment.box.angle else segment.box.right - segment.box.left
