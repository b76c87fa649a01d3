"""The soak of `soak.py`: for a minute, or for as long as `make soak HOURS=8` says."""

import os
import time
from itertools import count

import pytest

from control_plane.soak import Round, memory_growth, rounds
from tools.control_plane.harness import Harness


HOURS = float(os.environ.get("PDFJOB_SOAK_HOURS", "0"))
JOBS = int(os.environ.get("PDFJOB_SOAK_JOBS", "40"))
"""PdfJobs in a round."""
LEAST_ROUNDS = 4


@pytest.mark.exhaustive
def test_nothing_is_left_and_memory_does_not_grow(harness: Harness) -> None:
    """Proves that many PdfJobs and a few deaths leave no Job, no pod, no work and no memory behind."""
    deadline, done = time.monotonic() + 3600 * HOURS, list[Round]()
    for number, it in zip(count(1), rounds(harness, JOBS, kills=3 if HOURS else 2)):
        done.append(it)
        print(f"{number}: {it}", flush=True)  # noqa: T201 (`make soak` shows it)
        if number >= LEAST_ROUNDS and time.monotonic() > deadline:
            break

    assert all(sum(it.ends.values()) == JOBS for it in done)
    assert memory_growth(done) < 1.3
