"""The entries of an output: sentences, gaps and structured answers, each with the pages it covers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple


class Sentence(NamedTuple):
    """A sentence, the first and last page it stands on, and whether a paragraph starts with it."""

    text: str
    first_page: int
    last_page: int
    starts_paragraph: bool = False


class Gap(NamedTuple):
    """A range of pages without entries, and the reason."""

    first_page: int
    last_page: int
    reason: str


class StructuredAnswer(NamedTuple):
    """A model's answer about a range of pages by the job's own schema: JSON, on one line."""

    json: str
    first_page: int
    last_page: int


Entry = Sentence | Gap | StructuredAnswer


def with_notes(entries: Sequence[Entry], notes: Sequence[Sentence]) -> list[Entry]:
    """Return entries with the notes of each page placed after the last entry that starts on it."""
    # Sorting is stable, so entries of one page keep their order and precede its notes.
    return sorted([*entries, *notes], key=attrgetter("first_page")) if notes else list(entries)
