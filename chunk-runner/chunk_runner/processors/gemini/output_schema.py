"""The job's own schema of answers, and whether answers can be checked against it at all. Pure.

A schema that refers to nothing, or to itself without end, would be found out by the first answer, which is paid for by
then. So its references are followed when it is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from chunk_runner.contract.limits import shorten


Schema = Mapping[str, Any] | bool

_REFERENCES = ("$ref", "$dynamicRef")

_DEFINITIONS = ("$defs", "definitions")
"""Keywords whose schemas apply only where they are referred to."""

_SAME_VALUE = ("not", "if", "then", "else")
_SAME_VALUE_LISTS = ("allOf", "anyOf", "oneOf")
_SAME_VALUE_MAPPINGS = ("dependentSchemas",)
"""Keywords whose schemas are about the very value that the schema around them is about."""


class OutputSchemaError(Exception):
    """The schema cannot be used; the message is the cause as a clause."""


def parse(text: str) -> Mapping[str, Any]:
    """Return a schema that answers can be checked against.

    Raises:
        OutputSchemaError: It is not a JSON Schema, or has references that lead nowhere or never end.
    """
    try:
        schema = json.loads(text)
        if not isinstance(schema, dict):
            raise OutputSchemaError("outputSchema must be a JSON object")
        _require_schema(schema)
        _require_an_end(_followed(schema))
    except (ValueError, RecursionError) as error:
        raise OutputSchemaError(f"outputSchema is not JSON: {error}") from error
    return schema


def validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    """Return a validator for answers. Its empty registry keeps a schema from fetching anything."""
    return Draft202012Validator(schema, registry=Registry())


def _require_schema(schema: Any) -> None:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise OutputSchemaError(f"outputSchema is not a JSON Schema: {shorten(error.message, 200)}") from error
    except (re.error, ArithmeticError) as error:  # a pattern with numbers beyond those that `re` knows
        raise OutputSchemaError(f"outputSchema has a pattern that cannot be used: {error}") from error


def _followed(schema: Mapping[str, Any]) -> dict[int, list[int]]:
    """Follow all references; return which schemas each schema applies to the same value, by their identities."""
    pending: list[tuple[Schema, Any]] = [(schema, Registry().resolver_with_root(DRAFT202012.create_resource(schema)))]
    same_value: dict[int, list[int]] = {}
    while pending:
        part, resolver = pending.pop()
        if isinstance(part, bool) or id(part) in same_value:
            continue
        same_value[id(part)] = [id(inner) for inner in _of_the_same_value(part)]
        applied = {keyword: value for keyword, value in part.items() if keyword not in _DEFINITIONS}
        resources = map(DRAFT202012.create_resource, DRAFT202012.subresources_of(applied))
        pending += [(resource.contents, resolver.in_subresource(resource)) for resource in resources]
        for keyword in _REFERENCES:
            if keyword in part:
                found = _resolve(resolver, part[keyword])
                same_value[id(part)].append(id(found.contents))
                pending.append((found.contents, found.resolver))
    return same_value


def _resolve(resolver: Any, reference: str) -> Any:
    """Return the schema that a reference names, and the resolver of the references in it."""
    try:
        found = resolver.lookup(reference)
    except (Unresolvable, ValueError, TypeError, LookupError, AttributeError) as error:
        raise OutputSchemaError(
            f"outputSchema refers to “{shorten(reference, 80)}”, which it does not contain: nothing is fetched, so "
            "include it"
        ) from error
    _require_schema(found.contents)  # it may stand where no schema is expected
    return found


def _require_an_end(same_value: Mapping[int, list[int]]) -> None:
    try:
        TopologicalSorter(same_value).prepare()
    except CycleError as error:
        raise OutputSchemaError("outputSchema refers to itself without end") from error


def _of_the_same_value(part: Mapping[str, Any]) -> Iterator[Schema]:
    for keyword in _SAME_VALUE:
        if keyword in part:
            yield part[keyword]
    for keyword in _SAME_VALUE_LISTS:
        yield from part.get(keyword, ())
    for keyword in _SAME_VALUE_MAPPINGS:
        yield from part.get(keyword, {}).values()
