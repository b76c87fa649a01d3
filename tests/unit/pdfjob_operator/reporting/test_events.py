import pytest

from builders import NOW, make_pdfjob
from pdfjob_operator.objects.phases import Phase
from pdfjob_operator.planning.decision import JobState
from pdfjob_operator.reporting.events import is_news, render_event
from pdfjob_operator.reporting.status import render_status


PROCESSING = JobState(Phase.PROCESSING, "Processing", "1 of 4 chunks are done.")
BLOCKED = JobState(Phase.PROCESSING, "Unschedulable", "No node can run the pod.", warning=True)


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, PROCESSING), (PROCESSING, JobState(Phase.MERGING, "Merging", "…")), (PROCESSING, BLOCKED)],
    ids=["the first phase", "another phase", "a warning"],
)
def test_a_new_phase_and_a_new_warning_are_news(before: JobState | None, after: JobState) -> None:
    status = {} if before is None else render_status(make_pdfjob(), before, NOW)

    assert is_news(make_pdfjob(status=status), after)


@pytest.mark.parametrize(
    ("before", "after"),
    [(PROCESSING, PROCESSING), (BLOCKED, BLOCKED), (BLOCKED, PROCESSING)],
    ids=["the same phase", "the same warning", "a warning that is over"],
)
def test_nothing_else_is_news(before: JobState, after: JobState) -> None:
    assert not is_news(make_pdfjob(status=render_status(make_pdfjob(), before, NOW)), after)


@pytest.mark.parametrize(
    ("state", "kind", "reason"),
    [
        (PROCESSING, "Normal", "Processing"),
        (JobState(Phase.SUCCEEDED, "PagesMissing", "…"), "Normal", "Succeeded"),
        (BLOCKED, "Warning", "Unschedulable"),
        (JobState(Phase.FAILED, "NotAPdf", "…"), "Warning", "NotAPdf"),
    ],
)
def test_failures_and_warnings_are_warnings_with_their_reason(state: JobState, kind: str, reason: str) -> None:
    event = render_event(make_pdfjob(), state, NOW)

    assert (event["type"], event["reason"], event["message"]) == (kind, reason, state.message)
    assert event["involvedObject"]["uid"] == make_pdfjob().uid
