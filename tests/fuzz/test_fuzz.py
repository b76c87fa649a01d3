"""No text from outside raises anything but the documented errors, whatever it is."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chunk_runner.processors.chunk_result import ChunkResult
from fuzz.targets import TARGETS
from fuzz.workspace_files import result_of


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["0-3", "1-", "-1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path to each part of a JSON value, itself included."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in parts for place in places(part, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    """Return a copy of a JSON value with one part changed."""
    if not path:
        return change(value)
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], change)
    return copy


@st.composite
def inputs(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """Draw bytes: any, or a seed of which a few bytes or one JSON value are others."""
    seed = draw(st.sampled_from(seeds))
    line, newline, rest = seed.partition(b"\n")
    match draw(st.sampled_from(["value", "value", "missing", "bytes", "any"])):
        case "any":
            return draw(st.binary(max_size=100))
        case "bytes":
            data = bytearray(seed)
            for _ in range(draw(st.integers(1, 4))):
                at = draw(st.integers(0, len(data)))
                data[at : at + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
            return bytes(data)
        case kind:
            try:
                value = json.loads(line)
            except ValueError:
                return draw(st.text(max_size=40)).encode(errors="replace")
            path = draw(st.sampled_from(places(value)))
            if kind == "value" or not path:
                new = draw(JSON)
                value = changed(value, path, lambda _: new)
            else:
                value = changed(value, path[:-1], lambda old: _without(old, path[-1]))
            return json.dumps(value).encode() + newline + rest


def _without(container: Any, key: Any) -> Any:
    if isinstance(container, dict):
        return {name: value for name, value in container.items() if name != key}
    return [value for at, value in enumerate(container) if at != key]


@pytest.mark.parametrize("name", list(TARGETS))
def test_nothing_from_outside_raises_anything_but_what_is_documented(name: str) -> None:
    target = TARGETS[name]

    @settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(inputs(target.seeds))
    def try_(data: bytes) -> None:
        target.try_(data)

    for seed in target.seeds:
        target.try_(seed)
    try_()


@pytest.mark.parametrize("name", list(TARGETS))
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 10_000,
        b'"\\ud800"',
        b"NaN",
        b"[1e999]",
        b"2E" + b"2" * 30,
        b"\xff" * 100,
    ],
    ids=[
        "nothing",
        "zero",
        "deep list",
        "deep object",
        "long number",
        "surrogate",
        "NaN",
        "infinite",
        "huge exponent",
        "no UTF-8",
    ],
)
def test_the_usual_attacks_raise_nothing_but_what_is_documented(name: str, data: bytes) -> None:
    TARGETS[name].try_(data)


def test_the_seeds_are_what_the_parsers_accept() -> None:
    """Or the fuzzer would never come past the first check."""
    for name in ("manifest", "answer", "specification", "schema", "processor", "prices", "message"):
        for seed in TARGETS[name].seeds:
            TARGETS[name].parse(seed)
    assert isinstance(result_of(TARGETS["result"].seeds[0]), ChunkResult)
