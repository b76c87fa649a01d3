"""The soak of `soak.py`, for a minute."""

from itertools import islice

from control_plane.arena import Arena
from control_plane.soak import memory_growth, rounds


def test_nothing_is_left_and_memory_does_not_grow(arena: Arena) -> None:
    """Proves that many PdfJobs and a few deaths leave no Job, no pod, no work and no memory behind."""
    done = list(islice(rounds(arena, 40, kills=2), 4))

    print(*done, sep="\n")  # noqa: T201 (pytest shows it when asked to)
    assert all(sum(it.ends.values()) == 40 for it in done)
    assert memory_growth(done) < 1.3
