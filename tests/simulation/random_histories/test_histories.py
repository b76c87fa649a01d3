"""Histories drawn at random keep the promises, whatever happens in them.

`make test` plays a few, always the same; `make test-all` others with each commit; `make soak-histories` plays new ones
for hours. A history that breaks a promise is shrunk and printed, ready to be played again.
"""

import os
import time
from itertools import count

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given

from simulation.random_histories.action import Nothing
from simulation.random_histories.failures import Spoil
from simulation.random_histories.histories import Book, History, Step, When, histories
from simulation.random_histories.others import DeleteJobs, SuspendJobs
from simulation.random_histories.owners import Suspend
from simulation.random_histories.player import play
from simulation.simulator.clock import in_new_loop
from simulation.simulator.controllers.jobs import PHASE_SECONDS
from simulation.simulator.controllers.work import TimedPlan
from simulation.simulator.faults.call import Error
from tools.turn import turn


HOURS = float(os.environ.get("PDFJOB_SOAK_HOURS", "0"))
BATCH = 100
"""Histories of one seed."""

BOOKS = (Book(TimedPlan(pages=90, chunk_seconds=20, merge_seconds=60)),)

SPLIT = (Step(When(seconds=1), Nothing()), Step(When(after=1), Nothing()))
"""Until the chunks Job is there, since the container of prepare has ended."""

FOUND = {
    "prepare is suspended before its pod counts": (*SPLIT, Step(When(seconds=0), SuspendJobs())),
    "prepare is suspended after its pod counts": (*SPLIT, Step(When(seconds=PHASE_SECONDS + 0.5), SuspendJobs())),
    "prepare is suspended, then its PdfJob, which is resumed": (
        Step(When(seconds=3), SuspendJobs()),
        Step(When(seconds=0), Suspend()),
        Step(When(seconds=0.3), Suspend()),
    ),
    "prepare is suspended, and its deletion conflicts": (
        Step(When(seconds=0.5), SuspendJobs()),
        Step(When(before=1), Spoil(Error(409, "Conflict"))),
        Step(When(before=0), Nothing()),
    ),
    "all Jobs are deleted while a merge is suspended": (
        Step(When(seconds=70), Suspend()),
        Step(When(seconds=1), DeleteJobs(("prepare", "chunks", "merge"))),
        Step(When(seconds=1), Suspend()),
    ),
}
"""Steps that broke a promise once, shrunk."""


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


@pytest.mark.parametrize("name", FOUND)
def test_a_history_that_broke_a_promise_keeps_it(name: str) -> None:
    run(History(BOOKS, FOUND[name]))


@pytest.mark.exhaustive
def test_other_histories_keep_the_promises() -> None:
    deadline = time.monotonic() + 3600 * HOURS
    for seed in count(int(os.environ.get("PDFJOB_SOAK_SEED") or turn())):
        steps = explore(seed, BATCH)
        print(f"seed {seed}: {BATCH} histories, {steps} steps", flush=True)  # noqa: T201 (`make soak-histories` shows it)
        if time.monotonic() > deadline:
            break
