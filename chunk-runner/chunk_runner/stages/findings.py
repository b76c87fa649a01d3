"""Collects the outcomes of a job's chunks for merge: results or the reasons why there are none, costs, statistics."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.ranges import format_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import FailedChunk, Failure, Memory
from chunk_runner.contract.stats import Tokens
from chunk_runner.errors import WorkspaceError
from chunk_runner.pdf.page import PageState
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.workspace.answer_store import is_about_attempt, is_request, tokens_of
from chunk_runner.workspace.file_names import MANIFEST, attempts_file, result_file
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


class FoundChunk(NamedTuple):
    """What the workspace holds of a chunk: the records of its attempts, and its result or the damage of it, if any."""

    attempts: Attempts
    result: ChunkResult | Failure | None


def find_chunk(workspace: Workspace, chunk: Chunk, *, must_have_result: bool) -> FoundChunk:
    """Find the result of a chunk, looking again for what must exist.

    Args:
        workspace: The job's workspace.
        chunk: The chunk.
        must_have_result: Kubernetes says that the chunk has completed, which needs a result.

    Raises:
        FileNotFoundError: The manifest is gone: another merge is done, and removes the results.
        WorkspaceError: The result is missing.
    """
    found = FoundChunk((), None)

    def look() -> FoundChunk:
        nonlocal found
        found = FoundChunk(workspace.attempts(chunk.index), read_result(workspace, chunk))
        # A result comes after a record of it, and an attempt that succeeded writes one next.
        if found.result is None and (must_have_result or any(map(has_succeeded, found.attempts))):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), result_file(chunk.index))
        if isinstance(found.result, ChunkResult) and not found.attempts:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), attempts_file(chunk.index))
        return found

    try:
        return workspace.expect(look)
    except FileNotFoundError as error:
        workspace.path(MANIFEST).stat()
        if found.result is None and must_have_result:
            raise WorkspaceError(
                Reason.WORKSPACE_UNAVAILABLE,
                f"{result_file(chunk.index)} is missing, although chunk {chunk.index} has completed: check the volume,"
                " then raise spec.retryFailed.",
            ) from error
        return found


def outcome_of(
    chunk: Chunk, found: FoundChunk, unfinished: Failure, out_of_memory: frozenset[int]
) -> ChunkResult | Failure:
    """Return the result of a chunk, or the reason why it has none.

    Args:
        chunk: The chunk.
        found: What the workspace holds of it.
        unfinished: The reason for a chunk that left neither a result nor a reason.
        out_of_memory: Chunks whose last attempt was killed because it used too much memory.
    """
    if isinstance(found.result, ChunkResult):
        return found.result
    last: Mapping[str, Any] = next((record for record in reversed(found.attempts) if is_about_attempt(record)), {})
    if chunk.index in out_of_memory:
        return _OUT_OF_MEMORY
    if unfinished.reason == Reason.JOB_STOPPED and _was_ended(last):
        return unfinished
    if last.get("event") == "started":
        # On a full volume, an attempt cannot record its end either.
        return unfinished if unfinished.reason == Reason.WORKSPACE_UNAVAILABLE else _KILLED
    if last.get("event") == "failed":
        return Failure(shorten(str(last.get("reason"))), shorten(str(last.get("message"))))
    return found.result or unfinished


def has_succeeded(record: Mapping[str, Any]) -> bool:
    """Return whether a record says that an attempt succeeded; its result is written next."""
    return record.get("event") == "ok"


def _was_ended(last: Mapping[str, Any]) -> bool:
    """Return true if the last attempt was ended from outside."""
    return last.get("event") == "started" or last.get("reason") == Reason.INTERRUPTED
