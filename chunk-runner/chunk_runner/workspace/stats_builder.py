"""Builds the statistics of a round from what its attempts left in the workspace. Knows attempts, not results."""

from __future__ import annotations

from collections import Counter
from math import isfinite
from typing import TYPE_CHECKING, Any

from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.stats import BYTES, SECONDS, Histogram, Stats, Tokens
from chunk_runner.workspace.answer_store import is_about_attempt, rejected_answers, tokens_of


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chunk_runner.pdf.page import PageState


OK = "ok"
"""The outcome of a chunk with a result."""


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
        self._rejected_answers = 0

    def add_chunk(self, attempts: Iterable[Mapping[str, Any]], ended: str, pages: Iterable[PageState]) -> None:
        """Add a chunk.

        Args:
            attempts: The records of its attempts, of all rounds.
            ended: How it ended: `OK`, or the reason.
            pages: The states of its pages.
        """
        records = [record for record in attempts if record.get("round", 0) == self._round and _is_complete(record)]
        if not records and (ended == OK or self._round):  # unchanged since an earlier round
            return
        self._chunks[ended] += 1
        self._pages.update(state.value for state in pages)
        self._tokens += tokens_of(records)
        self._rejected_answers += rejected_answers(records)
        records = [record for record in records if is_about_attempt(record)]
        self._seconds += _numbers(records, "seconds")
        self._memory += _numbers(records, "peakMemoryBytes")
        self._waits += _numbers(records, "waited")[:1]
        ends: dict[str, str | None] = {}
        for record in records:
            is_start = record["event"] == "started"
            # An attempt without another record was killed.
            ends[record["attempt"]] = Reason.CRASHED.value if is_start else record.get("reason")
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
            rejected_answers=self._rejected_answers,
            round=self._round,
        )


def _is_complete(record: Mapping[str, Any]) -> bool:
    """Return true if a record names its attempt and its event: anyone with access to the volume may write records."""
    return isinstance(record.get("attempt"), str) and isinstance(record.get("event"), str)


def _numbers(records: Iterable[Mapping[str, Any]], key: str) -> list[float]:
    values = (record.get(key) for record in records)
    return [float(value) for value in values if isinstance(value, int | float) and isfinite(value) and value >= 0]
