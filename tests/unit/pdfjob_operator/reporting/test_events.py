import pytest

from builders import NOW, make_pdfjob
from pdfjob_operator.objects.phases import Phase
from pdfjob_operator.planning.decision import JobState
from pdfjob_operator.reporting.events import is_news, render_event
from pdfjob_operator.reporting.status import render_status


PROCESSING = JobState(Phase.PROCESSING, "Processing", "1 of 4 chunks are done.")
BLOCKED = JobState(Phase.PROCESSING, "Unschedulable", "No node can run the pod.", warning=True)


@pytest.mark.parametrize(
    ("before", "after", "news"),
    [
        (PROCESSING, PROCESSING, False),
        (PROCESSING, BLOCKED, True),
        (BLOCKED, BLOCKED, False),
        (BLOCKED, PROCESSING, False),
        (PROCESSING, JobState(Phase.MERGING, "Merging", "…"), True),
        (None, PROCESSING, True),
    ],
    ids=["nothing new", "a warning", "the same warning", "a warning that is over", "a phase", "the first phase"],
)
def test_a_new_phase_and_a_new_warning_are_news(before: JobState | None, after: JobState, news: bool) -> None:  # noqa: FBT001 (a table)
    status = {} if before is None else render_status(make_pdfjob(), before, NOW)

    assert is_news(make_pdfjob(status=status), after) is news


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
