from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunk_runner.contract.ranges import format_ranges, nth, parse_ranges, select


pages = st.sets(st.integers(1, 500)).map(sorted)


@given(pages)
def test_ranges_survive_the_round_trip(numbers: list[int]) -> None:
    assert [page for run in parse_ranges(format_ranges(numbers)) for page in run] == numbers


def test_ranges_of_a_job_status_are_understood() -> None:
    assert parse_ranges("1,3-5,7") == [range(1, 2), range(3, 6), range(7, 8)]
    assert parse_ranges("") == []
    assert parse_ranges(None) == []


@pytest.mark.parametrize(
    "text",
    ["a", "3-1", "5,2", "1-2-3", "1,,2", "-", "-5", "3-", "1 ,2", "+1", "1_0", "1.0", "²", "٣", "1,٤-٥", "9" * 5000],
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a range|not ascending"):
        parse_ranges(text)


@given(pages)
def test_each_index_stands_for_one_number(numbers: list[int]) -> None:
    ranges = parse_ranges(format_ranges(numbers))

    assert [nth(ranges, index) for index in range(len(numbers))] == numbers


@pytest.mark.parametrize("ranges", [[], [range(3)], [range(1), range(5, 7)]])
def test_an_index_beyond_the_ranges_is_refused(ranges: list[range]) -> None:
    with pytest.raises(IndexError):
        nth(ranges, 3)


@given(pages, st.lists(st.integers(0, 600)))
def test_many_indexes_stand_for_the_same_numbers(numbers: list[int], positions: list[int]) -> None:
    ranges = parse_ranges(format_ranges(numbers))

    assert list(select(ranges, positions)) == [numbers[position] for position in positions if position < len(numbers)]


def test_ranges_are_read_once_for_all_indexes() -> None:
    readings = 0

    def ranges() -> Iterator[range]:
        nonlocal readings
        for number in range(10_000):
            readings += 1
            yield range(2 * number, 2 * number + 1)

    assert list(select(ranges(), range(10_000))) == list(range(0, 20_000, 2))
    assert readings == 10_000
