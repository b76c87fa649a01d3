"""The custom resource definition as a document; the cluster tests try its rules."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml


PATH = Path(__file__).parents[2] / "crds" / "pdfjobs.pdfjob.dev.yaml"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    (version,) = yaml.safe_load(PATH.read_text())["spec"]["versions"]
    found: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    return found


def fields(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, inner in schema.get("properties", {}).items():
        yield f"{path}.{name}", inner
        yield from fields(inner, f"{path}.{name}")
        if "items" in inner:
            yield from fields(inner["items"], f"{path}.{name}[]")


def test_every_field_has_a_description(schema: dict[str, Any]) -> None:
    # Of metadata, the API server allows none.
    assert [path for path, field in fields(schema) if not field.get("description") and path != ".metadata"] == []


def test_every_rule_has_a_message_to_act_on(schema: dict[str, Any]) -> None:
    rules = [rule for _, field in fields(schema) for rule in field.get("x-kubernetes-validations", [])]

    assert len(rules) >= 10
    assert all(len(rule["message"].split()) >= 5 for rule in rules)


def test_conditions_are_a_map_by_type(schema: dict[str, Any]) -> None:
    conditions = schema["properties"]["status"]["properties"]["conditions"]

    assert (conditions["x-kubernetes-list-type"], conditions["x-kubernetes-list-map-keys"]) == ("map", ["type"])


def test_it_is_small_enough_for_kubectl_apply() -> None:
    assert PATH.stat().st_size < 100_000
