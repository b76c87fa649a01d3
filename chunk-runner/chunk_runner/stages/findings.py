"""Collects the outcomes of a job's chunks for merge: results or the reasons why there are none, costs, statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.ranges import format_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import FailedChunk, Failure, Memory
from chunk_runner.contract.stats import Tokens
from chunk_runner.pdf.page import PageState
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.workspace.answer_store import is_request, tokens_of
from chunk_runner.workspace.ledger import Ledger
from chunk_runner.workspace.results import read_result
from chunk_runner.workspace.stats_builder import OK, StatsBuilder


if TYPE_CHECKING:
    from chunk_runner.workspace.files import Workspace
    from chunk_runner.workspace.manifest import Chunk

Attempts = Sequence[Mapping[str, Any]]

_OUT_OF_MEMORY = Failure(
    Reason.OUT_OF_MEMORY,
    "The chunk's pod was killed because it exceeded its memory limit: use smaller chunks, or raise the operator's"
    " memory limit.",
)

_KILLED = Failure(Reason.CRASHED, "The process exited without reporting a result: it was killed or ran out of memory.")


@dataclass
class Findings:
    """The outcomes of a job's chunks, added up.

    Attributes:
        stats: What the attempts of this round used.
        ledger: Every page's fate.
        failed: The chunks without a result, by index.
        tokens: Bought by all attempts of all rounds.
        peaks: Peak memory of each result's process in bytes, by chunk.
        usage: For each chunk with requests to a model: their number and cost.
        dropped_lines: See `ChunkResult`.
        unmapped_characters: See `ChunkResult`.
        pages_by_reason: Pages that failed alone, or have another text than was asked for, by reason.
        is_retryable: Another attempt may recover pages that are missing.
    """

    stats: StatsBuilder
    ledger: Ledger = field(default_factory=Ledger)
    failed: dict[int, FailedChunk] = field(default_factory=dict)
    tokens: Tokens = field(default_factory=Tokens)
    peaks: dict[int, int] = field(default_factory=dict)
    usage: list[dict[str, Any]] = field(default_factory=list)
    dropped_lines: int = 0
    unmapped_characters: int = 0
    pages_by_reason: dict[str, list[int]] = field(default_factory=dict)
    is_retryable: bool = False

    def add(self, chunk: Chunk, attempts: Attempts, outcome: ChunkResult | Failure) -> None:
        """Add a chunk: the records of its attempts, and its result or the reason why it has none."""
        self._add_cost(chunk, attempts)
        if isinstance(outcome, Failure):
            self.ledger.enter_failed(chunk.pages)
            self.stats.add_chunk(attempts, outcome.reason, [PageState.FAILED] * len(chunk.pages))
            self.failed[chunk.index] = FailedChunk(chunk.index, chunk.page_range, outcome.reason, outcome.message)
            self.is_retryable = True
            return
        self.ledger.enter(outcome.outcomes)
        self.stats.add_chunk(attempts, OK, [page.state for page in outcome.outcomes.values()])
        self.peaks[chunk.index] = outcome.peak_memory
        self.dropped_lines += outcome.dropped_lines
        self.unmapped_characters += outcome.unmapped_characters
        for reason, pages in outcome.pages_by_reason().items():
            self.pages_by_reason.setdefault(reason, []).extend(pages)
        self.is_retryable |= outcome.is_retryable

    def _add_cost(self, chunk: Chunk, attempts: Attempts) -> None:
        tokens = tokens_of(attempts)
        self.tokens += tokens
        if requests := sum(map(is_request, attempts)):
            self.usage.append({"chunk": chunk.index, "pages": chunk.page_range, "requests": requests, **vars(tokens)})

    def page_reasons(self) -> dict[str, str]:
        """Return `pages_by_reason` as ranges, by reason."""
        return {reason: format_ranges(pages) for reason, pages in self.pages_by_reason.items()}

    def memory(self) -> Memory | None:
        """Return a summary of `peaks`; `None` if no chunk has a result."""
        if not self.peaks:
            return None
        chunk = max(self.peaks, key=self.peaks.__getitem__)
        return Memory(self.peaks[chunk], chunk, sum(self.peaks.values()) // len(self.peaks))


def outcome_of(
    workspace: Workspace, chunk: Chunk, attempts: Attempts, unfinished: Failure, out_of_memory: frozenset[int]
) -> ChunkResult | Failure:
    """Return the result of a chunk, or the reason why it has none.

    Args:
        workspace: The job's workspace.
        chunk: The chunk.
        attempts: The records of its attempts.
        unfinished: The reason for a chunk that left neither a result nor a reason.
        out_of_memory: Chunks whose last attempt was killed because it used too much memory.
    """
    result = read_result(workspace, chunk)
    if isinstance(result, ChunkResult):
        return result
    last: Mapping[str, Any] = next((record for record in reversed(attempts) if not is_request(record)), {})
    if chunk.index in out_of_memory:
        return _OUT_OF_MEMORY
    if unfinished.reason == Reason.JOB_STOPPED and _was_ended(last):
        return unfinished
    if last.get("event") == "started":
        # On a full volume, an attempt cannot record its end either.
        return unfinished if unfinished.reason == Reason.WORKSPACE_UNAVAILABLE else _KILLED
    if last.get("event") == "failed":
        return Failure(shorten(str(last.get("reason"))), shorten(str(last.get("message"))))
    return result or unfinished


def _was_ended(last: Mapping[str, Any]) -> bool:
    """Return true if the last attempt was ended from outside."""
    return last.get("event") == "started" or last.get("reason") == Reason.INTERRUPTED
