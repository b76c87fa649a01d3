from hypothesis import given
from hypothesis import strategies as st

from pdfjob_operator.runtime.fair_queue import FairQueue


def queue_of(*keys: str, most_taken: int = 100) -> FairQueue[str]:
    """A queue of keys whose groups are their first letters, in this order."""
    queue: FairQueue[str] = FairQueue(lambda key: key[0], most_taken=most_taken)
    for since, key in enumerate(keys):
        queue.put(key, float(since))
    return queue


def take(queue: FairQueue[str], number: int) -> list[str | None]:
    return [queue.take() for _ in range(number)]


def test_groups_take_turns_and_each_keeps_its_order() -> None:
    assert take(queue_of("a1", "a2", "a3", "a4", "b1", "b2", "c1"), 8) == [
        *("a1", "b1", "c1", "a2", "b2", "a3", "a4"),
        None,
    ]


def test_a_group_that_comes_later_waits_for_one_key_of_each_other() -> None:
    queue = queue_of("a1", "a2", "a3", "b1", "b2", "b3")
    assert take(queue, 3) == ["a1", "b1", "a2"]

    queue.put("c1", 9.0)

    assert take(queue, 3) == ["b2", "a3", "c1"]


def test_a_group_with_as_many_keys_taken_as_it_may_waits_until_one_is_done() -> None:
    queue = queue_of("a1", "a2", "a3", "b1", most_taken=2)
    assert take(queue, 4) == ["a1", "b1", "a2", None]

    queue.done("a1")

    assert take(queue, 2) == ["a3", None]


def test_the_longest_wait_is_that_of_the_first_key_of_any_group() -> None:
    queue = queue_of("a1", "a2", "b1")
    assert queue.due_since() == 0
    queue.take()
    assert queue.due_since() == 1
    take(queue, 2)
    assert queue.due_since() is None


@given(st.lists(st.integers(0, 4), max_size=60))
def test_no_group_is_served_twice_while_another_waits_since_before(groups: list[int]) -> None:
    queue = queue_of(*(f"{group}{number}" for number, group in enumerate(groups)))
    served = take(queue, len(groups))

    turns = [key[0] for key in served if key is not None]
    for at, group in enumerate(turns):
        again = next((later for later in range(at + 1, len(turns)) if turns[later] == group), len(turns))
        waiting = set(turns[again:]) - {group}
        assert waiting <= set(turns[at + 1 : again])
