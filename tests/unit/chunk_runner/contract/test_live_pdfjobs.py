from uuid import UUID

import pytest

from chunk_runner.contract.live_pdfjobs import LivePdfJobs
from sizes import cases
from unit.chunk_runner.contract.test_number_set import VARIABLE_LIMIT


def uid(number: int) -> str:
    return str(UUID(int=number * 0x9E3779B97F4A7C15 % 2**128))


@pytest.mark.parametrize("number", cases([0, 1, 1_000, 20_000, 100_000], quick=[0, 20_000]))
def test_no_number_of_pdfjobs_is_too_large_and_none_that_exists_is_missing(number: int) -> None:
    uids = [uid(it) for it in range(number)]
    live = LivePdfJobs(7)
    for it in uids:
        live.add(it)
    text = live.dumps()

    assert len(text) < VARIABLE_LIMIT - 100
    read = LivePdfJobs.loads(7, text)
    assert all(it in read for it in uids)


def test_a_leftover_that_seems_to_exist_does_not_in_another_sweep() -> None:
    """With 20,000 PdfJobs, one in 26 leftovers shares a place."""
    gone = {uid(-it) for it in range(1, 1_001)}
    for seed in range(1, 6):
        live = LivePdfJobs(seed)
        for it in range(20_000):
            live.add(uid(it))
        left = {it for it in gone if it in live}
        assert len(left) < len(gone) / 5 + 1
        gone = left

    assert gone == set()
