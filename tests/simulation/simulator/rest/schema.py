"""What an API server does to a custom resource by its schema: it fills in defaults and drops what it does not know.

Validation is left to the tests with a real API server.
"""

import copy
import functools
from pathlib import Path
from typing import Any

import yaml


CRD = Path(__file__).parents[4] / "crds" / "pdfjobs.pdfjob.dev.yaml"


@functools.cache
def pdfjob_schema() -> dict[str, Any]:
    """The schema of a PdfJob."""
    crd = yaml.safe_load(CRD.read_text())
    schema: dict[str, Any] = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def with_defaults(value: Any, schema: dict[str, Any]) -> Any:
    """A copy in which missing properties have their defaults."""
    if isinstance(value, list):
        return [with_defaults(item, schema.get("items", {})) for item in value]
    if not isinstance(value, dict):
        return value
    filled = dict(value)
    for name, inner in schema.get("properties", {}).items():
        if name not in filled and "default" in inner:
            filled[name] = copy.deepcopy(inner["default"])
        if name in filled:
            filled[name] = with_defaults(filled[name], inner)
    return filled


def pruned(value: Any, schema: dict[str, Any]) -> Any:
    """A copy without properties that the schema does not name."""
    if isinstance(value, list):
        return [pruned(item, schema.get("items", {})) for item in value]
    if not isinstance(value, dict) or schema.get("x-kubernetes-preserve-unknown-fields"):
        return value
    if (others := schema.get("additionalProperties")) is not None:
        return {name: pruned(inner, others) for name, inner in value.items()}
    known = schema.get("properties", {})
    return {name: pruned(inner, known[name]) for name, inner in value.items() if name in known}
