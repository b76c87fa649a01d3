"""Entries, rendered in the format of an output: each chunk renders its own, so that the merge only concatenates pieces.

Knows formats and entries. Must not know the head of an output, nor files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring as _quoted
from typing import Any

from chunk_runner.text.entries import Entry, Gap, Sentence, StructuredAnswer


MARKDOWN = "markdown"


@dataclass(frozen=True)
class Piece:
    """Consecutive entries, rendered except for the separators at both ends, which depend on the neighbors.

    Attributes:
        body: The rendered entries, in UTF-8.
        sentences: Number of sentences.
        first_page: Page on which the first entry begins.
        last_page: Page on which the last entry begins.
        starts: True if the first entry starts a paragraph.
        ends: True if the last entry ends a paragraph.
        answers: Number of answers to an output schema.
    """

    body: bytes = b""
    sentences: int = 0
    first_page: int = 0
    last_page: int = 0
    starts: bool = False
    ends: bool = False
    answers: int = 0


def render(entries: Sequence[Entry], form: str) -> Piece | None:
    """Render entries for an output of this format; return `None` if there are none."""
    if not entries:
        return None
    first, last = entries[0], entries[-1]
    body = _markdown(entries) if form == MARKDOWN else "\n".join(map(_line, entries))
    return Piece(
        # Half of a surrogate pair cannot be encoded.
        body.encode(errors="replace"),
        sum(isinstance(entry, Sentence) for entry in entries),
        first.first_page,
        last.first_page,
        _starts(first),
        _is_own_paragraph(last),
        sum(isinstance(entry, StructuredAnswer) for entry in entries),
    )


def canonical(value: Any) -> str:
    """Return data as canonical JSON on one line: equal data gives equal text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _line(entry: Entry) -> str:
    # Assembled by hand for speed: a book has many sentences.
    pages = f'"pages": [{entry.first_page}, {entry.last_page}]'
    if isinstance(entry, Gap):
        return f'{{"text": {_quoted(_missing(entry))}, {pages}, "gap": {_quoted(entry.reason)}}}'
    if isinstance(entry, StructuredAnswer):
        return f'{{"value": {entry.json}, {pages}}}'
    return f'{{"text": {_quoted(entry.text)}, {pages}}}'


def _markdown(entries: Sequence[Entry]) -> str:
    parts: list[str] = []
    before: Entry | None = None
    for entry in entries:
        if before is not None:
            paragraph = _starts(entry) or _is_own_paragraph(before)
            parts.append(separator(before.first_page, entry.first_page, paragraph=paragraph))
        parts.append(_shown(entry))
        before = entry
    return "".join(parts)


def separator(before: int | None, page: int, *, paragraph: bool) -> str:
    """Return the separator between two entries, with a marker before the first entry that begins on a page."""
    space = "" if before is None else "\n\n" if paragraph else " "
    return space if page == before else f"{space}[p. {page}] "


def _shown(entry: Entry) -> str:
    match entry:
        case Gap():
            return f"**{_escaped(_missing(entry))}**"
        case StructuredAnswer():
            fence = "`" * 3
            while fence in entry.json:
                fence += "`"
            return f"{fence}json\n{entry.json}\n{fence}"
        case _:
            return _escaped(entry.text)


def _starts(entry: Entry) -> bool:
    return _is_own_paragraph(entry) or (isinstance(entry, Sentence) and entry.starts_paragraph)


def _is_own_paragraph(entry: Entry) -> bool:
    """Return whether an entry is a paragraph of its own."""
    return not isinstance(entry, Sentence)


def _missing(gap: Gap) -> str:
    shown = f"pages {gap.first_page}-{gap.last_page}" if gap.last_page > gap.first_page else f"page {gap.first_page}"
    return f"[{shown} missing: {gap.reason}]"


_MARKUP = re.compile(r"[\\`*_\[\]<>&#|~]|^[-+](?=\s)|^\d{1,9}(?=[.)])")


def _escaped(text: str) -> str:
    """Escape all markup, so that a document cannot smuggle in a link or a script."""
    return _MARKUP.sub(lambda match: f"{match[0]}\\" if match[0].isdecimal() else f"\\{match[0]}", text)
