"""A synthetic book: its file and its entries. The same seed and options give the same bytes every time."""

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tools.documents.synthetic_books.layout import Layout
from tools.documents.synthetic_books.press import Press


@dataclass(frozen=True)
class Sentence:
    """A sentence or another entry as the text layer has it, with its pages, 1-based."""

    text: str
    first_page: int
    last_page: int


@dataclass(frozen=True)
class Book:
    """A written book; of the entries that begin on a page, those beside its text come last."""

    path: Path
    pages: int
    language: str
    sentences: list[Sentence]
    headers: frozenset[str]


def write(path: Path, *, seed: int, language: str = "en", pages: int = 40, **layout: Any) -> Book:
    """Write a book of about this many pages; the other options are those of `Layout`."""
    press = Press(path, Random(seed), language, Layout(**layout))  # noqa: S311 (prose, not secrets)
    press.print_book(pages)
    drafts = sorted(press.setter.drafts, key=lambda draft: (draft.first, draft.place, draft.turn))
    sentences = [Sentence(draft.text, draft.first, draft.last) for draft in drafts]
    return Book(path, press.page, language, sentences, frozenset(press.headers))
