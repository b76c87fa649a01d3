"""The result of a chunk, and its form in the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any

from chunk_runner.contract.ranges import format_ranges, parse_ranges
from chunk_runner.output.pieces import Piece, render
from chunk_runner.pdf.page import PageOutcome, PageState
from chunk_runner.text.entries import Sentence
from chunk_runner.text.layout.line import Line
from chunk_runner.text.sentences import ChunkSentences


@dataclass
class ChunkResult:
    """The result of a chunk.

    Attributes:
        outcomes: The outcome of every page of the chunk, by page of the source, in ascending order.
        sentences: The text, cut into sentences as far as the chunk alone allows. Its `entries` are not read back from
            a workspace: `piece` holds them.
        dropped_lines: The number of lines that were left out: running headers and footers.
        unmapped_characters: The number of characters without a usable Unicode mapping in the source.
        piece: The entries, rendered for the output.
        peak_memory: The peak memory of the process that made it, in bytes; known once the result has been written.
    """

    outcomes: dict[int, PageOutcome]
    sentences: ChunkSentences = field(default_factory=ChunkSentences)
    dropped_lines: int = 0
    unmapped_characters: int = 0
    piece: Piece | None = None
    peak_memory: int = 0

    @property
    def is_retryable(self) -> bool:
        """True if another attempt may succeed at a page that failed."""
        return any(outcome.is_retryable for outcome in self.outcomes.values())

    def pages_by_reason(self) -> dict[str, list[int]]:
        """Return the pages that have a reason, by reason in alphabetical order, each in ascending order."""
        reasons = {page: outcome.reason for page, outcome in self.outcomes.items() if outcome.reason is not None}
        return dict(sorted(_pages_by_value(reasons).items()))

    def dump(self, output_format: str) -> tuple[dict[str, Any], bytes]:
        """Return the result as plain data and bytes, for the workspace.

        Args:
            output_format: The format for which the entries are rendered.
        """
        piece = render(self.sentences.entries, output_format)
        shape = asdict(piece) if piece else {}
        body: bytes = shape.pop("body", b"")
        sentences = self.sentences
        states = _pages_by_value({page: outcome.state.value for page, outcome in self.outcomes.items()})
        content = {
            "states": {state: format_ranges(pages) for state, pages in states.items()},
            "reasons": {reason: format_ranges(pages) for reason, pages in self.pages_by_reason().items()},
            "dropped_lines": self.dropped_lines,
            "unmapped_characters": self.unmapped_characters,
            "head": sentences.head,
            "is_closed": sentences.is_closed,
            "head_notes": sentences.head_notes,
            "tail": sentences.tail,
            "tail_notes": sentences.tail_notes,
            "piece": shape,
        }
        return content, body

    @classmethod
    def load(cls, raw: Mapping[str, Any], body: bytes) -> ChunkResult:
        """Return the result that `dump` turned into plain data and bytes."""
        states, reasons = _values_by_page(raw["states"]), _values_by_page(raw["reasons"])
        return cls(
            outcomes={page: PageOutcome(PageState(states[page]), reasons.get(page)) for page in sorted(states)},
            sentences=ChunkSentences(
                head=[Line(*line) for line in raw["head"]],
                is_closed=raw["is_closed"],
                head_notes=[Sentence(*sentence) for sentence in raw["head_notes"]],
                tail=[Line(*line) for line in raw["tail"]],
                tail_notes=[Sentence(*sentence) for sentence in raw["tail_notes"]],
            ),
            dropped_lines=raw["dropped_lines"],
            unmapped_characters=raw["unmapped_characters"],
            piece=Piece(body, **raw["piece"]) if raw["piece"] else None,
            peak_memory=raw.get("figures", {}).get("peakMemoryBytes", 0),
        )


def _pages_by_value(values: Mapping[int, str]) -> dict[str, list[int]]:
    """Return the pages that have each value, in ascending order."""
    pages: dict[str, list[int]] = {}
    for page in sorted(values):
        pages.setdefault(values[page], []).append(page)
    return pages


def _values_by_page(ranges_by_value: Mapping[str, str]) -> dict[int, str]:
    return {
        page: value for value, ranges in ranges_by_value.items() for page in chain.from_iterable(parse_ranges(ranges))
    }
