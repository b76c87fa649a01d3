"""Writes an output: the pieces of its body, one after another, and the head in front.

The merge costs about as much as copying a file. The head comes first but is known last, so the body is first written to
a file of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import chain
from typing import IO, Any, BinaryIO

from chunk_runner.contract.report import FailedChunk
from chunk_runner.contract.stats import Tokens
from chunk_runner.output.pieces import MARKDOWN, Piece, separator


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
                    separator(before.last_page if before else None, piece.first_page, paragraph=paragraph).encode()
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
