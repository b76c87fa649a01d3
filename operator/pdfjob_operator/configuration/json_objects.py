"""Builds dataclasses from JSON objects whose keys are the names of their fields in camelCase. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar


if TYPE_CHECKING:

    class _Dataclass(Protocol):
        __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


_DataclassT = TypeVar("_DataclassT", bound="_Dataclass")


def build(kind: type[_DataclassT], raw: Mapping[str, Any]) -> _DataclassT:
    """Build a dataclass; a key that is missing or null leaves the default.

    Raises:
        ValueError: A key is unknown, or its value has another type than the field, or the dataclass refuses it. The
            message is a clause that names the key.
    """
    known = {_camel_case(field.name): field for field in fields(kind)}
    if unknown := raw.keys() - known:
        raise ValueError(f"{min(unknown)} is not one of {', '.join(known)}")
    given = {key: value for key, value in raw.items() if value is not None}
    for key, value in given.items():
        name, has_shape = _SHAPES[str(known[key].type)]
        if not has_shape(value):
            raise ValueError(f"{key} must be {name}")
    return kind(**{known[key].name: tuple(it) if isinstance(it, list) else it for key, it in given.items()})


def _camel_case(name: str) -> str:
    return re.sub("_(.)", lambda found: found[1].upper(), name)


def _is_list_of(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(isinstance(it, kind) for it in value)


def _is_object_of(kind: type | tuple[type, ...]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(isinstance(it, kind) for it in value.values())


_SHAPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("a string", lambda value: isinstance(value, str)),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "tuple[str, ...]": ("a list of strings", _is_list_of(str)),
    "tuple[Manifest, ...]": ("a list of objects", _is_list_of(dict)),
    "Mapping[str, str]": ("an object of strings", _is_object_of(str)),
    "Mapping[str, str | float]": ("an object of quantities", _is_object_of((str, int, float))),
    "Mapping[str, Any]": ("an object", lambda value: isinstance(value, dict)),
}
"""By the annotation of a field: the name of the shape that its value must have in JSON, and the check."""
