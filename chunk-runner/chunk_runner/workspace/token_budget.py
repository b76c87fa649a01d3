"""The token budget of a job: whether its chunks may use any more, found out without opening every chunk's file.

The records of attempts say what each chunk has used. The sum over chunks that have their result, and so use nothing
more in this round, is kept in one file; whoever checks the budget adds to it. If two processes replace that file at
once, the next one adds the same chunks again. Knows nothing of what tokens are used for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from chunk_runner.contract.ranges import format_ranges, parse_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.stats import count
from chunk_runner.errors import ChunkError
from chunk_runner.workspace.answer_store import tokens_of
from chunk_runner.workspace.file_names import TOKENS
from chunk_runner.workspace.files import CorruptFileError, Workspace
from chunk_runner.workspace.manifest import Chunk
from chunk_runner.workspace.results import has_result


_REFRESH_SECONDS = 60
"""The time after which other chunks are looked at again; what this chunk uses is counted at once."""

_AHEAD = 64
"""Chunks after the last one known to have started that are looked for: pods start nearly in order."""


class _Settled(NamedTuple):
    """The chunks that use no more tokens in this round.

    Attributes:
        chunks: Their indexes.
        tokens: The tokens that they have used in all rounds.
        last_started: The last chunk known to have started; -1 if none is.
    """

    chunks: frozenset[int] = frozenset()
    tokens: int = 0
    last_started: int = -1


@dataclass
class TokenBudget:
    """The budget of a job, as one attempt at a chunk sees it.

    Attributes:
        workspace: The job's workspace.
        chunks: All chunks of the job.
        index: The chunk that is processed.
        limit: The tokens that the job may use.
        clock: Returns a time in seconds.
    """

    workspace: Workspace
    chunks: Sequence[Chunk]
    index: int
    limit: int
    clock: Callable[[], float] = time.monotonic
    _others: int = 0
    _looked_at: float | None = field(default=None)

    def require(self) -> None:
        """Raise `ChunkError` if the job has used all tokens that it may use."""
        if self._looked_at is None or self.clock() - self._looked_at >= _REFRESH_SECONDS:
            self._others = self._used_by_others()
            self._looked_at = self.clock()
        used = self._others + self._used_by(self.index)
        if used >= self.limit:
            raise ChunkError(
                Reason.TOKEN_BUDGET_REACHED,
                f"The job has used {used:,} tokens, and maxTotalTokens is {self.limit:,}: raise it and retry the failed"
                " chunks.",
            )

    def _used_by(self, index: int) -> int:
        return tokens_of(self.workspace.attempts(index)).total

    def _used_by_others(self) -> int:
        """Return the tokens that all other chunks have used, and keep the sum over those that use no more."""
        known = self._read()
        settled, kept = set(known.chunks - {self.index}), known.tokens
        if self.index in known.chunks:  # its result was lost
            kept -= self._used_by(self.index)
        used, index, last = kept, 0, max(known.last_started, self.index)
        while index < min(last + 1 + _AHEAD, len(self.chunks)):
            if index != self.index and index not in settled and (records := self.workspace.attempts(index)):
                tokens = tokens_of(records).total
                used += tokens
                last = max(last, index)
                if has_result(self.workspace, self.chunks[index]):
                    settled.add(index)
                    kept += tokens
            index += 1
        if (found := _Settled(frozenset(settled), kept, last)) != known:
            self._write(found)
        return used

    def _read(self) -> _Settled:
        try:
            content, _ = self.workspace.read_document(TOKENS)
            if content["round"] != self.workspace.round_number:  # chunks with failed pages are processed again
                return _Settled()
            chunks = frozenset(chain.from_iterable(parse_ranges(content["chunks"])))
            return _Settled(chunks, count(content["tokens"]), int(content["last_started"]))
        except (FileNotFoundError, CorruptFileError, LookupError, TypeError, ValueError):
            return _Settled()

    def _write(self, settled: _Settled) -> None:
        self.workspace.write_document(
            TOKENS,
            {
                "round": self.workspace.round_number,
                "chunks": format_ranges(sorted(settled.chunks)),
                "tokens": settled.tokens,
                "last_started": settled.last_started,
            },
        )
