"""The result of a chunk, and its form in the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from typing import Any

import msgspec

from chunk_runner.contract.limits import PAGES_LIMIT
from chunk_runner.contract.ranges import format_ranges, parse_ranges
from chunk_runner.output.pieces import Piece, render
from chunk_runner.pdf.page import PageOutcome, PageState
from chunk_runner.text.entries import Sentence
from chunk_runner.text.layout.line import Line
from chunk_runner.text.sentences.joiner import ChunkSentences


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
        """Return the result that `dump` turned into plain data and bytes.

        Raises:
            ValueError: The data is something else.
        """
        stored = msgspec.convert(raw, _Stored)
        states, reasons = _values_by_page(stored.states), _values_by_page(stored.reasons)
        return cls(
            outcomes={page: PageOutcome(PageState(states[page]), reasons.get(page)) for page in sorted(states)},
            sentences=ChunkSentences(
                head=[Line(*line) for line in stored.head],
                is_closed=stored.is_closed,
                head_notes=stored.head_notes,
                tail=[Line(*line) for line in stored.tail],
                tail_notes=stored.tail_notes,
            ),
            dropped_lines=stored.dropped_lines,
            unmapped_characters=stored.unmapped_characters,
            piece=replace(stored.piece, body=body) if stored.piece.last_page else None,
            peak_memory=peak if isinstance(peak := stored.figures.get("peakMemoryBytes"), int) else 0,
        )


_Line = tuple[int, str, int | bool, int | bool]
"""A `Line` as JSON: JSON keeps apart what is equal in Python."""


@dataclass(frozen=True)
class _Stored:
    """The plain data of a result, as `dump` returns it; its piece is empty if there is none."""

    states: dict[str, str]
    reasons: dict[str, str]
    dropped_lines: int
    unmapped_characters: int
    head: list[_Line]
    is_closed: bool
    head_notes: list[Sentence]
    tail: list[_Line]
    tail_notes: list[Sentence]
    piece: Piece
    figures: dict[str, Any] = field(default_factory=dict)


def _pages_by_value(values: Mapping[int, str]) -> dict[str, list[int]]:
    """Return the pages that have each value, in ascending order."""
    pages: dict[str, list[int]] = {}
    for page in sorted(values):
        pages.setdefault(values[page], []).append(page)
    return pages


def _values_by_page(ranges_by_value: Mapping[str, str]) -> dict[int, str]:
    runs = [(value, parse_ranges(ranges)) for value, ranges in ranges_by_value.items()]
    if sum(len(run) for _, found in runs for run in found) > PAGES_LIMIT:
        raise ValueError("more pages than a source has")
    return {page: value for value, found in runs for page in chain.from_iterable(found)}
