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

from chunk_runner.text.layout.line import Row, Start
from chunk_runner.text.layout.paragraphs import margin, short_edge
from chunk_runner.text.list_markers import BULLETS


_WEAK_BULLETS = frozenset("-–—*o·+>»~→⇒➔")
"""Characters that begin an item if the position says so."""

_NUMBER = re.compile(
    r"(?:§\s*)?\(?(?P<number>\d{1,3}(?:\.\d{1,3})*|[a-zA-Z]|[ivxlIVXL]{1,6})(?P<mark>[.)\]]|\.\))\s+\S"
    r"|(?P<section>\d{1,2}(?:\.\d{1,2})+)\s+\S"
    r"|§\s*(?P<clause>\d{1,4}[a-z]?)\s+\S"
)

_ROMAN_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50}

_SAME_EDGE = 2.0
"""Left edges of items of one list differ by at most this many points."""

_OUTDENT = 1.0

_MARKER_LIMIT = 12
"""Characters of a bullet or number."""


@dataclass(frozen=True)
class _Marker:
    """The beginning of a line that may be an item.

    Attributes:
        kind: The bullet itself, or the form of the number: `(1)`, `1.`
        numbers: The values that the number may have: `i.` is 1 or 9; empty for a bullet.
        is_certain: True if the marker alone makes an item.
        is_doubtful: True if it may be the initial of a name or a decimal, so that only a neighbour makes it an item.
    """

    kind: str
    numbers: frozenset[int] = frozenset()
    is_certain: bool = False
    is_doubtful: bool = False


def item_starts(column: Sequence[Row]) -> dict[int, Start]:
    """Return where items start, and where the text after an item starts, by index of the line.

    Args:
        column: The lines of a column.
    """
    markers = {at: marker for at, row in enumerate(column) if (marker := _marker(row.text)) is not None}
    left, edge = margin(column), short_edge(column)
    items = [at for at in markers if markers[at].is_certain or _is_item(at, markers, column, left, edge)]
    starts = dict.fromkeys(items, Start.ENTRY)
    for item, end in pairwise([*items, len(column)]):
        for at in range(item + 1, end):
            if _is_after(column[item], column[at - 1], column[at], edge):
                starts[at] = Start.ENTRY
                break
    return starts


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
    label = found["number"] or found["section"] or found["clause"]
    kind = found[0].replace(label, "#", 1).rstrip(found[0][-1]).rstrip() + str(label.count("."))
    is_initial = len(label) == 1 and label.isupper() and found["mark"] == "."
    is_decimal = found["section"] is not None and found[0][-1].islower()
    return _Marker(kind, _values(label.rsplit(".", 1)[-1]), is_doubtful=is_initial or is_decimal)


def _values(label: str) -> frozenset[int]:
    """Return the values that a number, a letter or a Roman numeral may have, for comparing it with its neighbours."""
    digits = label.rstrip("abcdefghijklmnopqrstuvwxyz")
    if digits.isdecimal():
        return frozenset({int(digits)})
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
    is_after_short = before is None or before.text[-1] == ":" or before.box.right < edge
    if not is_after_short and before is not None and before.text[-1] not in ".;!?…)":
        return False
    others = [
        other
        for index, other in markers.items()
        if index != at and other.kind == marker.kind and abs(column[index].box.left - row.box.left) <= _SAME_EDGE
    ]
    neighbours = {value + step for value in marker.numbers for step in (-1, 1)}
    is_one_of_several = any(not neighbours or not other.numbers.isdisjoint(neighbours) for other in others)
    if is_one_of_several or marker.is_doubtful:
        return is_one_of_several
    is_set_off = abs(row.box.left - left) > _SAME_EDGE
    hangs = at + 1 < len(column) and at + 1 not in markers and column[at + 1].box.left > row.box.left + _SAME_EDGE
    return is_after_short and (is_set_off or hangs)


def _is_after(item: Row, above: Row, row: Row, edge: float) -> bool:
    """Return True if a line no longer belongs to the item above it: it stands further left, or behind a short line."""
    if row.box.left < item.box.left - _OUTDENT:
        return True
    return row.box.left <= item.box.left + _OUTDENT and above.box.right < edge and not row.text[0].islower()
