from collections.abc import Sequence

import pytest

from chunk_runner.processors.gemini.api.messages import ResponseKind
from chunk_runner.processors.gemini.execution.repetition import ANSWERS_PER_PAGE, UNANSWERED, divide, may_repeat


def bought(pages: Sequence[int], kinds: Sequence[ResponseKind], answers_left: int = ANSWERS_PER_PAGE) -> list[int]:
    """The pages of all requests that are answered, if every answer about them is of these kinds, in turn."""
    attempts: dict[ResponseKind, int] = {}
    found: list[int] = []
    for kind in [*kinds, *[kinds[-1]] * ANSWERS_PER_PAGE]:
        found += pages
        answers_left -= 1
        attempts[kind] = attempts.get(kind, 0) + 1
        if not may_repeat(kind, attempts[kind], answers_left, len(pages)):
            break
    if len(pages) > 1:
        for part in divide(pages, answers_left):
            found += bought(part, kinds, answers_left)
    return found


ANSWERED = sorted(set(ResponseKind) - UNANSWERED)


@pytest.mark.parametrize("kinds", [[kind] for kind in ANSWERED] + [[ResponseKind.INVALID, ResponseKind.EMPTY]])
@pytest.mark.parametrize("pages", [1, 2, 3, 4, 8, 30, 31, 300, 1000])
def test_a_page_is_paid_for_four_times_at_most_and_asked_for_alone_at_last(
    pages: int, kinds: list[ResponseKind]
) -> None:
    found = bought(range(pages), kinds)

    assert max(map(found.count, range(pages))) <= ANSWERS_PER_PAGE
    assert set(found) == set(range(pages))


@pytest.mark.parametrize(
    ("pages", "answers_left", "sizes"),
    [(8, 3, [4, 4]), (2, 1, [1, 1]), (7, 3, [3, 4]), (30, 4, [10, 10, 10]), (30, 3, [7, 8, 7, 8]), (8, 2, [2, 3, 3])],
)
def test_pages_are_halved_if_that_leads_to_single_pages(pages: int, answers_left: int, sizes: list[int]) -> None:
    parts = divide(range(pages), answers_left)

    assert [len(part) for part in parts] == sizes
    assert [page for part in parts for page in part] == list(range(pages))


@pytest.mark.parametrize("kind", [ResponseKind.BUSY, ResponseKind.LIMITED])
def test_a_service_without_capacity_gets_fewer_pages_after_minutes_of_waiting(kind: ResponseKind) -> None:
    assert may_repeat(kind, 1000, 4, 8, waited=299)
    assert not may_repeat(kind, 5, 4, 8, waited=300)


def test_what_costs_nothing_is_repeated_without_regard_to_the_price() -> None:
    assert may_repeat(ResponseKind.BUSY, 4, 0, 8, waited=1000)
    assert may_repeat(ResponseKind.FAULT, 2, 0, 8)
    assert not may_repeat(ResponseKind.FAULT, 3, 4, 1)
