"""Label and field selectors, as they stand in a request. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any


Test = Callable[[Mapping[str, Any]], bool]


def selected(labels: str = "", fields: str = "") -> Test:
    """Whether an object is selected by both: `a=b,c!=d,e in (f,g),h notin (i),j,!k` and `x.y=z,x.w!=v`."""
    by_label = [_label(term) for term in _terms(labels)]
    by_field = [_field(term) for term in _terms(fields)]

    def test(raw: Mapping[str, Any]) -> bool:
        present = raw["metadata"].get("labels") or {}
        return all(holds(present) for holds in by_label) and all(holds(raw) for holds in by_field)

    return test


def _terms(text: str) -> list[str]:
    """Split at the commas outside parentheses."""
    return [term.strip() for term in re.split(r",(?![^(]*\))", text) if term.strip()]


def _label(term: str) -> Test:
    if found := re.fullmatch(r"(\S+)\s+(in|notin)\s+\(([^)]*)\)", term):
        key, word, values = found[1], found[2], {value.strip() for value in found[3].split(",")}
        return lambda labels: (labels.get(key) in values) == (word == "in")
    if "!=" in term:
        key, value = (part.strip() for part in term.split("!=", 1))
        return lambda labels: labels.get(key) != value
    if "=" in term:
        key, value = (part.strip() for part in re.split("==?", term, maxsplit=1))
        return lambda labels: labels.get(key) == value
    if term.startswith("!"):
        return lambda labels: term[1:].strip() not in labels
    return lambda labels: term in labels


def _field(term: str) -> Test:
    path, differs, value = re.fullmatch(r"([^=!]+?)(!?)==?(.*)", term.strip()).groups()  # type: ignore[union-attr]

    def test(raw: Mapping[str, Any]) -> bool:
        found: Any = raw
        for part in path.split("."):
            found = found.get(part, {}) if isinstance(found, Mapping) else {}
        return (("" if found == {} else str(found)) == value) != bool(differs)

    return test
