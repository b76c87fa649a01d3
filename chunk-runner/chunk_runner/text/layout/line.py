"""The lines of a page's text, the segments they are made of, and what several modules ask of them. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

from chunk_runner.pdf.page import Box, Page


PARAGRAPH_SPACING = 1.3
"""Lines belong to different paragraphs if they are this many times the usual distance apart."""

_LEVEL = 0.2
_NEAR = 0.7
"""The lower edges of segments at one height differ by less than these shares of their height; the second is for those
that PDFium joins into one line, superscripts among them."""

_TOUCHING = 0.05
"""Segments whose distance is less than this share of their height are parts of one word: on rotated pages, PDFium
breaks a line before a superscript."""

_SMALLER = 0.95
"""Captions, notes and the like are set smaller than this share of the text's size."""

_FIRST_RIGHT_TO_LEFT = "\u0590"
"""The first character of the scripts that run from right to left, in Unicode order."""


_SENTENCE_END = re.compile(r"[.!?:;…。！？；।؟]['\"”’»)]*$")


def ends_sentence(text: str) -> bool:
    """Return True if a line may end a sentence, or what precedes a list."""
    return _SENTENCE_END.search(text) is not None


class Start(IntEnum):
    """The kind of boundary before a line, by its position and style."""

    NOTHING = 0
    PARAGRAPH = 1
    """A paragraph, unless the words show that the sentence goes on: below a figure, in the next column."""
    ENTRY = 2
    """An item of a list, a row of a table, a heading: no sentence crosses its beginning."""


class End(IntEnum):
    """The kind of boundary after the last line of a column, by its position and style."""

    NOTHING = 0
    PARAGRAPH = 1
    """A short item of a list or a heading, unless the words show that the sentence goes on."""
    ENTRY = 2
    """A row of a table or a line of code: no sentence crosses its end."""


class Line(NamedTuple):
    """A line of text.

    Attributes:
        page: The 1-based page it stands on.
        text: The text, cleaned and not empty.
        starts: What starts with it; truthy if anything does.
        ends: What ends with it, for the last line of a column; truthy if anything does.
    """

    page: int
    text: str
    starts: int = Start.NOTHING
    ends: int = End.NOTHING


class PageText(NamedTuple):
    """The text of a page.

    Attributes:
        body: The lines of the running text, in reading order.
        notes: The lines beside it: footnotes, captions, running headers and footers that are kept; and those of form
            fields, comments and stamps.
        dropped: The number of running headers, footers and line numbers that were left out.
    """

    body: list[Line]
    notes: list[Line]
    dropped: int = 0


class Segment(NamedTuple):
    """A part of a line without a wide gap."""

    text: str
    box: Box


class Row(NamedTuple):
    """Segments that stand side by side and are read from left to right.

    Attributes:
        text: The text of the line.
        box: The common box of the segments, with the font and size of the first.
        segments: The segments, at least one.
    """

    text: str
    box: Box
    segments: Sequence[Segment]


def segments_of(page: Page) -> list[Segment]:
    """Return the segments of a page; those of a page that is read from right to left are mirrored."""
    segments = [Segment(text, box) for text, box in zip(page.lines, page.boxes, strict=True)]
    if sum(map(_is_right_to_left, segments)) * 2 <= len(segments):
        return segments
    return [
        Segment(text, box._replace(left=page.width - box.right, right=page.width - box.left)) for text, box in segments
    ]


def rows_of(segments: Iterable[Segment]) -> list[Row]:
    """Return the lines of segments that follow each other at one height, from left to right."""
    rows: list[list[Segment]] = []
    for segment in segments:
        if rows and _continues(rows[-1][-1].box, segment.box):
            rows[-1].append(segment)
        else:
            rows.append([segment])
    return [row_of(row) for row in rows]


def _continues(box: Box, following: Box) -> bool:
    # PDFium breaks a line at a very wide gap, and joins two lines at different heights if one is very short.
    distance = abs(box.bottom - following.bottom) / max(min(box.height, following.height), 1)
    is_near = box.row == following.row or _are_one_word(box, following)
    return distance < (_NEAR if is_near else _LEVEL) and following.left >= box.left


def _are_one_word(box: Box, following: Box) -> bool:
    return box.row != following.row and abs(following.left - box.right) < _TOUCHING * box.height


def row_of(segments: Sequence[Segment]) -> Row:
    """Return the line of segments that stand side by side, given from left to right."""
    text, first = segments[0]
    if len(segments) == 1:
        return Row(text, first, segments)
    boxes = [segment.box for segment in segments]
    edges = {"left": min(box.left for box in boxes), "right": max(box.right for box in boxes)}
    box = first._replace(**edges, top=max(box.top for box in boxes))
    parts = [text]
    for one, other in pairwise(segments):
        parts += [other.text] if _are_one_word(one.box, other.box) else [" ", other.text]
    return Row("".join(parts), box, segments)


def are_level(line: Segment | Row, other: Segment) -> bool:
    """Return True if a segment stands at the height of a line: the middle of the one lies within the other."""
    middle = (other.box.bottom + other.box.top) / 2
    return line.box.bottom < middle < line.box.top


def is_smaller(size: float, text_size: float) -> bool:
    """Return True if a size, in points, is clearly smaller than that of the text."""
    return size < _SMALLER * text_size


def _is_right_to_left(segment: Segment) -> bool:
    if segment.text[0] < _FIRST_RIGHT_TO_LEFT and segment.text[0].isalpha():  # true of most lines
        return False
    for char in segment.text:
        match unicodedata.bidirectional(char):
            case "R" | "AL":
                return True
            case "L":
                return False
    return False
