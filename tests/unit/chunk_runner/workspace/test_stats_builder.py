"""What the attempts of a round add up to."""

import json
from typing import Any

import pytest

from chunk_runner.contract.stats import SECONDS, Stats, Tokens
from chunk_runner.pdf.page import PageState
from chunk_runner.workspace.stats_builder import OK, StatsBuilder


TWO_OK = [PageState.OK, PageState.EMPTY]


def attempt(name: str, event: str, round: int = 0, **more: Any) -> dict[str, Any]:  # noqa: A002 (the project's word)
    return {"attempt": name, "round": round, "event": event, **more}


def test_a_chunk_without_trouble_has_one_attempt_and_no_retry() -> None:
    builder = StatsBuilder(0)

    builder.add_chunk(
        [attempt("a", "started", waited=3.0), attempt("a", "ok", seconds=2.0, peakMemoryBytes=2**27)], OK, TWO_OK
    )
    stats = builder.build()

    assert (stats.chunks, stats.retries, stats.pages) == ({"ok": 1}, {}, {"ok": 1, "empty": 1})
    assert (stats.seconds.total, stats.waits.total, sum(stats.memory.counts)) == (2.0, 3.0, 1)
    assert stats.seconds.counts[SECONDS.index(2.5)] == 1


def test_every_attempt_but_the_last_was_retried_for_its_reason_and_only_the_first_one_waited() -> None:
    records = [
        attempt("a", "started", waited=1.0),  # killed: it says no more
        attempt("b", "started", waited=9.0),
        attempt("b", "failed", seconds=1.0, reason="WorkspaceUnavailable", message="…"),
        attempt("c", "started", waited=30.0),
        attempt("c", "failed", seconds=2.0, reason="ChunkUnreadable", message="…"),
    ]
    builder = StatsBuilder(0)

    builder.add_chunk(records, "ChunkUnreadable", [PageState.FAILED])
    stats = builder.build()

    assert stats.retries == {"Crashed": 1, "WorkspaceUnavailable": 1}
    assert (stats.chunks, stats.waits.total) == ({"ChunkUnreadable": 1}, 1.0)
    assert stats.seconds.total == 3.0


def test_what_an_earlier_round_used_is_not_counted_again() -> None:
    bought = Tokens(prompt=10, output=5, total=15)
    earlier = [
        attempt("a", "started"),
        attempt("a", "request", what="answer", tokens=vars(bought)),
        attempt("a", "ok", seconds=2.0),
    ]
    again = [attempt("b", "started", 1), attempt("b", "request", 1, tokens=vars(bought)), attempt("b", "ok", 1)]
    builder = StatsBuilder(1)

    builder.add_chunk(earlier, OK, TWO_OK)
    builder.add_chunk(earlier + again, OK, TWO_OK)
    stats = builder.build()

    assert (stats.chunks, stats.pages) == ({"ok": 1}, {"ok": 1, "empty": 1})
    assert (stats.tokens, stats.seconds.total) == (bought, 0.0)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"event": "ok"},
        {"attempt": ["a"], "event": "ok"},
        {"attempt": "a", "event": "failed", "reason": {"a": 1}},
        {"attempt": "a", "event": "ok", "seconds": "1", "peakMemoryBytes": None, "waited": -1.0},
        {"attempt": "a", "event": "ok", "seconds": float("nan")},
        {"attempt": "a", "event": "request", "tokens": {"prompt": "x"}},
        {"attempt": "a", "event": "rejected", "answers": -1},
        {"attempt": "a", "event": "rejected"},
    ],
)
def test_what_anybody_may_have_written_costs_no_figure_of_others(record: dict[str, Any]) -> None:
    builder = StatsBuilder(0)

    builder.add_chunk([record, attempt("b", "started"), attempt("b", "ok", seconds=2.0)], OK, TWO_OK)
    stats = builder.build()

    assert (stats.seconds.total, stats.tokens, stats.rejected_answers) == (2.0, Tokens(), 0)
    assert Stats.load(json.loads(json.dumps(stats.dump()))) == stats


def test_a_chunk_that_had_no_turn_in_a_retry_is_left_as_it_was() -> None:
    builder = StatsBuilder(1)

    builder.add_chunk([attempt("a", "started"), attempt("a", "failed", reason="Crashed")], "QuotaExhausted", TWO_OK)

    assert builder.build().chunks == {}


def test_a_chunk_that_had_no_turn_counts_as_failed() -> None:
    builder = StatsBuilder(0)

    builder.add_chunk([], "JobStopped", [PageState.FAILED] * 3)

    assert (builder.build().chunks, builder.build().pages) == ({"JobStopped": 1}, {"failed": 3})
