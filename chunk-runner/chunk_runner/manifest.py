"""The manifest: everything decided once for the whole document, so that later pods decide nothing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from chunk_runner.workspace import MANIFEST


if TYPE_CHECKING:
    from collections.abc import Iterator

    from chunk_runner.contract import JobSpec
    from chunk_runner.source import Source
    from chunk_runner.workspace import Workspace


@dataclass(frozen=True)
class Chunk:
    """A run of consecutive pages.

    Attributes:
        index: 0-based; the index of the Indexed Job.
        first_page: 1-based page of the source.
        last_page: Inclusive.
        key: What its result depends on; a result with this key is not computed again. Not taken of the chunk's PDF,
            whose bytes may vary.
        sha256: Checksum of the chunk's PDF.
        bytes: Size of the chunk's PDF.
    """

    index: int
    first_page: int
    last_page: int
    key: str
    sha256: str = ""
    bytes: int = 0

    @property
    def pages(self) -> range:
        """Its pages."""
        return range(self.first_page, self.last_page + 1)

    @property
    def page_range(self) -> str:
        """Its pages as people write them: `61-90`, or `91`."""
        return f"{self.first_page}-{self.last_page}" if len(self.pages) > 1 else str(self.first_page)


@dataclass(frozen=True)
class Manifest:
    """A prepared job.

    Attributes:
        source: `name`, `sha256`, `bytes` and `pages` of the source, as the output shows them.
        processor: `name` and `version`, as the output shows them, and the settings.
        pages_per_chunk: As specified.
        chunks: In order, without gaps.
    """

    source: dict[str, Any]
    processor: dict[str, Any]
    pages_per_chunk: int
    chunks: tuple[Chunk, ...]

    @property
    def pages(self) -> int:
        """Pages of the source."""
        return int(self.source["pages"])

    def write(self, workspace: Workspace) -> None:
        """Write it; from then on the job is prepared."""
        workspace.write_json(MANIFEST, {"version": 1, **asdict(self)})

    @classmethod
    def read(cls, workspace: Workspace) -> Manifest:
        """Read it.

        Raises:
            FileNotFoundError: The job is not prepared, or already cleaned up.
            CorruptFileError: It was altered.
        """
        raw = workspace.read_json(MANIFEST)
        return cls(
            source=raw["source"],
            processor=raw["processor"],
            pages_per_chunk=raw["pages_per_chunk"],
            chunks=tuple(Chunk(**chunk) for chunk in raw["chunks"]),
        )


def plan(spec: JobSpec, source: Source, pages: int, version: str) -> Manifest:
    """Decide the chunks of a source: consecutive pages, all chunks of one size but the last.

    Args:
        spec: What to do.
        source: The file.
        pages: Its page count, 1 or more.
        version: The processor's version.
    """
    processor = {"name": spec.processor["name"], "version": version}
    chunks = tuple(
        Chunk(index, first, last, _key(source, first, last, {**spec.processor, **processor}))
        for index, (first, last) in enumerate(_runs(pages, spec.pages_per_chunk))
    )
    return Manifest(
        source={"name": source.name, "sha256": source.sha256, "bytes": source.bytes, "pages": pages},
        processor=processor,
        pages_per_chunk=spec.pages_per_chunk,
        chunks=chunks,
    )


def _runs(pages: int, size: int) -> Iterator[tuple[int, int]]:
    for first in range(1, pages + 1, size):
        yield first, min(first + size - 1, pages)


def _key(source: Source, first: int, last: int, processor: dict[str, Any]) -> str:
    """A name for the result: source, pages, and every setting that affects it."""
    what = json.dumps([source.sha256, first, last, processor], sort_keys=True)
    return hashlib.sha256(what.encode()).hexdigest()
