"""The types of the chart's values, and their JSON schemas. Knows no value."""

from typing import Any


_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
"""The name of an object (RFC 1123)."""

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
    # `--set key=` sets an empty string.
    "integer or null": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}, {"const": ""}]},
    "integer from 0": {"type": "integer", "minimum": 0},
    # `--set key=0.5` sets a string.
    "number": {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?$"}]},
    "duration": {"type": "string", "pattern": "^([0-9]+(ms|[smhdwy]))+$"},
    "integer, string or null": {"type": ["integer", "string", "null"]},
    "quantity": {
        "anyOf": [
            {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(m|k|[MGTPE]|[KMGTPE]i|[eE][0-9]+)?$"},
            {"type": "number", "minimum": 0},
        ]
    },
    "quantity or empty": {
        "anyOf": [
            {"type": "string", "pattern": "^([0-9]+(\\.[0-9]+)?(m|k|[MGTPE]|[KMGTPE]i|[eE][0-9]+)?)?$"},
            {"type": "number", "minimum": 0},
        ]
    },
    "registry": {
        "type": "string",
        "pattern": "^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:[0-9]+)?(/[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?)*)?$",
    },
    "repository": {
        "type": "string",
        "pattern": "^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:[0-9]+)?/)?"
        "[a-z0-9]+([-._]+[a-z0-9]+)*(/[a-z0-9]+([-._]+[a-z0-9]+)*)*$",
    },
    "digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})?$"},
    "tag": {"type": "string", "pattern": "^([A-Za-z0-9_][-A-Za-z0-9_.]{0,127})?$"},
    "claim": {"type": "string", "pattern": f"^{_SUBDOMAIN}$", "maxLength": 253},
    "claim or empty": {"type": "string", "pattern": f"^({_SUBDOMAIN})?$", "maxLength": 253},
    "list of namespaces": {
        "type": "array",
        "items": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"},
        "uniqueItems": True,
    },
}
"""JSON schemas of the types that a comment can name."""

INFERRED: dict[type, tuple[str, dict[str, Any]]] = {
    bool: ("boolean", {"type": "boolean"}),
    int: ("integer", {"type": "integer", "minimum": 1}),
    str: ("string", {"type": "string"}),
    list: ("list of strings", {"type": "array", "items": {"type": "string"}, "uniqueItems": True}),
}
"""Name and JSON schema of the types that a default shows."""
