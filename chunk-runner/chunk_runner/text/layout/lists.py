"""Items of lists, by the bullet or number they begin with and by where they stand. Pure.

Bullets are certain. A dash, an asterisk or a number at the beginning of a line may belong to a sentence, so these count
only if the position says so, too: another item at the same left edge, or a short line before it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from chunk_runner.text.layout.line import Row, Start
from chunk_runner.text.layout.paragraphs import margin, short_edge
from chunk_runner.text.list_markers import BULLETS


_WEAK_BULLETS = frozenset("-–—*o·+>»~→⇒")
"""Characters that begin an item if the position says so."""

_NUMBER = re.compile(
    r"(?:§\s*)?[(\[]?(?P<number>\d{1,3}(?:\.\d{1,3})*|[a-zA-Z]|[ivxlIVXL]{1,6})(?P<mark>[.)\]:°]|\.\))\s+\S"
    r"|#?(?P<dashed>\d{1,3})(?:\s[-–]|(?<=#\d)|(?<=#\d\d))\s+\S"
    r"|(?P<circled>[①-⑳])\s*\S"
    r"|(?P<section>\d{1,2}(?:\.\d{1,2})+)\s+\S"
    r"|§\s*(?P<clause>\d{1,4}[a-z]?)\s+\S"
)

_ROMAN_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50}

_SAME_EDGE = 2.0
"""Left edges of items of one list differ by at most this many points."""

_OUTDENT = 1.0
"""A line further left than an item by more points does not belong to it."""

_SENTENCE_ENDS = '.:;!?…)»”"'
"""Characters with which a full line may end a sentence."""

_MARKER_LIMIT = 12
"""Characters of a bullet or number."""


@dataclass(frozen=True)
class _Marker:
    """The beginning of a line that may be an item.

    Attributes:
        kind: The bullet itself, or the form of the number: `(1)`, `1.`
        numbers: The values that the number may have: `i.` is 1 or 9; empty for a bullet.
        is_certain: True if the marker alone makes an item.
        is_doubtful: True if it may be the initial of a name or a decimal, so that only a neighbor makes it an item.
    """

    kind: str
    numbers: frozenset[int] = frozenset()
    is_certain: bool = False
    is_doubtful: bool = False

    def follows(self, other: _Marker) -> bool:
        """Return True if this is the next number after another one."""
        return any(number - 1 in other.numbers for number in self.numbers)

    def is_near(self, other: _Marker) -> bool:
        """Return True if this is the same bullet, or the number before or after another one."""
        return not self.numbers or self.follows(other) or other.follows(self)


class Items(NamedTuple):
    """The items of a column.

    Attributes:
        starts: Where items start, and where the text after an item starts, by index of the line.
        lines: The indexes of all lines that belong to items.
    """

    starts: dict[int, Start]
    lines: set[int]


def find_items(column: Sequence[Row]) -> Items:
    """Return the items of a column.

    Args:
        column: The lines of a column.
    """
    markers = {at: marker for at, row in enumerate(column) if (marker := _marker(row.text)) is not None}
    left, edge = margin(column), short_edge(column)
    items = [at for at in markers if markers[at].is_certain or _is_item(at, markers, column, left, edge)]
    found = Items(dict.fromkeys(items, Start.ENTRY), set())
    hangs = _hangs(items, column, edge)
    for item, following in pairwise([*items, len(column)]):
        hang = hangs.get(round(column[item].box.left), column[item].box.left)
        end, is_certain = _end_of_item(column, item, following, hang, edge)
        found.lines.update(range(item, end))
        if is_certain:
            found.starts[end] = Start.ENTRY
    return found


def is_item_marker(text: str) -> bool:
    """Return True if a text is nothing but a bullet or the number of an item."""
    return len(text) <= _MARKER_LIMIT and _marker(f"{text} x") is not None


def _marker(text: str) -> _Marker | None:
    first, space = text[0], text[1:2]
    if space.islower() and first.isalpha() and first.lower() not in _ROMAN_DIGITS:  # true of most lines
        return None
    if first in BULLETS or (unicodedata.category(first) == "Co" and space == " "):
        return _Marker(first, is_certain=len(text) > 1)
    if first in _WEAK_BULLETS and space == " " and text[2:]:
        return _Marker(first)
    found = _NUMBER.match(text)
    if found is None:
        return None
    label = next(filter(None, found.group("number", "section", "clause", "dashed", "circled")))
    kind = found[0].replace(label, "#", 1).rstrip(found[0][-1]).rstrip() + str(label.count("."))
    is_initial = len(label) == 1 and label.isupper() and found["mark"] == "."
    is_decimal = found["section"] is not None and found[0][-1].islower()
    return _Marker(kind, _values(label.rsplit(".", 1)[-1]), is_doubtful=is_initial or is_decimal)


def _values(label: str) -> frozenset[int]:
    """Return the values that a number, a letter or a Roman numeral may have, for comparing it with its neighbors."""
    digits = label.rstrip("abcdefghijklmnopqrstuvwxyz")
    if digits.isdecimal():
        return frozenset({int(digits)})
    if not label.isalpha() and len(label) == 1:  # in a circle
        return frozenset({int(unicodedata.numeric(label))})
    values = {ord(label.lower()) - ord("a") + 1} if len(label) == 1 else set()
    if not set(label.lower()) - set(_ROMAN_DIGITS):
        values.add(_roman(label.lower()))
    return frozenset(values)


def _roman(numeral: str) -> int:
    values = [_ROMAN_DIGITS[letter] for letter in numeral]
    return sum(-one if one < other else one for one, other in zip(values, [*values[1:], 0], strict=True))


def _is_item(at: int, markers: dict[int, _Marker], column: Sequence[Row], left: float, edge: float) -> bool:
    """Return True if the position of a line confirms its marker.

    Args:
        at: The index of the line.
        markers: The markers of the column's lines, by index.
        column: The lines.
        left: The left edge of the column.
        edge: The position before which a short line ends.
    """
    marker, row = markers[at], column[at]
    before = column[at - 1] if at else None
    is_after_colon = before is not None and before.text[-1] == ":"
    if is_after_colon and not marker.is_doubtful and (1 in marker.numbers or not marker.numbers):
        return True
    others = {
        index: other
        for index, other in markers.items()
        if index != at and other.kind == marker.kind and abs(column[index].box.left - row.box.left) <= _SAME_EDGE
    }
    is_one_of_several = any(marker.is_near(other) for other in others.values())
    is_next = any(index < at and marker.follows(other) for index, other in others.items())
    if is_one_of_several and (_has_marker_apart(row) or (is_next and not marker.is_doubtful)):
        return True
    is_after_short = before is None or is_after_colon or before.box.right < edge
    if not is_after_short and before is not None and before.text[-1] not in _SENTENCE_ENDS:
        return False
    if is_one_of_several or marker.is_doubtful:
        return is_one_of_several
    is_set_off = abs(row.box.left - left) > _SAME_EDGE
    hangs = at + 1 < len(column) and at + 1 not in markers and column[at + 1].box.left > row.box.left + _SAME_EDGE
    return is_after_short and (is_set_off or hangs)


def _hangs(items: Sequence[int], column: Sequence[Row], edge: float) -> dict[int, float]:
    """Return the left edge of the further lines of items, by the left edge of their first lines."""
    found: dict[int, float] = {}
    for item in items:
        row, below = column[item], column[item + 1] if item + 1 < len(column) else None
        if _has_marker_apart(row):
            found[round(row.box.left)] = row.segments[1].box.left
        elif below is not None and row.box.right >= edge and below.box.left > row.box.left + _SAME_EDGE:
            found.setdefault(round(row.box.left), below.box.left)
    return found


def _end_of_item(column: Sequence[Row], item: int, following: int, hang: float, edge: float) -> tuple[int, bool]:
    """Return the index after the last line of an item, and whether an entry is certain to start there.

    Args:
        column: The lines of a column.
        item: The index of the item's first line.
        following: The index of the next item.
        hang: The left edge of the item's further lines.
        edge: The position before which a short line ends.
    """
    for at in range(item + 1, following):
        above, row = column[at - 1], column[at]
        if not _is_after(column[item].box.left, hang, above, row, edge):
            continue
        is_lower, is_full = row.text[0].islower(), above.box.right >= edge
        if at - 1 > item and row.box.left < above.box.left - _OUTDENT and (is_lower or is_full):
            before = column[at - 2]
            if not above.text[0].islower() and (before.box.right < edge or before.text[-1] in _SENTENCE_ENDS):
                return at - 1, True  # the first line of a paragraph, with an indent
        # Otherwise the words show whether the sentence goes on.
        return at, not (is_lower or is_full)
    return following, False


def _is_after(left: float, hang: float, above: Row, row: Row, edge: float) -> bool:
    """Return True if a line does not belong to the item above it: it stands elsewhere, or behind a short line."""
    if row.box.left < left - _OUTDENT or left + _OUTDENT < row.box.left < hang - _SAME_EDGE:
        return True
    return row.box.left <= left + _OUTDENT and above.box.right < edge and not row.text[0].islower()


def _has_marker_apart(row: Row) -> bool:
    """Return True if there is a wide gap between the marker of an item and its text."""
    return len(row.segments) > 1 and is_item_marker(row.segments[0].text)
