"""What every processor takes and returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from chunk_runner.contract.ranges import format_ranges, parse_ranges
from chunk_runner.contract.stats import Tokens
from chunk_runner.output import Piece, render
from chunk_runner.pdf.page import PageState
from chunk_runner.text.document_profile import Decisions
from chunk_runner.text.layout import Line
from chunk_runner.text.sentences import Segments, Sentence


@dataclass(frozen=True)
class Task:
    """What a processor is to do.

    Attributes:
        path: A PDF: of the chunk's pages, or the source itself.
        pages: The chunk's pages, as the source counts them, from 1.
        places: The same pages, as this PDF counts them.
        decisions: About the whole document.
        lost: Pages of the source whose content is not in it any more.
        shared: Whether other chunks are read from the same file.
        size: How many pages this PDF has.
        before: Where in it the page before the chunk is, which is not the chunk's; 0 for nowhere.
        after: Where the page after the chunk is, likewise.
        source: The source's checksum.
        answers: The answers bought for this chunk so far.
        index: Of the chunk.
        require_budget: Raises `ChunkError` when nothing more may be bought for this job.
    """

    path: Path
    pages: Sequence[int]
    places: Sequence[int]
    decisions: Decisions = field(default_factory=Decisions)
    lost: frozenset[int] = frozenset()
    shared: bool = False
    size: int = 0
    before: int = 0
    after: int = 0
    source: str = ""
    answers: AnswerStore | None = None
    index: int = 0
    require_budget: Callable[[], None] = lambda: None


class AnswerStore(Protocol):
    """What is paid for outlives the process that paid: it is counted, and not bought again."""

    def spend(self, tokens: Tokens, what: str) -> None:
        """Count the tokens of an answer, whether it is of use or not, and say what it was."""

    def recall(self, key: str) -> str | None:
        """An answer that an earlier attempt bought."""

    def keep(self, key: str, answer: str) -> None:
        """Keep an answer."""


@dataclass
class ChunkResult:
    """One chunk's result.

    Attributes:
        states: The state of every page of the chunk, by page of the source.
        reasons: Why the failed ones failed, by page; and why others have another text than was asked for.
        segments: The text, cut as far as the chunk alone can know. Its `entries` are not read back from a workspace:
            `piece` has them.
        piece: The entries as the output will have them.
        peak_memory: Of the process that made it, in bytes; known once the result has been written.
    """

    states: dict[int, PageState]
    reasons: dict[int, str] = field(default_factory=dict)
    segments: Segments = field(default_factory=Segments)
    piece: Piece | None = None
    peak_memory: int = 0

    def dump(self, form: str) -> tuple[dict[str, Any], bytes]:
        """As plain data and bytes, for the workspace.

        Args:
            form: The format of the output.
        """
        piece = render(self.segments.entries, form)
        shape = asdict(piece) if piece else {}
        body: bytes = shape.pop("body", b"")
        segments = self.segments
        content = {
            "states": _by_value(self.states),
            "reasons": _by_value(self.reasons),
            "head": segments.head,
            "closed": segments.closed,
            "early": segments.early,
            "tail": segments.tail,
            "late": segments.late,
            "piece": shape,
        }
        return content, body

    @classmethod
    def load(cls, raw: Mapping[str, Any], body: bytes) -> ChunkResult:
        """From what `dump` returned, after a journey through a file."""
        return cls(
            states={page: PageState(state) for page, state in _by_page(raw["states"]).items()},
            reasons=_by_page(raw["reasons"]),
            segments=Segments(
                head=[Line(*line) for line in raw["head"]],
                closed=raw["closed"],
                early=[Sentence(*sentence) for sentence in raw["early"]],
                tail=[Line(*line) for line in raw["tail"]],
                late=[Sentence(*sentence) for sentence in raw["late"]],
            ),
            piece=Piece(body, **raw["piece"]) if raw["piece"] else None,
            peak_memory=raw.get("figures", {}).get("peakMemoryBytes", 0),
        )


class Processor(Protocol):
    """What is done to a chunk."""

    name: str
    version: str
    """Changes whenever the same pages may give another result: it is part of the key of every result."""
    wants_neighbours: bool
    """Whether it is to know the pages before and after a chunk."""
    gives_whole_sentences: bool
    """Whether nobody needs to cut what it gives."""

    @property
    def decisive(self) -> Mapping[str, Any]:
        """The settings that may change a result."""
        ...

    def process(self, task: Task, on_page: Callable[[], None]) -> ChunkResult:
        """Process a chunk.

        Args:
            task: What to do.
            on_page: Called after each page, for progress.

        Raises:
            ChunkError: The chunk fails for good.
        """
        ...


def _by_value(of_pages: Mapping[int, str]) -> dict[str, str]:
    """Ranges of pages by what they have in common."""
    pages: dict[str, list[int]] = {}
    for page, value in of_pages.items():
        pages.setdefault(str(value), []).append(page)
    return {value: format_ranges(sorted(column)) for value, column in pages.items()}


def _by_page(of_values: Mapping[str, str]) -> dict[int, str]:
    return {page: value for value, ranges in of_values.items() for page in chain.from_iterable(parse_ranges(ranges))}
