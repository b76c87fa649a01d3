"""Answers are checked against a job's own schema within a time limit, whatever the schema and the answer are."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunk_runner.processors.gemini.answers import schema_check
from chunk_runner.processors.gemini.answers.schema_check import mismatch
from chunk_runner.processors.gemini.answers.validation import InvalidResponseError, parse_answer
from chunk_runner.processors.gemini.api.messages import ResponseKind
from sizes import cases


TITLE = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string", "pattern": "^[A-Z]"}}}


def branching(depth: int) -> dict[str, Any]:
    """Return a schema of 60 bytes a level, each of which doubles the work."""
    levels = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(depth)}
    return {"$ref": "#/$defs/d0", "$defs": {**levels, f"d{depth}": {"type": "string"}}}


SLOW: dict[str, tuple[dict[str, Any], Any]] = {
    "pattern": ({"type": "string", "pattern": "^(a+)+$"}, "a" * 40 + "!"),
    "names": ({"patternProperties": {"^(a|a)*$": {}}}, {"a" * 40 + "!": 1}),
    "references": (branching(24), "text"),
}


def test_an_answer_that_matches_has_no_mismatch() -> None:
    assert mismatch({"title": "Germinal", "year": 1885}, TITLE) is None


@pytest.mark.parametrize(
    ("data", "cause"),
    [({}, "root: required"), ({"title": "germinal"}, "title: pattern"), ([], "root: type")],
    ids=["required", "pattern", "type"],
)
def test_a_mismatch_says_where_and_why(data: Any, cause: str) -> None:
    assert mismatch(data, TITLE) == f"it does not match the schema: {cause}"


@pytest.mark.parametrize("kind", cases([*SLOW], quick=["pattern"]))
def test_a_check_that_takes_too_long_is_a_mismatch(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(schema_check, "_SECONDS", 1)
    monkeypatch.setattr(schema_check, "_checks", schema_check._Checks())  # noqa: SLF001 (a child with these seconds)
    schema, data = SLOW[kind]

    with pytest.raises(InvalidResponseError, match="takes more than 1 s: simplify patterns") as raised:
        parse_answer(json.dumps(data), schema, is_own=True)

    assert raised.value.kind is ResponseKind.SCHEMA_MISMATCH
    assert mismatch({"title": "Germinal"}, TITLE) is None  # the next answer has a child of its own


def test_a_schema_that_needs_much_memory_is_a_mismatch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDFJOB_MEMORY_LIMIT", str(2**20))  # leaves the least that a child has
    monkeypatch.setattr(schema_check, "_checks", schema_check._Checks())  # noqa: SLF001 (a child with this limit)

    assert mismatch("a" * 2**27, {"type": "string"}) == (
        "checking it against outputSchema takes too much memory: simplify patterns and references"
    )


@pytest.mark.parametrize("number", [10**400, float("inf")], ids=["long", "infinite"])
def test_a_number_that_the_validator_cannot_handle_is_a_mismatch(number: float) -> None:
    assert str(mismatch(number, {"multipleOf": 0.1})).startswith("it cannot be checked against outputSchema")


@pytest.mark.parametrize("part", [{"extends": 5}, {"disallow": [5]}, {"divisibleBy": "x"}], ids=json.dumps)
def test_a_part_in_another_draft_that_the_validator_cannot_handle_is_a_mismatch(part: dict[str, Any]) -> None:
    schema = {"items": {"$schema": "http://json-schema.org/draft-03/schema#", **part}}

    assert str(mismatch([1], schema)).startswith("it cannot be checked against outputSchema")


def test_nesting_that_the_validator_cannot_handle_is_a_mismatch() -> None:
    tree = {"$ref": "#/$defs/tree", "$defs": {"tree": {"items": {"$ref": "#/$defs/tree"}}}}
    nested: list[Any] = []
    for _ in range(300):
        nested = [nested]

    assert str(mismatch(nested, tree)).startswith("it cannot be checked against outputSchema")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(JSON)
def test_any_answer_is_checked(data: Any) -> None:
    assert mismatch(data, {}) is None
    assert (mismatch(data, {"type": "string"}) is None) == isinstance(data, str)
