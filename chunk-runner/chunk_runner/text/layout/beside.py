"""Watermarks, stamps and margin notes, which stand beside the running text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chunk_runner.pdf.columns import Span
from chunk_runner.text.layout.line import Segment


_WIDE_SHARE = 0.5
"""A line of the text is at least this share as wide as the widest one."""

_MINIMUM_LINES = 5
"""Lines that show where the text stands; a page with fewer may have nothing beside its text."""

_BESIDE_SHARE = 0.25
"""At most this share of a page's characters stands beside its text; more is a column."""

_SMALLER = 0.95
"""A margin note is set smaller than this share of the text's size."""


def rotated(segments: Iterable[Segment]) -> set[int]:
    """Return the indexes of segments that are not upright: watermarks, stamps, labels of axes."""
    return {at for at, segment in enumerate(segments) if segment.box.angle}


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


def _width(segment: Segment) -> float:
    return 0 if segment.box.angle else segment.box.right - segment.box.left
