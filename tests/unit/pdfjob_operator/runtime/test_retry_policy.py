import pytest

from pdfjob_operator.api.errors import ApiError, ConflictError, NamespaceGoneError, RequestRefusedError
from pdfjob_operator.runtime.retry_policy import MAX_TRANSIENT_BACKOFF_SECONDS, retry_policy
from pdfjob_operator.runtime.work_queue import RetryPolicy


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
