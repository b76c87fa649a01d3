"""Spaces that a library has missed: restoring them where the gaps between characters are as wide as spaces. Pure.

Many files have no spaces but move to the next word, and where the move is small, a library sees no space. Only
lines with an unusually long word are examined, because getting the positions of all characters takes time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice, pairwise
from statistics import median

from chunk_runner.pdf.glyphs.columns import BoxOf, Rect


_LETTER = r"[A-Za-z\u00c0-\u02af\u0370-\u052f]"
"""Latin, Greek and Cyrillic letters; other scripts have long words, or no spaces."""

_LONG_WORD = re.compile(_LETTER + "{16,}")

_MEAN_LENGTH = 10
"""Characters per space of a line that may be glued; in no language are words that long on average."""

_MINIMUM_GAP = 0.08
"""The narrowest space, in line heights: the distance to the next character, beyond the usual one of the line."""

_MARK_IN_WORD = re.compile(_LETTER + "[,.;:]" + _LETTER)
"""A punctuation mark without a space behind it, as in addresses and between glued words."""

_MARKS_LIMIT = 20
"""Such marks that are examined."""

_GAP_BEHIND_MARK = 0.15
"""A gap behind a mark that is a space, in line heights."""

_CLEARANCE = 2
"""A space is at least this many times as wide as the widest other gap; otherwise the font's widths are wrong."""

_MINIMUM_LENGTH = 2.5
"""Characters per word that a line has at least; if words are shorter, the font's widths are wrong."""

_MINIMUM_SPACES = 2
"""Spaces to restore in a long word for it to count as several words."""

_CLOSING = ",.;:!?)]}»”’"
"""Marks that stand close to the word before them."""


def has_glued_words(text: str, lines: Iterable[tuple[int, str]], box_of: BoxOf) -> bool:
    """Return True if the library has glued words together on a page.

    Args:
        text: The page's text.
        lines: The index of each line's first character in it, and the line as the library returns it.
        box_of: See `BoxOf`.
    """
    # Counting takes a hundredth of the time that looking for them does.
    if text.count(",") > text.count(", ") + text.count(",\r") or text.count(".") > text.count(". ") + text.count(".\r"):
        marks = islice(_MARK_IN_WORD.finditer(text), _MARKS_LIMIT)
        if any(_is_gap(box_of(match.start() + 1), box_of(match.start() + 2)) for match in marks):
            return True
    return any(_may_be_glued(line) and _is_glued(line, restore_spaces(line, start, box_of)) for start, line in lines)


def restore_spaces(line: str, start: int, box_of: BoxOf) -> str:
    """Return a line with a space in each wide gap.

    Args:
        line: The line as the library returns it.
        start: The index of its first character in the page's text.
        box_of: See `BoxOf`.
    """
    boxes = [box_of(start + at) for at in range(len(line))]
    gaps = {
        at: there.left - here.right
        for at, (here, there) in enumerate(pairwise(boxes))
        if here is not None and there is not None and not (line[at].isspace() or line[at + 1].isspace())
    }
    if not gaps:
        return line
    usual, height = median(gaps.values()), median(box.top - box.bottom for box in boxes if box is not None)
    if usual < -height / 2:  # the line does not run to the right
        return line
    minimum = usual + _MINIMUM_GAP * height
    spaces = {at: gap for at, gap in gaps.items() if gap >= minimum}
    widest = max((abs(gap - usual) for at, gap in gaps.items() if at not in spaces), default=0)
    if not spaces or min(spaces.values()) - usual < _CLEARANCE * widest:
        return line
    spaced = "".join(
        f"{char} " if at in spaces and line[at + 1] not in _CLOSING else char for at, char in enumerate(line)
    )
    return spaced if len(line) >= _MINIMUM_LENGTH * len(spaced.split()) else line


def _is_gap(mark: Rect | None, following: Rect | None) -> bool:
    """Return True if a space lies between a mark and the character behind it."""
    if mark is None or following is None:
        return False
    return following.left - mark.right > _GAP_BEHIND_MARK * (mark.top - mark.bottom)


def _may_be_glued(line: str) -> bool:
    """Return True if a line has an unusually long word and few spaces: a cheap test that most lines fail."""
    return line.count(" ") * _MEAN_LENGTH < len(line) and _LONG_WORD.search(line) is not None


def _is_glued(line: str, spaced: str) -> bool:
    """Return True if each long word of a line is several words in the line with its spaces restored."""
    parts = (re.search(" ?".join(word), spaced) for word in _LONG_WORD.findall(line))
    return all(match is not None and match[0].count(" ") >= _MINIMUM_SPACES for match in parts)
