import base64
import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunk_runner.contract.limits import CHUNKS_LIMIT
from chunk_runner.contract.number_set import LIMIT, NumberSet


VARIABLE_LIMIT = 128 * 1024
"""The longest environment variable that the kernel passes on, its name included (execve(2), MAX_ARG_STRLEN)."""


def scattered(limit: int) -> list[int]:
    """Half of the numbers below a limit, without a pattern that could be compressed."""
    return [number for number in range(limit) if hashlib.sha256(str(number).encode()).digest()[0] & 1]


@given(st.sets(st.integers(0, LIMIT - 1)))
def test_a_set_comes_back_as_it_was(numbers: set[int]) -> None:
    found = NumberSet.loads(NumberSet(numbers).dumps())

    assert all(number in found for number in numbers)
    assert {number for number in range(200) if number in found} == {number for number in numbers if number < 200}


@pytest.mark.parametrize("number", [-1, LIMIT, 10**30])
def test_a_number_beyond_the_limit_is_in_no_set(number: int) -> None:
    assert number not in NumberSet(range(100))


@pytest.mark.parametrize(
    "numbers",
    [
        range(CHUNKS_LIMIT),
        range(0, CHUNKS_LIMIT, 2),
        scattered(CHUNKS_LIMIT),
        scattered(LIMIT),
    ],
    ids=["all chunks", "every second chunk", "half of the chunks", "half of all numbers"],
)
def test_any_set_fits_into_an_environment_variable(numbers: range | list[int]) -> None:
    assert len(NumberSet(numbers).dumps()) < VARIABLE_LIMIT - 100


WHOLE = NumberSet(range(0, 5000, 3)).dumps()
BOMB = base64.b64encode(zlib.compress(bytes(2**24))).decode()


@pytest.mark.parametrize(
    "text",
    ["", "x", "é", "AAAA", "0-12", WHOLE[:-8], WHOLE + "AAAA", BOMB],
    ids=["nothing", "a letter", "not ASCII", "not compressed", "ranges", "cut short", "too long", "a bomb"],
)
def test_what_is_no_set_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a set of numbers"):
        NumberSet.loads(text)
