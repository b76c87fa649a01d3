"""A schema against which no answer could be checked is refused before anything is asked for."""

import json
from typing import Any

import pytest

from chunk_runner.errors import ConfigurationError
from chunk_runner.processors.gemini.output_schema import validator
from chunk_runner.processors.gemini.settings import GeminiSettings


TREE = {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}


def read(schema: object) -> Any:
    return GeminiSettings.parse({"prompt": "List names.", "outputSchema": json.dumps(schema)}).schema


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://schema.example/never-fetched.json"},
        {"$ref": "https://json-schema.org/draft/2020-12/schema"},
        {"$ref": "other.json"},
        {"$ref": "#/$defs/none"},
        {"$ref": "#anchor"},
        {"$dynamicRef": "#anchor"},
        {"properties": {"a": {"items": {"$ref": "other.json"}}}},
        {"if": {"$ref": "#/none"}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/none"}}},
        {"$ref": "#/unknown/a", "unknown": {"a": {"not": {"$ref": "other.json"}}}},
        {"$ref": "#/enum/first", "enum": [1]},
        {"$ref": "#/title/x", "title": "Names"},
        {"$id": "urn:names", "$ref": "urn:others#/$defs/a", "$defs": {"a": {}}},
    ],
    ids=json.dumps,
)
def test_a_reference_to_something_else_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="which it does not contain: nothing is fetched"):
        read(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/title", "title": "Names"},
        {"$ref": "#/enum/0", "enum": [1]},
        {"$ref": "#/unknown", "unknown": {"type": "sentence"}},
        {"$ref": "#/unknown", "unknown": {"pattern": "("}},
    ],
    ids=json.dumps,
)
def test_a_reference_to_what_is_no_schema_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="is not a JSON Schema"):
        read(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#/allOf/0"}]},
        {"anyOf": [{"type": "null"}, {"not": {"$ref": "#"}}]},
        {"dependentSchemas": {"a": {"$ref": "#"}}},
        {"if": {}, "then": {"$dynamicRef": "#a"}, "$dynamicAnchor": "a"},
        {"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    ],
    ids=json.dumps,
)
def test_a_schema_that_refers_to_itself_without_end_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="refers to itself without end"):
        read(schema)


@pytest.mark.parametrize("pattern", ["a{99999999999}", "(", "(" * 8_000])
def test_a_pattern_that_cannot_be_used_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigurationError, match="outputSchema"):
        read({"properties": {"name": {"pattern": pattern}}})


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ({"$ref": "#/$defs/tree", "$defs": {"tree": TREE}}, {"children": [{"children": []}]}),
        ({"items": {"$ref": "#"}}, [[], [[]]]),
        ({"$ref": "#name", "$defs": {"name": {"$anchor": "name", "type": "string"}}}, "Zola"),
        ({"$id": "urn:n", "$ref": "urn:n#/$defs/a", "$defs": {"a": {"type": "string"}}}, "Zola"),
        (
            {"$id": "http://x.example/n", "items": {"$ref": "a"}, "$defs": {"a": {"$id": "a", "type": "string"}}},
            ["Zola"],
        ),
        ({"properties": {"$ref": {"type": "string"}}}, {"$ref": "other.json"}),
        ({"const": {"$ref": "other.json"}}, {"$ref": "other.json"}),
        ({"$defs": {"unused": {"$ref": "other.json"}}}, 1),
    ],
    ids=json.dumps,
)
def test_any_other_schema_is_taken_and_its_references_lead_somewhere(schema: dict[str, Any], data: Any) -> None:
    validator(read(schema)).validate(data)
