import json
from typing import Any

import pytest

from chunk_runner.contract.stats import BYTES, SECONDS, Histogram, Stats, Tokens, count


STATS = Stats(
    Histogram.of([0.5, 2.0], SECONDS),
    Histogram.of([], SECONDS),
    Histogram.of([2.0**27], BYTES),
    chunks={"ok": 2},
    tokens=Tokens(1, 2, 3, 4, 10),
    rejected_answers=5,
    round=3,
)


def test_a_value_is_in_the_first_bucket_whose_bound_it_does_not_exceed() -> None:
    assert Histogram.of([0.5, 2.0, 99.0], (0.5, 1.0, 5.0)) == Histogram((1, 0, 1, 1), 101.5)


def test_statistics_survive_the_round_trip() -> None:
    assert Stats.load(json.loads(json.dumps(STATS.dump()))) == STATS


@pytest.mark.parametrize("value", [-1, 2**53, 1.0, True, "1", None, [], float("nan")])
def test_what_is_no_count_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not a count"):
        count(value)


@pytest.mark.parametrize(
    "change",
    [
        {"seconds": {"counts": [1], "total": 1.0}},
        {"seconds": {"counts": [0] * (len(SECONDS) + 1), "total": float("inf")}},
        {"seconds": {"counts": [0] * (len(SECONDS) + 1), "total": -1.0}},
        {"seconds": {"counts": [0] * (len(SECONDS) + 1), "total": "1"}},
        {"seconds": None},
        {"tokens": {"prompt": 1}},
        {"chunks": {"ok": -1}},
        {"chunks": ["ok"]},
        {"round": "1"},
    ],
)
def test_malformed_statistics_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        Stats.load({**STATS.dump(), **change})


def test_labels_from_outside_are_bounded() -> None:
    read = Stats.load({**STATS.dump(), "chunks": {f"{number} {'x' * 100}": 1 for number in range(100)}})

    assert len(read.chunks) == 20
    assert max(map(len, read.chunks)) == 60
