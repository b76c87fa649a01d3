"""The chart's README table and its schema, made from the comments in values.yaml: `make chart-readme`.

A value's comment begins with `# --`, right above it. What is in parentheses there is its type, where its default does
not show it (`TYPES`, or the words that are allowed, with | between them). A map with a type is free-form: its keys are
the user's.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


CHART = Path(__file__).parents[2] / "charts" / "pdfjob-operator"
BEGIN, END = "<!-- values: made by make chart-readme -->", "<!-- end of values -->"

TYPES: dict[str, dict[str, Any]] = {
    "map": {"type": "object"},
    "map of strings": {"type": "object", "additionalProperties": {"type": "string"}},
    "list of maps": {"type": "array", "items": {"type": "object"}},
    "list of integers": {"type": "array", "items": {"type": "integer"}},
    "list of names": {
        "type": "array",
        "items": {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {"name": {"type": "string"}},
                    "required": ["name"],
                    "additionalProperties": False,
                },
            ]
        },
    },
    "list of objects": {"type": "array", "items": {"type": ["object", "string"]}},
    # An empty text is what --set makes of nothing.
    "integer or null": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}, {"const": ""}]},
    "integer, string or null": {"type": ["integer", "string", "null"]},
    "quantity": {"type": ["string", "number"]},
}
OPEN = ("global",)
"""Maps whose keys are described, and may have others: an umbrella's charts share them."""

_TYPE = re.compile(r"\(([^)]*)\) ")


class CommentError(Exception):
    """A value has no comment, or one that cannot be read."""


@dataclass(frozen=True)
class Value:
    """A value of the chart.

    Attributes:
        path: Its keys.
        default: What it is, if not given.
        text: Its comment.
        type: Its type, if the comment says it.
    """

    path: tuple[str, ...]
    default: Any
    text: str
    type: str | None

    @property
    def group(self) -> bool:
        """Whether it is a map of other values."""
        return isinstance(self.default, dict) and self.type is None

    @property
    def schema(self) -> dict[str, Any]:
        """What the schema says of it, without what it says of values in it."""
        if self.group:
            return {
                "description": self.text,
                "type": "object",
                "additionalProperties": self.path in {(o,) for o in OPEN},
            }
        return {"description": self.text, **self._type()}

    def _type(self) -> dict[str, Any]:
        if self.type in TYPES:
            return TYPES[self.type]
        if self.type is not None and "|" in self.type:
            return {"enum": self.type.split(" | ")}
        name = ".".join(self.path)
        if self.type is not None:
            raise CommentError(f"{name}: there is no type “{self.type}”")
        if isinstance(self.default, bool):
            return {"type": "boolean"}
        if isinstance(self.default, int):
            return {"type": "integer", "minimum": 1}
        if isinstance(self.default, str):
            return {"type": "string"}
        if isinstance(self.default, list):
            return {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
        raise CommentError(f"{name}: its comment has to say its type")


def read(text: str) -> list[Value]:
    """Every value in values.yaml, in its order, groups before what is in them.

    Raises:
        CommentError: A value has no comment.
    """
    root = yaml.compose(text)
    if not isinstance(root, yaml.MappingNode):
        raise CommentError("values.yaml holds no map")
    return list(_walk(root, (), text.splitlines(), yaml.safe_load(text)))


def _walk(node: yaml.MappingNode, path: tuple[str, ...], lines: list[str], values: dict[str, Any]) -> Iterator[Value]:
    for key, inner in node.value:
        here = (*path, key.value)
        value = Value(here, values[key.value], *_comment(lines, key.start_mark.line, here))
        yield value
        if value.group:
            yield from _walk(inner, here, lines, value.default)


def _comment(lines: list[str], line: int, path: tuple[str, ...]) -> tuple[str, str | None]:
    """The text and the type in the comment that ends above this line."""
    found: list[str] = []
    for above in reversed(lines[:line]):
        comment = above.strip()
        if not comment.startswith("#"):
            break
        found.insert(0, comment.removeprefix("#").strip())
        if comment.startswith("# --"):
            text = " ".join(found).removeprefix("--").strip()
            kind = _TYPE.match(text)
            return (text[kind.end() :], kind[1]) if kind else (text, None)
    raise CommentError(f"{'.'.join(path)}: there is no comment that begins with # -- right above it")


def schema(values: list[Value]) -> dict[str, Any]:
    """The schema: a key that is not in values.yaml is refused, but for those that an umbrella chart needs."""
    root: dict[str, Any] = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "additionalProperties": False,
        "properties": {},
    }
    for value in values:
        place = root
        for key in value.path[:-1]:
            place = place["properties"][key]
        place.setdefault("properties", {})[value.path[-1]] = dict(value.schema)
    root["properties"]["enabled"] = {"description": "Not used here: an umbrella chart's condition."}
    return root


def table(values: list[Value]) -> str:
    """The table for the README."""
    rows = ["| value | default | what |", "| --- | --- | --- |"]
    for value in values:
        name = ".".join(value.path)
        if value.group:
            rows.append(f"| **`{name}`** | | {_cell(value.text)} |")
            continue
        default = json.dumps(value.default, ensure_ascii=False)
        kind = f" ({value.type.replace(' | ', ', ')})" if value.type else ""
        rows.append(f"| `{name}` | `{_cell(default)}` | {_cell(value.text)}{kind} |")
    return "\n".join(rows)


def with_table(readme: str, values: list[Value]) -> str:
    """The README with a new table."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table(values)}\n\n{END}{after}"


def files() -> dict[Path, str]:
    """What the generated files have to hold."""
    values = read((CHART / "values.yaml").read_text())
    readme = CHART / "README.md"
    return {
        readme: with_table(readme.read_text(), values),
        CHART / "values.schema.json": json.dumps(schema(values), indent=1, ensure_ascii=False) + "\n",
    }


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    try:
        for path, content in files().items():
            path.write_text(content)
    except CommentError as error:
        sys.exit(f"values.yaml: {error}")
