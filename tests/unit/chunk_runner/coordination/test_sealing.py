"""The names and the encryption that keep what is in Redis from everybody without the API key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunk_runner.coordination.sealing import Seal


ONE, OTHER = Seal("AQ.one-key"), Seal("AQ.other-key")


@given(st.binary(max_size=200))
def test_a_value_can_be_opened_with_the_same_key_only(value: bytes) -> None:
    sealed = ONE.close("name", value)

    assert Seal("AQ.one-key").open("name", sealed) == value
    assert OTHER.open("name", sealed) is None


def test_a_value_cannot_be_moved_to_another_name() -> None:
    assert ONE.open("other", ONE.close("name", b"what it says")) is None


@given(st.binary(max_size=64))
def test_foreign_bytes_are_no_value(foreign: bytes) -> None:
    assert ONE.open("name", foreign) is None


@pytest.mark.parametrize("at", [0, 11, 12, 20, -1])
def test_a_changed_value_is_none(at: int) -> None:
    sealed = bytearray(ONE.close("name", b"what it says"))
    sealed[at] ^= 1

    assert ONE.open("name", bytes(sealed)) is None


def test_the_same_value_is_never_encrypted_alike() -> None:
    assert ONE.close("name", b"what it says") != ONE.close("name", b"what it says")


def test_names_depend_on_the_key_and_on_every_part() -> None:
    names = [
        ONE.name("answer", "page"),
        OTHER.name("answer", "page"),
        ONE.name("claim", "page"),
        ONE.name("answerpage"),
    ]

    assert len({*names}) == len(names)
    assert ONE.name("answer", "page") == Seal("AQ.one-key").name("answer", "page")
