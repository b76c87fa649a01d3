"""The custom resource definition as a document. The cluster tests apply its rules."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chunk_runner.contract.job_spec import OUTPUTS, RUNNING_LINES
from chunk_runner.contract.limits import WARNINGS_LIMIT
from chunk_runner.contract.page_ranges import SelectionError, check
from pdfjob_operator.objects.names import is_object_name


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


def test_conditions_are_a_map_keyed_by_type(schema: dict[str, Any]) -> None:
    conditions = schema["properties"]["status"]["properties"]["conditions"]

    assert (conditions["x-kubernetes-list-type"], conditions["x-kubernetes-list-map-keys"]) == ("map", ["type"])


@pytest.mark.parametrize(
    ("text", "admitted"),
    [
        ("7", True),
        ("1-120", True),
        ("130-", True),
        ("-20", True),
        ("1-120,130-", True),
        ("-3, 7,9-12", True),
        ("", False),
        ("-", False),
        ("7,", False),
        (",7", False),
        ("1-2-3", False),
        ("one", False),
        ("7;9", False),
        ("1..3", False),
        ("7\n", False),
    ],
)
def test_the_api_admits_the_page_ranges_that_prepare_understands(
    schema: dict[str, Any],
    text: str,
    admitted: bool,  # noqa: FBT001 (a table)
) -> None:
    pattern = schema["properties"]["spec"]["properties"]["pages"]["pattern"]

    # In Python, $ also stands before a last line feed.
    assert bool(re.search(pattern.replace("$", r"\Z"), text)) is admitted
    if admitted:
        check(text)
    elif text.strip() == text:
        with pytest.raises(SelectionError):
            check(text)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("name", ["a", "book-passwords", "books.example.com"], ["", "-a", "a-", "A", "a_b", "a..b", "a/b"]),
        ("key", ["password", "germinal.txt", "Key_1", "-"], ["", "a/b", "a b", "ü"]),
    ],
)
def test_the_password_reference_admits_only_valid_names_and_keys(
    schema: dict[str, Any], field: str, good: list[str], bad: list[str]
) -> None:
    secret = schema["properties"]["spec"]["properties"]["source"]["properties"]["passwordSecretRef"]
    pattern = re.compile(secret["properties"][field]["pattern"])

    assert secret["required"] == ["name", "key"]
    assert [text for text in (*good, *bad) if pattern.search(text)] == good


def test_the_output_formats_are_those_of_the_chunk_runner(schema: dict[str, Any]) -> None:
    output = schema["properties"]["spec"]["properties"]["output"]

    assert output["properties"]["format"]["enum"] == list(OUTPUTS)
    assert output["default"] == {"format": next(iter(OUTPUTS))}


def test_what_may_become_of_running_lines_is_what_the_chunk_runner_can_do(schema: dict[str, Any]) -> None:
    field = schema["properties"]["spec"]["properties"]["runningLines"]

    assert field["enum"] == list(RUNNING_LINES)
    assert field["default"] == RUNNING_LINES[0]


def test_the_status_has_room_for_every_warning(schema: dict[str, Any]) -> None:
    assert schema["properties"]["status"]["properties"]["warnings"]["maxItems"] == WARNINGS_LIMIT


def test_fields_that_determine_the_output_are_immutable(schema: dict[str, Any]) -> None:
    rules = [validation["rule"] for validation in schema["properties"]["spec"]["x-kubernetes-validations"]]

    for field in ("source", "pages", "runningLines", "processor", "chunking", "output"):
        assert any(f"self.{field} == oldSelf.{field}" in rule for rule in rules)


def test_the_crd_is_small_enough_for_kubectl_apply() -> None:
    assert PATH.stat().st_size < 100_000


@pytest.mark.parametrize(
    "path",
    [
        "source.volume.claimName",
        "source.passwordSecretRef.name",
        "storage.claimName",
        "storage.storageClassName",
        "pod.priorityClassName",
        "pod.serviceAccountName",
    ],
)
@pytest.mark.parametrize("name", ["a", "1.b-2", "a..b", "a.-b", "a-.b", "a.", "-a", "A", "a/b", "a\n"])
def test_the_api_admits_the_names_that_objects_can_have(schema: dict[str, Any], path: str, name: str) -> None:
    field = schema["properties"]["spec"]
    for part in path.split("."):
        field = field["properties"][part]

    assert bool(re.search(field["pattern"].replace("$", r"\Z"), name)) is is_object_name(name)
