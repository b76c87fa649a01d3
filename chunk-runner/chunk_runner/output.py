"""The output: the merged whole, in the documented JSON schema, written as it streams by.

    {"source": …, "processor": …, "ledger": …, "failedChunks": …, "tokens": …, "sentences": […]}

One sentence a line. Nothing in it depends on chunk size, workers, time or machine, save `failedChunks`. A failed range
leaves a gap, in the place where its sentences would be: `{"text": "[…]", "pages": [61, 90], "gap": "reason"}`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from chunk_runner.contract import FailedChunk, Tokens
from chunk_runner.sentences import Gap, Sentence
from chunk_runner.workspace import sha256_of


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


Entry = Sentence | Gap


@dataclass(frozen=True)
class Head:
    """Everything in the output but the sentences.

    Attributes:
        source: `name`, `sha256`, `bytes`, `pages`.
        processor: `name`, `version`.
        ledger: Page ranges by state.
        failed_chunks: All of them.
        tokens: Over every attempt.
    """

    source: Mapping[str, Any]
    processor: Mapping[str, Any]
    ledger: Mapping[str, str]
    failed_chunks: tuple[FailedChunk, ...]
    tokens: Tokens


@dataclass(frozen=True)
class Written:
    """An output's checksum (hexadecimal), size in bytes, and number of sentences."""

    sha256: str
    bytes: int
    sentences: int


def write(file: BinaryIO, head: Head, entries: Iterable[Entry]) -> Written:
    """Write an output, one entry at a time."""
    digest, size, sentences = hashlib.sha256(), 0, 0

    def put(text: str) -> None:
        nonlocal size
        data = text.encode()
        digest.update(data)
        size += file.write(data)

    fields = {
        "source": {key: head.source[key] for key in ("name", "sha256", "bytes", "pages")},
        "processor": {key: head.processor[key] for key in ("name", "version")},
        "ledger": head.ledger,
        "failedChunks": [asdict(chunk) for chunk in head.failed_chunks],
        "tokens": asdict(head.tokens),
    }
    put("{" + "".join(f"{_dumps(key)}: {_dumps(value)},\n " for key, value in fields.items()) + '"sentences": [')
    separator = "\n  "
    for entry in entries:
        put(separator + _dumps(_plain(entry)))
        separator = ",\n  "
        sentences += isinstance(entry, Sentence)
    put("\n ]}\n")
    return Written(digest.hexdigest(), size, sentences)


def read(path: Path) -> tuple[Head, Written]:
    """Read an output's head back, and what `write` returned for it.

    Raises:
        ValueError: The file is not an output.
    """
    raw = json.loads(path.read_bytes())
    try:
        head = Head(
            source=raw["source"],
            processor=raw["processor"],
            ledger=raw["ledger"],
            failed_chunks=tuple(FailedChunk(**chunk) for chunk in raw["failedChunks"]),
            tokens=Tokens(**raw["tokens"]),
        )
        sentences = sum("gap" not in entry for entry in raw["sentences"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is not an output of this version") from error
    return head, Written(sha256_of(path), path.stat().st_size, sentences)


def _plain(entry: Entry) -> dict[str, Any]:
    pages = [entry.first_page, entry.last_page]
    match entry:
        case Gap(first, last, reason):
            shown = f"pages {first}-{last}" if last > first else f"page {first}"
            return {"text": f"[{shown} missing: {reason}]", "pages": pages, "gap": reason}
        case Sentence(text):
            return {"text": text, "pages": pages}


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
