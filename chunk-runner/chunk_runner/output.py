"""The output of a job: the merged results in one of three formats, written as a stream.

- `json`: one document, `{"source": …, "processor": …, "ledger": …, "droppedLines": …, "unmappedCharacters": …,
  "failedChunks": …, "tokens": …, "sentences": […]}`, one sentence a line.
- `jsonl`: only the sentences, one a line.
- `markdown`: the running text in paragraphs, with a marker where each page begins: `[p. 12]`.

Only `failedChunks` depends on the chunk size; nothing depends on the number of workers, the time or the machine. A gap
stands in place of missing pages: `{"text": "[page 61 missing: reason]", "pages": [61, 61], "gap": "reason"}`.

Each chunk renders its own entries (`render`), so the merge only concatenates pieces (`BodyWriter`) and costs about as
much as copying a file. The head comes first but is known last, so the body is first written to a file of its own.
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
"""Size of the blocks in which the body is copied, in bytes."""


@dataclass(frozen=True)
class Head:
    """Everything in the output except the entries.

    Attributes:
        source: The `name`, `sha256`, `bytes` and `pages` of the source.
        processor: The `name` and `version` of the processor.
        ledger: Page ranges by state.
        dropped_lines: The number of lines that were left out: running headers and footers.
        unmapped_characters: The number of characters without a usable Unicode mapping in the source.
        failed_chunks: Every chunk without a result.
        tokens: Tokens used by all attempts.
        page_reasons: Page ranges by reason: pages that failed alone, and pages with the text of a fallback.
        entries: The key of the entries: `sentences`, or `answers` if the job has an output schema.
    """

    source: Mapping[str, Any]
    processor: Mapping[str, Any]
    ledger: Mapping[str, str]
    dropped_lines: int
    unmapped_characters: int
    failed_chunks: tuple[FailedChunk, ...]
    tokens: Tokens
    page_reasons: Mapping[str, str] = field(default_factory=dict)
    entries: str = "sentences"


@dataclass(frozen=True)
class Written:
    """The SHA-256 checksum of an output (hexadecimal), its size in bytes, and its numbers of sentences and answers."""

    sha256: str
    bytes: int
    sentences: int
    answers: int


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


class BodyWriter:
    """Writes the entries of an output, one piece at a time; `write` puts the head in front.

    Args:
        file: An empty file, open for writing and reading.
        form: Format of the output.
    """

    def __init__(self, file: IO[bytes], form: str) -> None:
        self.file = file
        self.form = form
        self.sentences = self.answers = 0
        self._before: Piece | None = None

    def put(self, piece: Piece | None) -> None:
        """Append a piece."""
        if piece is None:
            return
        match self.form:
            case "json":
                # Every newline separates two entries: JSON escapes those inside an entry.
                self.file.write((b",\n  " if self._before else b"\n  ") + piece.body.replace(b"\n", b",\n  "))
            case "jsonl":
                self.file.write(piece.body + b"\n")
            case _:
                before = self._before
                paragraph = piece.starts or (before is not None and before.ends)
                self.file.write(
                    _separator(before.last_page if before else None, piece.first_page, paragraph=paragraph).encode()
                    + piece.body
                )
        self.sentences += piece.sentences
        self.answers += piece.answers
        self._before = piece

    @property
    def end(self) -> bytes:
        """The bytes after the last piece."""
        if self.form == "json":
            return b"\n ]}\n"
        return b"\n" if self.form == MARKDOWN and self._before else b""


def write(file: BinaryIO, head: Head, body: BodyWriter) -> Written:
    """Write an output.

    Args:
        file: The file to write to.
        head: The head; `jsonl` and `markdown` leave it out.
        body: The complete body.
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
        "droppedLines": head.dropped_lines,
        "unmappedCharacters": head.unmapped_characters,
        "failedChunks": [asdict(chunk) for chunk in head.failed_chunks],
        "tokens": asdict(head.tokens),
        **({"pageReasons": head.page_reasons} if head.page_reasons else {}),
    }
    lines = "".join(f'"{key}": {json.dumps(value, ensure_ascii=False)},\n ' for key, value in fields.items())
    return f'{{{lines}"{head.entries}": ['.encode()


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
            parts.append(_separator(before.first_page, entry.first_page, paragraph=paragraph))
        parts.append(_shown(entry))
        before = entry
    return "".join(parts)


def _separator(before: int | None, page: int, *, paragraph: bool) -> str:
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
