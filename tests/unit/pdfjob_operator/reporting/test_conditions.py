from datetime import timedelta

from builders import NOW, make_merged, make_pdfjob
from pdfjob_operator.objects.phases import Phase
from pdfjob_operator.planning.decision import JobState
from pdfjob_operator.planning.progress import Progress
from pdfjob_operator.reporting.status import render_status


PROCESSING = JobState(Phase.PROCESSING, "Processing", "1 of 4 chunks are done.", Progress(120, 4, 2, 1, 0))


def conditions(state: JobState) -> dict[str, str]:
    return {
        condition["type"]: condition["status"] for condition in render_status(make_pdfjob(), state, NOW)["conditions"]
    }


def test_a_running_job_is_reconciling() -> None:
    assert conditions(PROCESSING) == {
        "Complete": "False",
        "Failed": "False",
        "Suspended": "False",
        "Partial": "False",
        "Finished": "False",
        "Reconciling": "True",
        "Stalled": "False",
    }


def test_a_partial_success_is_complete_and_partial() -> None:
    progress = Progress(120, 4, 0, 3, 1, make_merged(failed=1, failed_pages="31-60"))

    truths = conditions(JobState(Phase.SUCCEEDED, "PagesMissing", "…", progress))

    assert [kind for kind, holds in truths.items() if holds == "True"] == ["Complete", "Partial", "Finished"]


def test_a_failed_job_is_stalled_so_that_tools_stop_waiting() -> None:
    truths = conditions(JobState(Phase.FAILED, "NotAPdf", "…"))

    assert [kind for kind, holds in truths.items() if holds == "True"] == ["Failed", "Finished", "Stalled"]


def test_a_condition_keeps_the_time_of_its_last_change() -> None:
    before = render_status(make_pdfjob(), PROCESSING, NOW)

    after = render_status(make_pdfjob(status=before), JobState(Phase.FAILED, "Crashed", "…"), NOW + timedelta(hours=1))

    times = {condition["type"]: condition["lastTransitionTime"] for condition in after["conditions"]}
    assert (times["Complete"], times["Failed"]) == ("2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z")
