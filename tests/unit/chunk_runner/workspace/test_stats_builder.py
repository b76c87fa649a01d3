"""What the attempts of a round add up to."""

import json
from typing import Any

import pytest

from chunk_runner.contract.stats import SECONDS, Figures, Spread, Tokens
from chunk_runner.pdf.page import PageState
from chunk_runner.workspace.stats_builder import OK, Tally


TWO_OK = [PageState.OK, PageState.EMPTY]


def attempt(name: str, event: str, round: int = 0, **more: Any) -> dict[str, Any]:  # noqa: A002 (the project's word)
    return {"attempt": name, "round": round, "event": event, **more}


def test_values_go_to_the_first_bucket_whose_bound_they_do_not_exceed() -> None:
    spread = Spread.of([0.5, 2.0, 99.0], (0.5, 1.0, 5.0))

    assert spread == Spread((1, 0, 1, 1), 101.5)


def test_a_chunk_without_trouble_has_one_attempt_and_no_retry() -> None:
    tally = Tally(0)

    tally.enter(
        [attempt("a", "started", waited=3.0), attempt("a", "ok", seconds=2.0, peakMemoryBytes=2**27)], OK, TWO_OK
    )
    figures = tally.figures()

    assert (figures.chunks, figures.retries, figures.pages) == ({"ok": 1}, {}, {"ok": 1, "empty": 1})
    assert (figures.seconds.total, figures.waits.total, sum(figures.memory.counts)) == (2.0, 3.0, 1)
    assert figures.seconds.counts[SECONDS.index(2.5)] == 1


def test_every_attempt_but_the_last_was_retried_for_its_reason_and_only_the_first_one_waited() -> None:
    records = [
        attempt("a", "started", waited=1.0),  # killed: it says no more
        attempt("b", "started", waited=9.0),
        attempt("b", "failed", seconds=1.0, reason="WorkspaceUnavailable", message="…"),
        attempt("c", "started", waited=30.0),
        attempt("c", "failed", seconds=2.0, reason="ChunkUnreadable", message="…"),
    ]
    tally = Tally(0)

    tally.enter(records, "ChunkUnreadable", [PageState.FAILED])
    figures = tally.figures()

    assert figures.retries == {"Crashed": 1, "WorkspaceUnavailable": 1}
    assert (figures.chunks, figures.waits.total) == ({"ChunkUnreadable": 1}, 1.0)
    assert figures.seconds.total == 3.0


def test_what_an_earlier_round_used_is_not_counted_again() -> None:
    bought = Tokens(prompt=10, output=5, total=15)
    earlier = [
        attempt("a", "started"),
        attempt("a", "request", what="answer", tokens=vars(bought)),
        attempt("a", "ok", seconds=2.0),
    ]
    again = [attempt("b", "started", 1), attempt("b", "request", 1, tokens=vars(bought)), attempt("b", "ok", 1)]
    tally = Tally(1)

    tally.enter(earlier, OK, TWO_OK)
    tally.enter(earlier + again, OK, TWO_OK)
    figures = tally.figures()

    assert (figures.chunks, figures.pages) == ({"ok": 1}, {"ok": 1, "empty": 1})
    assert (figures.tokens, figures.seconds.total) == (bought, 0.0)


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
    ],
)
def test_what_anybody_may_have_written_costs_no_figure_of_others(record: dict[str, Any]) -> None:
    tally = Tally(0)

    tally.enter([record, attempt("b", "started"), attempt("b", "ok", seconds=2.0)], OK, TWO_OK)
    figures = tally.figures()

    assert (figures.seconds.total, figures.tokens) == (2.0, Tokens())
    assert Figures.load(json.loads(json.dumps(figures.dump()))) == figures


def test_a_chunk_that_had_no_turn_in_a_retry_is_left_as_it_was() -> None:
    tally = Tally(1)

    tally.enter([attempt("a", "started"), attempt("a", "failed", reason="Crashed")], "QuotaExhausted", TWO_OK)

    assert tally.figures().chunks == {}


def test_a_chunk_that_had_no_turn_counts_as_failed() -> None:
    tally = Tally(0)

    tally.enter([], "JobStopped", [PageState.FAILED] * 3)

    assert (tally.figures().chunks, tally.figures().pages) == ({"JobStopped": 1}, {"failed": 3})
