from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import NOW, make_pdfjob
from pdfjob_operator.objects.phases import Phase
from pdfjob_operator.planning.decision import JobState
from pdfjob_operator.planning.progress import Progress
from pdfjob_operator.reporting.status import render_status
from pdfjob_operator.reporting.throttle import write_delay


PROCESSING = JobState(Phase.PROCESSING, "Processing", "1 of 4 chunks are done.", Progress(120, 4, 2, 1, 0))


def test_a_warning_is_written_at_once_and_only_once() -> None:
    odd = replace(PROCESSING, progress=replace(PROCESSING.progress, warnings=("It was repaired.",)))
    before, said = (render_status(make_pdfjob(), state, NOW) for state in (PROCESSING, odd))

    assert write_delay(before, said, timedelta(0)) == 0
    assert write_delay(said, render_status(make_pdfjob(status=said), odd, NOW), timedelta(0)) is None


def progress(succeeded: int, total: int = 100) -> dict[str, object]:
    state = JobState(Phase.PROCESSING, "Processing", f"{succeeded} done.", Progress(3000, total, 4, succeeded, 0))
    return render_status(make_pdfjob(), state, NOW)


@pytest.mark.parametrize(
    ("done", "seconds", "delay"),
    [(9, 60, None), (10, 60, 0), (10, 4, 1), (100, 5, 0), (0, 60, None)],
    ids=["less than a tenth", "a tenth", "a tenth too soon", "all", "nothing"],
)
def test_progress_is_written_every_tenth_and_every_five_seconds(done: int, seconds: int, delay: float | None) -> None:
    assert write_delay(progress(0), progress(done), timedelta(seconds=seconds)) == delay


@pytest.mark.parametrize(("pages", "delay"), [(0, None), (299, None), (300, 5)])
def test_progress_by_pages_is_written_by_tenths(pages: int, delay: float | None) -> None:
    def at(done: int) -> dict[str, Any]:
        progress = Progress(3000, 100, 4, 0, 0, pages_processed=done)
        return render_status(make_pdfjob(), JobState(Phase.PROCESSING, "Processing", "…", progress), NOW)

    assert at(pages)["pagesProcessed"] == pages
    assert write_delay(at(0), at(pages), timedelta(0)) == delay


def test_a_new_phase_is_written_at_once() -> None:
    ended = render_status(make_pdfjob(), JobState(Phase.MERGING, "Merging", "…", Progress(3000, 100, 0, 100, 0)), NOW)

    assert write_delay(progress(100), ended, timedelta(0)) == 0


def test_the_first_status_is_written_at_once() -> None:
    assert write_delay({}, progress(0), timedelta(0)) == 0


def test_time_alone_is_not_written() -> None:
    before = progress(5)
    after = render_status(make_pdfjob(status=before), PROCESSING, NOW + timedelta(minutes=9))

    assert after["duration"] == "9m0s"
    assert write_delay({**after, "duration": "0s"}, after, timedelta(minutes=9)) is None
