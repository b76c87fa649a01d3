"""The tally: figures of a round, from what its attempts left in the workspace. Knows attempts, not results."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from chunk_runner.contract import Reason
from chunk_runner.figures import BYTES, SECONDS, Figures, Spread, Tokens
from chunk_runner.receipts import is_request, tokens_of


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chunk_runner.page import PageState


OK = "ok"
"""How a chunk ended that has a result."""


class Tally:
    """What is added up, chunk by chunk.

    Args:
        round: The round; what earlier ones used has been reported.
    """

    def __init__(self, round: int) -> None:  # noqa: A002 (the project's word)
        self._round = round
        self._seconds: list[float] = []
        self._waits: list[float] = []
        self._memory: list[float] = []
        self._chunks: Counter[str] = Counter()
        self._retries: Counter[str] = Counter()
        self._pages: Counter[str] = Counter()
        self._tokens = Tokens()

    def enter(self, attempts: Iterable[Mapping[str, Any]], ended: str, pages: Iterable[PageState]) -> None:
        """Enter a chunk.

        Args:
            attempts: All that its attempts wrote, of any round.
            ended: How it ended: `OK`, or the reason.
            pages: The states of its pages.
        """
        records = [it for it in attempts if it.get("round", 0) == self._round]
        if not records and ended == OK:  # its result is an earlier round's
            return
        self._chunks[ended] += 1
        self._pages.update(state.value for state in pages)
        self._tokens += tokens_of(records)
        records = [it for it in records if not is_request(it)]
        self._seconds += [it["seconds"] for it in records if "seconds" in it]
        self._memory += [it["peakMemoryBytes"] for it in records if "peakMemoryBytes" in it]
        self._waits += [it["waited"] for it in records if "waited" in it][:1]
        ends: dict[str, str | None] = {}
        for record in records:
            began = record["event"] == "started"
            # An attempt that left no other word was killed.
            ends[record["attempt"]] = Reason.CRASHED.value if began else record.get("reason")
        self._retries.update(reason for reason in list(ends.values())[:-1] if reason is not None)

    def figures(self) -> Figures:
        """All of it."""
        return Figures(
            seconds=Spread.of(self._seconds, SECONDS),
            waits=Spread.of(self._waits, SECONDS),
            memory=Spread.of(self._memory, BYTES),
            chunks=dict(self._chunks),
            retries=dict(self._retries),
            pages=dict(self._pages),
            tokens=self._tokens,
        )
