"""Parses page ranges such as `1-120,130-`, and applies them to a source with a known number of pages. Pure."""

from __future__ import annotations

import re

from chunk_runner.contract.limits import shorten


_PART = re.compile(r"(?P<first>[0-9]{1,9})?(?P<to>-)?(?P<last>[0-9]{1,9})?")


class SelectionError(ValueError):
    """The text selects no pages, or pages that do not exist; the message is one sentence for users."""


def check(text: str) -> None:
    """Check ranges before the number of pages is known.

    Raises:
        SelectionError: The text selects no pages of any file.
    """
    _parts(text)


def select(text: str | None, pages: int) -> list[int]:
    """Return the selected pages, ascending, each once.

    Args:
        text: Numbers and ranges, separated by commas, in any order: `7`, `1-120`, `130-` to the last page, `-20` from
            the first; `None` for all pages.
        pages: The number of pages of the source, 1 or more.

    Raises:
        SelectionError: A part is not of this form, or selects a page that the source does not have.
    """
    if text is None:
        return list(range(1, pages + 1))
    selected: set[int] = set()
    for part, first, last in _parts(text):
        if first > pages or (last or 0) > pages:
            raise SelectionError(f"“{part}” goes beyond the last page: the source has {pages} pages.")
        selected.update(range(first, (last or pages) + 1))
    return sorted(selected)


def _parts(text: str) -> list[tuple[str, int, int | None]]:
    """Return each part with its first and last page; `None` stands for the last page of the source."""
    parts = []
    for part in map(str.strip, text.split(",")):
        match = _PART.fullmatch(part)
        if match is None or not (match["first"] or match["last"]):
            raise SelectionError(f"“{shorten(part, 40)}” selects no pages: write ranges such as 1-120,130- or 7.")
        first = int(match["first"] or 1)
        last = int(match["last"]) if match["last"] else None if match["to"] else first
        if first < 1 or (last is not None and last < first):
            raise SelectionError(f"“{part}” selects no pages: the first page is 1, and ranges are ascending.")
        parts.append((part, first, last))
    return parts
