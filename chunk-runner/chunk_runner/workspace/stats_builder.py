"""Builds the statistics of a round from what its attempts left in the workspace. Knows attempts, not results."""

from __future__ import annotations

from collections import Counter
from math import isfinite
from typing import TYPE_CHECKING, Any

from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.stats import BYTES, SECONDS, Histogram, Stats, Tokens
from chunk_runner.workspace.answer_store import is_request, tokens_of


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chunk_runner.pdf.page import PageState


OK = "ok"
"""How a chunk ended that has a result."""


class StatsBuilder:
    """Adds up statistics, chunk by chunk.

    Args:
        round_number: The round; earlier ones have been reported.
    """

    def __init__(self, round_number: int) -> None:
        self._round = round_number
        self._seconds: list[float] = []
        self._waits: list[float] = []
        self._memory: list[float] = []
        self._chunks: Counter[str] = Counter()
        self._retries: Counter[str] = Counter()
        self._pages: Counter[str] = Counter()
        self._tokens = Tokens()

    def add_chunk(self, attempts: Iterable[Mapping[str, Any]], ended: str, pages: Iterable[PageState]) -> None:
        """Add a chunk.

        Args:
            attempts: All that its attempts wrote, of any round.
            ended: How it ended: `OK`, or the reason.
            pages: The states of its pages.
        """
        records = [it for it in attempts if it.get("round", 0) == self._round and _is_whole(it)]
        if not records and (ended == OK or self._round):  # it is as an earlier round left it
            return
        self._chunks[ended] += 1
        self._pages.update(state.value for state in pages)
        self._tokens += tokens_of(records)
        records = [it for it in records if not is_request(it)]
        self._seconds += _numbers(records, "seconds")
        self._memory += _numbers(records, "peakMemoryBytes")
        self._waits += _numbers(records, "waited")[:1]
        ends: dict[str, str | None] = {}
        for record in records:
            began = record["event"] == "started"
            # An attempt that left no other word was killed.
            ends[record["attempt"]] = Reason.CRASHED.value if began else record.get("reason")
        self._retries.update(reason for reason in list(ends.values())[:-1] if isinstance(reason, str))

    def build(self) -> Stats:
        """Return the statistics of all chunks so far."""
        return Stats(
            seconds=Histogram.of(self._seconds, SECONDS),
            waits=Histogram.of(self._waits, SECONDS),
            memory=Histogram.of(self._memory, BYTES),
            chunks=dict(self._chunks),
            retries=dict(self._retries),
            pages=dict(self._pages),
            tokens=self._tokens,
            round=self._round,
        )


def _is_whole(record: Mapping[str, Any]) -> bool:
    """Whether it says which attempt it is of, and what happened: whoever may write to the volume may write anything."""
    return isinstance(record.get("attempt"), str) and isinstance(record.get("event"), str)


def _numbers(records: Iterable[Mapping[str, Any]], key: str) -> list[float]:
    values = (it.get(key) for it in records)
    return [float(it) for it in values if isinstance(it, int | float) and isfinite(it) and it >= 0]
