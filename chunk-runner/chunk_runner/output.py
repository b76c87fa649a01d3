"""The output: the merged whole, in one of three formats, written as it streams by.

- `json`: one document, `{"source": …, "processor": …, "ledger": …, "failedChunks": …, "tokens": …, "sentences": […]}`,
  one sentence a line.
- `jsonl`: the sentences alone, one a line.
- `markdown`: the running text in paragraphs, with a mark where each page begins: `[p. 12]`.

Nothing in it depends on chunk size, workers, time or machine, save `failedChunks`. Where pages are missing there is a
gap, in the place where their sentences would be: `{"text": "[page 61 missing: reason]", "pages": [61, 61], "gap":
"reason"}`.

Chunks render their own entries (`render`), so that the merge only puts the pieces together (`BodyWriter`), which costs
it about as much as copying a file. The head comes first but is known last, so the body is written to a file of its own.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import chain
from json.encoder import encode_basestring as _quoted
from typing import IO, Any, BinaryIO

from chunk_runner.contract.report import FailedChunk
from chunk_runner.contract.stats import Tokens
from chunk_runner.text.entries import Entry, Gap, Sentence, StructuredAnswer


MARKDOWN = "markdown"

_BLOCK = 2**20
"""Bytes that are copied at a time."""


@dataclass(frozen=True)
class Head:
    """Everything in the output but the sentences.

    Attributes:
        source: `name`, `sha256`, `bytes`, `pages`.
        processor: `name`, `version`.
        ledger: Page ranges by state.
        failed_chunks: All of them.
        tokens: Over every attempt.
        page_reasons: Pages whose text is not what was asked for, or that failed alone: ranges by reason.
        entries: What its entries are called: `sentences`, or `answers` in a shape of the job's own.
    """

    source: Mapping[str, Any]
    processor: Mapping[str, Any]
    ledger: Mapping[str, str]
    failed_chunks: tuple[FailedChunk, ...]
    tokens: Tokens
    page_reasons: Mapping[str, str] = field(default_factory=dict)
    entries: str = "sentences"


@dataclass(frozen=True)
class Written:
    """An output's checksum (hexadecimal), size in bytes, and number of sentences or answers."""

    sha256: str
    bytes: int
    sentences: int
    answers: int


@dataclass(frozen=True)
class Piece:
    """Consecutive entries, rendered but for what depends on their neighbours.

    Attributes:
        body: In UTF-8.
        sentences: How many there are in it.
        first_page: Of its first entry.
        last_page: The page on which its last entry begins.
        starts: Whether a paragraph starts with it.
        ends: Whether one ends with it.
        answers: How many there are in it, in a shape of the job's own.
    """

    body: bytes = b""
    sentences: int = 0
    first_page: int = 0
    last_page: int = 0
    starts: bool = False
    ends: bool = False
    answers: int = 0


def render(entries: Sequence[Entry], form: str) -> Piece | None:
    """Render entries for an output of this format; `None` when there are none."""
    if not entries:
        return None
    first, last = entries[0], entries[-1]
    body = _markdown(entries) if form == MARKDOWN else "\n".join(map(_line, entries))
    return Piece(
        # What is not Unicode (half of a surrogate pair) cannot be in a file that is.
        body.encode(errors="replace"),
        sum(isinstance(entry, Sentence) for entry in entries),
        first.first_page,
        last.first_page,
        _starts(first),
        _starts_alone(last),
        sum(isinstance(entry, StructuredAnswer) for entry in entries),
    )


def canonical(value: Any) -> str:
    """Data as JSON on one line, the same for the same data."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


class BodyWriter:
    """Writes the entries of an output, one piece at a time; `write` puts the head before them.

    Args:
        file: An empty file that can be read, too.
        form: The format.
    """

    def __init__(self, file: IO[bytes], form: str) -> None:
        self.file = file
        self.form = form
        self.sentences = self.answers = 0
        self._before: Piece | None = None

    def put(self, piece: Piece | None) -> None:
        """Write a piece after those before it."""
        if piece is None:
            return
        match self.form:
            case "json":
                # No line end stands inside an entry: JSON writes it as two letters.
                self.file.write((b",\n  " if self._before else b"\n  ") + piece.body.replace(b"\n", b",\n  "))
            case "jsonl":
                self.file.write(piece.body + b"\n")
            case _:
                before = self._before
                paragraph = piece.starts or (before is not None and before.ends)
                self.file.write(
                    _space(before.last_page if before else None, piece.first_page, paragraph).encode() + piece.body
                )
        self.sentences += piece.sentences
        self.answers += piece.answers
        self._before = piece

    @property
    def end(self) -> bytes:
        """What follows the last piece."""
        if self.form == "json":
            return b"\n ]}\n"
        return b"\n" if self.form == MARKDOWN and self._before else b""


def write(file: BinaryIO, head: Head, body: BodyWriter) -> Written:
    """Write an output.

    Args:
        file: Where to.
        head: Its head; `jsonl` and `markdown` have no place for one.
        body: Its entries, complete.
    """
    digest, size = hashlib.sha256(), 0
    body.file.seek(0)
    blocks = iter(partial(body.file.read, _BLOCK), b"")
    for block in chain([_head(head) if body.form == "json" else b""], blocks, [body.end]):
        digest.update(block)
        size += file.write(block)
    return Written(digest.hexdigest(), size, body.sentences, body.answers)


def _head(head: Head) -> bytes:
    fields = {
        "source": {key: head.source[key] for key in ("name", "sha256", "bytes", "pages")},
        "processor": head.processor,
        "ledger": head.ledger,
        "failedChunks": [asdict(chunk) for chunk in head.failed_chunks],
        "tokens": asdict(head.tokens),
        **({"pageReasons": head.page_reasons} if head.page_reasons else {}),
    }
    lines = "".join(f'"{key}": {json.dumps(value, ensure_ascii=False)},\n ' for key, value in fields.items())
    return f'{{{lines}"{head.entries}": ['.encode()


def _line(entry: Entry) -> str:
    # By hand, because there are as many as a book has sentences.
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
            paragraph = _starts(entry) or _starts_alone(before)
            parts.append(_space(before.first_page, entry.first_page, paragraph))
        parts.append(_shown(entry))
        before = entry
    return "".join(parts)


def _space(before: int | None, page: int, paragraph: bool) -> str:  # noqa: FBT001 (it is called by position in two places)
    """What stands between two entries: a page's mark before the first one that begins on it."""
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
    return _starts_alone(entry) or (isinstance(entry, Sentence) and entry.starts_paragraph)


def _starts_alone(entry: Entry) -> bool:
    """Whether it stands in a paragraph of its own."""
    return not isinstance(entry, Sentence)


def _missing(gap: Gap) -> str:
    shown = f"pages {gap.first_page}-{gap.last_page}" if gap.last_page > gap.first_page else f"page {gap.first_page}"
    return f"[{shown} missing: {gap.reason}]"


_MARKUP = re.compile(r"[\\`*_\[\]<>&#|~]|^[-+](?=\s)|^\d{1,9}(?=[.)])")


def _escaped(text: str) -> str:
    """Text as text: nothing in it is markup, and a document cannot smuggle in a link or a script."""
    return _MARKUP.sub(lambda match: f"{match[0]}\\" if match[0].isdecimal() else f"\\{match[0]}", text)
