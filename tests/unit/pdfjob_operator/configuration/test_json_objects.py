from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from pdfjob_operator.configuration.json_objects import build


@dataclass(frozen=True)
class Shelf:
    """A thing with a field of each shape."""

    name_of_shelf: str = "none"
    is_open: bool = False
    books: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    anything: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.name_of_shelf == "forbidden":
            raise ValueError("nameOfShelf is forbidden")


def test_keys_are_the_fields_in_camel_case_and_what_is_missing_or_null_is_the_default() -> None:
    raw = {"nameOfShelf": "A", "isOpen": True, "books": ["one"], "labels": {"a": "b"}, "anything": None}

    assert build(Shelf, raw) == Shelf("A", is_open=True, books=("one",), labels={"a": "b"})
    assert build(Shelf, {}) == Shelf()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"nameOfShelve": "A"}, "nameOfShelve is not one of nameOfShelf, isOpen, books"),
        ({"nameOfShelf": 7}, "nameOfShelf must be a string"),
        ({"isOpen": "true"}, "isOpen must be true or false"),
        ({"books": "one"}, "books must be a list of strings"),
        ({"books": [1]}, "books must be a list of strings"),
        ({"labels": {"a": 1}}, "labels must be an object of strings"),
        ({"anything": []}, "anything must be an object"),
        ({"nameOfShelf": "forbidden"}, "nameOfShelf is forbidden"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        build(Shelf, raw)
