"""Watermarks: upright text that is printed across the lines of a page. Pure.

Turned text is known by its angle alone, see `beside`. Upright text is a watermark if it overlaps lines and is larger
than the text, or stands at one place on several pages and overlaps lines there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from chunk_runner.text.layout.line import Segment


class Watermark(NamedTuple):
    """A text that is printed across lines, its lower left corner and its size, in points."""

    text: str
    left: float
    bottom: float
    size: float


_LARGER = 1.2
"""A watermark that nothing else confirms is larger than the text by this factor."""

_MINIMUM_CHARACTERS = 3
"""Characters of a watermark; fewer may be an initial, or a sign of a formula."""

_CHARACTER_WIDTH = 0.35
"""The least width of its characters, in sizes of the font; a line of text behind a large initial has narrower ones."""

_EDGE = 0.25
_SLIGHT_EDGE = 0.1
"""The shares of a line's height, above and below, that may overlap other lines; the second if the place confirms it."""

_MINIMUM_PAGES = 3
"""The pages of the sample on which a watermark stands, unless the sample has fewer."""

_PLACES_LIMIT = 4
_SEGMENTS_LIMIT = 1_000
"""The pages that are looked at for each text, and the segments of a page: all lines of a form may repeat."""


def learn_watermarks(pages: Sequence[Sequence[Segment]]) -> list[Watermark]:
    """Return the watermarks that stand at one place on several pages, and overlap lines on most of them.

    Args:
        pages: The upright segments of each page of the sample.
    """
    seen: defaultdict[Watermark, list[tuple[int, Segment]]] = defaultdict(list)
    for at, segments in enumerate(pages):
        for segment in segments if len(segments) <= _SEGMENTS_LIMIT else ():
            if len(segment.text) >= _MINIMUM_CHARACTERS:
                seen[_place(segment)].append((at, segment))
    least = max(2, min(_MINIMUM_PAGES, len(pages)))
    found: list[Watermark] = []
    for mark, places in seen.items():
        if len({at for at, _ in places}) >= least:
            looked_at = places[:_PLACES_LIMIT]
            across = sum(_is_across(segment, pages[at], _SLIGHT_EDGE) for at, segment in looked_at)
            # The last page may have no lines there.
            if across * 2 >= len(looked_at):
                found.append(mark)
    return found


def watermarks(segments: Sequence[Segment], known: Sequence[Watermark], size: float) -> set[int]:
    """Return the indexes of the watermarks of a page.

    Args:
        segments: The segments of the page.
        known: The watermarks of the document.
        size: The size of the text, in points.
    """
    # The same words in large letters may stand elsewhere, too, between the lines.
    large = {(mark.text, mark.size) for mark in known if mark.size >= _LARGER * size}
    return {
        at
        for at, segment in enumerate(segments)
        if (known and (_place(segment) in known or (segment.text, round(segment.box.size, 1)) in large))
        or (segment.box.size >= _LARGER * size and _is_large(segment) and _is_across(segment, segments, _EDGE))
    }


def _is_large(segment: Segment) -> bool:
    """Return True if all of an upright segment may have its size, and it is no initial."""
    box, characters = segment.box, len(segment.text)
    is_word = characters >= _MINIMUM_CHARACTERS and not box.angle
    return is_word and box.right - box.left >= _CHARACTER_WIDTH * box.size * characters


def _place(segment: Segment) -> Watermark:
    box = segment.box
    return Watermark(segment.text, round(box.left), round(box.bottom), round(box.size, 1))


def _is_across(mark: Segment, segments: Sequence[Segment], edge: float) -> bool:
    """Return True if a text overlaps a line that is smaller, or another one of its size."""
    low, high = _extent(mark, edge)
    for segment in segments:
        box = segment.box
        if segment is mark or box.angle or box.size > mark.box.size or len(segment.text) < _MINIMUM_CHARACTERS:
            continue
        bottom, top = _extent(segment, edge)
        overlap = min(box.right, mark.box.right) - max(box.left, mark.box.left)
        if bottom < high and low < top and overlap > box.size and segment.text != mark.text:
            return True
    return False


def _extent(segment: Segment, edge: float) -> tuple[float, float]:
    margin = edge * segment.box.height
    return segment.box.bottom + margin, segment.box.top - margin
