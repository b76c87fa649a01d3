"""Histories drawn at random keep the promises, whatever happens in them.

`make test` plays a few, always the same; `make test-all` others with each commit; `make soak-histories` plays new ones
for hours. A history that breaks a promise is shrunk and printed: paste it into `KNOWN`.
"""

import os
import time
from itertools import count

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given

from simulation.clock import in_new_loop
from simulation.histories import History, histories
from simulation.player import play
from tools.turn import turn


HOURS = float(os.environ.get("PDFJOB_SOAK_HOURS", "0"))
FIRST_SEED = int(os.environ.get("PDFJOB_SOAK_SEED", "0"))
BATCH = 200
"""Histories of one seed in a soak."""


def run(history: History) -> None:
    """Play a history."""
    in_new_loop(play(history))


def explore(seed: int, examples: int) -> int:
    """Play so many histories of a seed, and return how many steps these have.

    Raises:
        AssertionError: One of them breaks a promise; it is shrunk, and stands in the notes of the error.
    """
    steps = 0

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(histories())
    def any_history(history: History) -> None:
        nonlocal steps
        steps += len(history.steps)
        run(history)

    any_history()
    return steps


def test_histories_keep_the_promises() -> None:
    explore(seed=0, examples=10)


@pytest.mark.exhaustive
def test_other_histories_keep_the_promises_with_each_commit() -> None:
    explore(seed=turn(), examples=100)


@pytest.mark.skipif(not HOURS, reason="make soak-histories plays them")
def test_new_histories_keep_the_promises_for_hours() -> None:
    deadline = time.monotonic() + 3600 * HOURS
    for seed in count(FIRST_SEED):
        steps = explore(seed, BATCH)
        print(f"seed {seed}: {BATCH} histories, {steps} steps", flush=True)  # noqa: T201 (`make soak-histories` shows it)
        if time.monotonic() > deadline:
            break
