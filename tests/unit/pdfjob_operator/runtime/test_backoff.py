import pytest

from pdfjob_operator.runtime.backoff import exponential_backoff, with_jitter


def test_a_wait_doubles_up_to_the_longest() -> None:
    waits = [exponential_backoff(failures, first=1, longest=10) for failures in (1, 2, 3, 4, 5, 1_000_000)]

    assert waits == [1, 2, 4, 8, 10, 10]


@pytest.mark.parametrize(("less", "more"), [(0, 0.5), (0.1, 0.1), (0, 1)])
def test_jitter_stays_within_its_shares(less: float, more: float) -> None:
    durations = [with_jitter(60, less=less, more=more) for _ in range(1000)]

    assert min(durations) >= 60 * (1 - less)
    assert max(durations) <= 60 * (1 + more)
    assert max(durations) - min(durations) > 60 * (less + more) / 2
