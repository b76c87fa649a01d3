"""The text of annotations on a flattened page: the marks that set it apart, and how readers find it by them. Pure.

`flattening` draws annotations after all else on a page, each behind a mark: two control characters outside the page.
Libraries return the text of a page in the order in which it is drawn, so whatever follows the first mark is the text
of annotations. It is kept apart because it is no part of the running text: a note may lie on a sentence of the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

from chunk_runner.pdf.glyphs.characters import HYPHEN_MARKS


class Mark(StrEnum):
    """The characters before the text of an annotation, which stand side by side in no other text."""

    TEXT = "\x1e\x1c"
    """Running text: the value of a text field, a note, a text box."""
    LINES = "\x1e\x1d"
    """Lines that do not belong together: the options of a list, a stamp, a signature."""
    COMMENT = "\x1e\x1f"
    """A comment on something on the page. One that only repeats words of the page is left out: several programs copy
    the words that are highlighted into the comment."""


class SplitText(NamedTuple):
    """The text of a page.

    Attributes:
        body: The characters of the page itself.
        annotations: The lines of each annotation that has text, cleaned and not empty.
    """

    body: str
    annotations: list[list[str]]


_REPEATED_CHARACTERS = 8
"""A comment of at least this many characters that are on the page, too, repeats them; a shorter one may by chance."""

_FIRST = Mark.TEXT[0]
"""The character that all marks begin with."""

_MARK = re.compile("|".join(map(re.escape, Mark)))
_LINE_END = re.compile(rf"[\r\n]+|(?<=[{''.join(HYPHEN_MARKS)}])")


def split(text: str, clean: Callable[[str, int], str]) -> SplitText:
    """Return the characters of a page without the text of annotations, and this text.

    Args:
        text: All characters of the page, in drawing order.
        clean: Returns a line, given its characters and the index of the first, without what is not text.
    """
    marks = list(_MARK.finditer(text)) if _FIRST in text else []
    if not marks:  # true of most pages
        return SplitText(text, [])
    body = text[: marks[0].start()]
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    parts = [(Mark(mark[0]), mark.end(), end) for mark, end in zip(marks, ends, strict=True)]
    shown = _squeezed(body + "".join(text[start:end] for mark, start, end in parts if mark is not Mark.COMMENT))
    annotations: list[list[str]] = []
    for mark, start, end in parts:
        words = _squeezed(text[start:end]) if mark is Mark.COMMENT else ""
        if len(words) >= _REPEATED_CHARACTERS and words in shown:
            continue
        lines = [line for raw, at in _lines(text[start:end]) if (line := clean(raw, start + at))]
        if mark is Mark.LINES:
            annotations += [[line] for line in lines]
        elif lines:
            annotations.append(lines)
    return SplitText(body, annotations)


def _lines(part: str) -> Iterator[tuple[str, int]]:
    """Yield the lines of a text, each with the index of its first character."""
    begin = 0
    for end in _LINE_END.finditer(part):
        yield part[begin : end.start()], begin
        begin = end.end()
    yield part[begin:], begin


def _squeezed(text: str) -> str:
    """Return a text without spaces, line ends and hyphens, which differ between a comment and what it marks."""
    return re.sub(rf"[\s\-{''.join(HYPHEN_MARKS)}]+", "", text)
