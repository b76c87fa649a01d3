"""Which writes the watches are expected to deliver: async, because time is the event loop's."""

import pytest

from pdfjob_operator.objects.pdfjob import Key
from pdfjob_operator.runtime.watch_liveness import WatchLiveness


KEY = Key("books", "germinal")


async def test_an_event_that_comes_before_the_answer_is_not_expected_any_more() -> None:
    liveness = WatchLiveness()

    with liveness.expect("jobs", KEY):
        liveness.record_event("jobs", KEY)

    assert liveness.expected() == []


async def test_a_write_that_fails_or_changes_nothing_has_no_event() -> None:
    liveness = WatchLiveness()

    with pytest.raises(TimeoutError), liveness.expect("jobs", KEY):
        raise TimeoutError
    with liveness.expect("pdfjobs", KEY) as withdraw:
        withdraw()

    assert liveness.expected() == []


async def test_an_earlier_write_is_still_expected_after_a_later_one_has_failed() -> None:
    liveness = WatchLiveness()
    with liveness.expect("jobs", KEY):
        pass

    with liveness.expect("jobs", KEY) as withdraw:
        withdraw()

    assert liveness.expected() == [("jobs", KEY)]
