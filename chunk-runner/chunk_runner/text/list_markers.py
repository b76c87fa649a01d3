"""The markers of list items: bullets, numbers and letters at the beginning of an item. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator


BULLETS = "•‣⁃∙▪▫■□▶▷▸►○●◉◦◆◇❖❍❑❒⬥⬧♦➔➢➣➤➥☞★☆✓✔✗✘☐☑☒"
"""Characters that only ever stand before an item."""

_NUMBER = r"\(?(?:\d{1,3}(?:\.\d{1,3}){0,4}|[a-zA-Z]|[ivxlcIVXLC]{1,6})[.)]{1,2}|\[\d{1,3}\]|§§?\s?\d{1,4}[a-z]?\.?"

_MARKER = re.compile(rf"(?:(?:[{BULLETS}·]|[*⁃–—-](?=\s))\s*(?:(?:{_NUMBER})(?:\s+|$))?|(?:{_NUMBER})(?:\s+|$))")

_BULLET = re.compile(rf"[{BULLETS}]")
_COUNTED = re.compile(r"(\(?)(?:(\d{1,3})(\.?\))|([a-z])(\.?\)|\.))\s")


def marker_length(text: str) -> int:
    """Return the number of characters of the marker with which a text begins, spaces included; 0 if there is none."""
    match = _MARKER.match(text)
    return match.end() if match else 0


def is_marker(text: str) -> bool:
    """Return True if a text, without spaces around it, is nothing but a marker."""
    return _MARKER.fullmatch(text) is not None


def following_items(text: str) -> list[int]:
    """Return the indexes of the items that follow the first one within a text.

    These are the ones at “2)” and “3)” if it begins with “1)”, and the ones at “•” if it begins with “•”.

    Args:
        text: Running text, on one line.
    """
    if text[1:2].islower() and text[0].isalpha():  # true of most texts
        return []
    if _BULLET.match(text):
        return [match.end() - 1 for match in re.finditer(f" {text[0]}", text)]
    first = _COUNTED.match(text)
    if first is None:
        return []
    opening = first[1]
    found: list[int] = []
    at = first.end() - 1
    for marker in _counted_on(first[2] or first[4], first[3] or first[5]):
        at = text.find(f" {opening}{marker} ", at)
        # “b. the” is no item: a stop before a small letter ends an abbreviation.
        if at < 0 or (marker.endswith(".") and text[at + len(opening) + len(marker) + 2].islower()):
            return found
        found.append(at + 1)
        at += 1
    return found


def _counted_on(count: str, closing: str) -> Iterator[str]:
    """Yield the markers after one: 2) and 3) after 1), b. and c. after a."""
    if count.isdecimal():
        yield from (f"{number}{closing}" for number in range(int(count) + 1, 1000))
    else:
        yield from (f"{chr(code)}{closing}" for code in range(ord(count) + 1, ord("z") + 1))
