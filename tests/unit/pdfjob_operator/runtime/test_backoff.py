import pytest

from pdfjob_operator.api.errors import ApiError, ConflictError, NamespaceGoneError, RequestRefusedError
from pdfjob_operator.runtime.backoff import (
    MAX_TRANSIENT_BACKOFF_SECONDS,
    RetryPolicy,
    exponential_backoff,
    retry_policy,
    with_jitter,
)


def test_a_wait_doubles_up_to_the_longest() -> None:
    waits = [exponential_backoff(failures, first=1, longest=10) for failures in (1, 2, 3, 4, 5, 1_000_000)]

    assert waits == [1, 2, 4, 8, 10, 10]


@pytest.mark.parametrize(("less", "more"), [(0, 0.5), (0.1, 0.1), (0, 1)])
def test_jitter_stays_within_its_shares(less: float, more: float) -> None:
    durations = [with_jitter(60, less=less, more=more) for _ in range(1000)]

    assert min(durations) >= 60 * (1 - less)
    assert max(durations) <= 60 * (1 + more)
    assert max(durations) - min(durations) > 60 * (less + more) / 2


@pytest.mark.parametrize(
    ("error", "policy"),
    [
        (ApiError("down", is_transient=True), RetryPolicy(0, MAX_TRANSIENT_BACKOFF_SECONDS)),
        (ApiError("busy", is_transient=True, retry_after=45), RetryPolicy(45, MAX_TRANSIENT_BACKOFF_SECONDS)),
        (RequestRefusedError("exceeded quota"), RetryPolicy(0, MAX_TRANSIENT_BACKOFF_SECONDS)),
        (TimeoutError(), RetryPolicy(0, MAX_TRANSIENT_BACKOFF_SECONDS)),
        (ApiError("invalid", status=422), RetryPolicy()),
        (ConflictError("changed"), RetryPolicy()),
        (NamespaceGoneError("gone"), RetryPolicy()),
        (KeyError("a malformed object"), RetryPolicy()),
    ],
)
def test_what_may_go_away_is_retried_more_often(error: Exception, policy: RetryPolicy) -> None:
    assert retry_policy(error) == policy
