import pytest

from chunk_runner.processors.gemini.api.messages import ResponseKind
from chunk_runner.processors.gemini.execution.service_state import ServiceState


def test_settings_that_were_accepted_cannot_be_what_is_rejected() -> None:
    state = ServiceState()

    assert state.judge(ResponseKind.SETTINGS) is ResponseKind.SETTINGS
    assert state.judge(ResponseKind.REJECTED) is ResponseKind.REJECTED
    assert state.judge(ResponseKind.SETTINGS) is ResponseKind.SETTINGS
    state.judge(ResponseKind.TRUNCATED)
    assert state.judge(ResponseKind.SETTINGS) is ResponseKind.REJECTED


@pytest.mark.parametrize("kind", [ResponseKind.BUSY, ResponseKind.LIMITED, ResponseKind.FAULT, ResponseKind.TIMEOUT])
def test_silence_ends_with_a_response(kind: ResponseKind) -> None:
    state = ServiceState()
    state.judge(kind)
    state.count_silence(1801)
    assert (state.failures, state.is_out, state.is_quota_exhausted) == (1, True, True)

    state.judge(ResponseKind.REJECTED)
    state.count_silence(5000)

    assert (state.failures, state.is_out, state.is_quota_exhausted) == (0, False, False)
