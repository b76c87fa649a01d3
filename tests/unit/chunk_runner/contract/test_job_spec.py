import json
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunk_runner.contract.job_spec import JobSpec


def test_a_specification_survives_the_environment() -> None:
    spec = JobSpec(
        path="a b/ü.pdf",
        processor={"name": "gemini", "model": "gemini-3.5-flash-lite"},
        pages_per_chunk=7,
        sha256="ab" * 32,
        pages="1-120,130-",
        language="fr",
        running_lines="keep",
        format="markdown",
        api_key_secret="gemini-key",
    )

    assert JobSpec.loads(spec.dumps()) == spec


def test_a_specification_needs_no_more_than_a_path() -> None:
    assert JobSpec.loads('{"path": "book.pdf"}') == JobSpec("book.pdf")


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", '"book.pdf"', "[" * 100_000, "9" * 5000])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not (a JSON object|JSON \(.{1,100}\))$"):
        JobSpec.loads(text)


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ({}, "path"),
        ({"path": 1}, "path"),
        ({"path": None}, "path"),
        ({"path": ["x"]}, "path"),
        ({"processor": None}, "processor"),
        ({"processor": "text"}, "processor"),
        ({"processor": ["text"]}, "processor"),
        ({"processor": {}}, "processor"),
        ({"processor": {"name": 5}}, "processor"),
        ({"pages_per_chunk": 0}, "pages_per_chunk"),
        ({"pages_per_chunk": -3}, "pages_per_chunk"),
        ({"pages_per_chunk": True}, "pages_per_chunk"),
        ({"pages_per_chunk": "30"}, "pages_per_chunk"),
        ({"pages_per_chunk": 30.0}, "pages_per_chunk"),
        ({"pages_per_chunk": float("nan")}, "pages_per_chunk"),
        ({"pages_per_chunk": float("inf")}, "pages_per_chunk"),
        ({"pages_per_chunk": None}, "pages_per_chunk"),
        ({"sha256": 5}, "sha256"),
        ({"sha256": ""}, "sha256"),
        ({"sha256": "ab" * 31}, "sha256"),
        ({"sha256": "ab" * 33}, "sha256"),
        ({"sha256": "xy" * 32}, "sha256"),
        ({"sha256": "٣" * 64}, "sha256"),
        ({"sha256": "ab" * 32 + "\n"}, "sha256"),
        ({"pages": 5}, "pages"),
        ({"pages": ["1-2"]}, "pages"),
        ({"language": 5}, "language"),
        ({"language": "french"}, "language"),
        ({"language": "FR"}, "language"),
        ({"language": "fr\n"}, "language"),
        ({"running_lines": "hide"}, "running_lines"),
        ({"running_lines": True}, "running_lines"),
        ({"running_lines": ["keep"]}, "running_lines"),
        ({"running_lines": None}, "running_lines"),
        ({"format": "html"}, "format"),
        ({"format": None}, "format"),
        ({"format": ["json"]}, "format"),
        ({"format": {}}, "format"),
        ({"api_key_secret": 5}, "api_key_secret"),
        ({"api_key_secret": {"name": "gemini"}}, "api_key_secret"),
        ({"news": "of a later version"}, "news"),
        ({"pagesPerChunk": 30}, "pagesPerChunk"),
        ({"": 1}, ""),
    ],
)
def test_a_wrong_value_is_refused_by_its_key(raw: dict[str, Any], key: str) -> None:
    if raw and key != "path":
        raw = {"path": "book.pdf"} | raw

    with pytest.raises(ValueError, match=rf"^(unknown key |the key )?“{key}”.*$"):
        JobSpec.loads(json.dumps(raw))


def test_a_key_of_any_length_makes_a_short_message() -> None:
    with pytest.raises(ValueError, match="unknown key") as caught:
        JobSpec.loads(json.dumps({"path": "x", "x\n" * 5000: 1}))

    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
json_values = (
    scalars
    | st.lists(scalars, max_size=3)
    | st.dictionaries(st.just("name") | st.text(max_size=3), scalars, max_size=3)
)
keys = st.sampled_from(sorted(asdict(JobSpec("")))) | st.text(max_size=5)


@given(
    st.text(max_size=20) | json_values.map(json.dumps) | st.dictionaries(keys, json_values, max_size=4).map(json.dumps)
)
def test_any_other_text_gives_a_specification_or_the_documented_error(text: str) -> None:
    spec = None
    with suppress(ValueError):
        spec = JobSpec.loads(text)

    assert spec is None or JobSpec.loads(spec.dumps()) == spec
