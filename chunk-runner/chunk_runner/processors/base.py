"""What every processor takes and returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from chunk_runner.contract import Tokens
from chunk_runner.pdf import PageState
from chunk_runner.sentences import Gap, Line, Segments, Sentence


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@dataclass
class ChunkResult:
    """One chunk's result.

    Attributes:
        states: The state of every page of the chunk, by page number.
        segments: The text, cut as far as the chunk alone can know.
        tokens: What this result cost.
        peak_memory: Of the process that made it, in bytes; known once the result has been written.
    """

    states: dict[int, PageState]
    segments: Segments = field(default_factory=Segments)
    tokens: Tokens = field(default_factory=Tokens)
    peak_memory: int = 0

    def dump(self) -> dict[str, Any]:
        """As plain data, for the workspace."""
        return {
            "states": {str(page): state.value for page, state in self.states.items()},
            "head": self.segments.head,
            "closed": self.segments.closed,
            "sentences": self.segments.sentences,
            "tail": self.segments.tail,
        }

    @classmethod
    def load(cls, raw: Mapping[str, Any]) -> ChunkResult:
        """From what `dump` returned, after a journey through JSON."""
        return cls(
            states={int(page): PageState(state) for page, state in raw["states"].items()},
            segments=Segments(
                head=[Line(*line) for line in raw["head"]],
                closed=raw["closed"],
                # A sentence begins with its text, a gap with a page number.
                sentences=[Sentence(*it) if isinstance(it[0], str) else Gap(*it) for it in raw["sentences"]],
                tail=[Line(*line) for line in raw["tail"]],
            ),
            peak_memory=raw.get("figures", {}).get("peakMemoryBytes", 0),
        )


class Processor(Protocol):
    """What is done to a chunk."""

    name: str
    version: str
    """Changes whenever the same pages may give another result: it is part of the key of every result."""

    def process(self, chunk: Path, first_page: int, on_page: Callable[[], None]) -> ChunkResult:
        """Process a chunk.

        Args:
            chunk: A PDF of the chunk's pages.
            first_page: The page of the source that is the chunk's first, 1-based.
            on_page: Called after each page, for progress.

        Raises:
            ChunkError: The chunk fails for good.
        """
        ...
