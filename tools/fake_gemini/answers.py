"""What is answered: the sentences of the pages that were sent, or a value of another shape, with or without a fault."""

import json
import re
from collections.abc import Mapping
from functools import reduce
from typing import Any

from tools.fake_gemini.errors import JSON, REASONS
from tools.fake_gemini.requests import MOST_OUTPUT, Request
from tools.fake_gemini.spoiling import SPOILT


THOUGHTS = 40
"""Tokens that every answer was thought about."""


def sentences(pages: Mapping[int, str]) -> list[JSON]:
    """The sentences of these pages; one that crosses pages has the page on which it starts."""
    found: list[JSON] = []
    is_open = False
    for number, text in pages.items():
        for piece in re.split(r"(?<=[.!?])\s+", text) if text else ():
            if is_open:
                found[-1]["text"] += f" {piece}"
            else:
                found.append({"page": number, "text": piece})
            is_open = False
        is_open = is_open or bool(text and text[-1] not in ".!?")
    return found


def instance(schema: JSON, filler: str, root: JSON | None = None, depth: int = 0) -> Any:
    """A small value of this schema, with this in its strings."""
    root = root or schema
    schema = _plain(schema, root)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    match (kinds if isinstance(kinds, str) else kinds[0]).lower():
        case "object":
            properties = schema.get("properties", {})
            names = schema.get("required", ())
            return {name: instance(properties.get(name, {}), filler, root, depth + 1) for name in names}
        case "array":
            many = max(int(schema.get("minItems", 0)), int(depth < 9))  # a tree has to end
            return [instance(schema.get("items", {}), filler, root, depth + 1) for _ in range(many)]
        case "integer" | "number":
            return schema.get("minimum", min(1, schema.get("maximum", 1)))
        case "boolean":
            return True
        case "null":
            return None
    return filler.ljust(int(schema.get("minLength", 0)), ".")[: schema.get("maxLength")]


def _plain(schema: JSON, root: JSON) -> JSON:
    """References followed, and the first of alternatives taken."""
    while True:
        alternatives = [schema[name] for name in ("anyOf", "oneOf", "allOf") if name in schema]
        if "$ref" in schema:
            names = schema["$ref"].removeprefix("#/").split("/")
            schema = reduce(lambda value, name: value[name], names, root)
        elif alternatives:
            schema = alternatives[0][0]
        else:
            return schema


def _right_text(request: Request) -> str:
    """What a model without faults answers."""
    if request.schema is None:
        return f"page text of {sum(map(len, request.pages.values()))} characters"
    return json.dumps(_value(request, sentences(request.pages)), ensure_ascii=False)


def _value(request: Request, found: list[JSON]) -> Any:
    """These sentences, if sentences are asked for, with a running header for each page if it may be marked as one."""
    value = instance(request.schema or {}, f"page text of {sum(map(len, request.pages.values()))} characters")
    if not _wants_sentences(value):
        return value
    if '"running"' in json.dumps(request.schema):
        headers = [{"page": page, "text": f"Header of page {page}", "running": True} for page in request.pages]
        found = sorted([*headers, *found], key=lambda sentence: sentence["page"])
    return {**value, "sentences": [value["sentences"][0] | sentence for sentence in found]}


def _wants_sentences(value: Any) -> bool:
    match value:
        case {"sentences": [{"page": _, "text": _}]}:
            return True
    return False


def _faulty_text(request: Request, fault: str) -> str:
    """What a model answers that has this fault."""
    found, first, last = sentences(request.pages), min(request.pages, default=1), max(request.pages, default=1)
    match fault:
        case "maxtokens":
            right = _right_text(request)
            return right[: len(right) * 2 // 3]
        case "badjson":
            return _right_text(request)[:-3]
        case "fenced":
            return f"```json\n{_right_text(request)}\n```"
        case "wrongshape":
            return json.dumps({"sentences": "none"} if _wants_sentences(instance(request.schema or {}, "")) else [17])
        case "loop":
            found = (found or [{"page": first, "text": "Again."}])[:1] * 500
        case "invented":
            found = [{"page": page, "text": f"Page {page} was never so purple."} for page in request.pages]
        case "figure":
            depths = [{"page": first, "text": f"Shaft {it} is {it * 37} metres deep."} for it in range(40)]
            found = sorted([*found, *depths], key=lambda sentence: sentence["page"])
        case "wrongpages":
            found = [sentence | {"page": 2 * sentence["page"]} for sentence in found]
        case "missing":
            found = [sentence for sentence in found if sentence["page"] == first != last]
        case _:
            return _right_text(request)
    return json.dumps(_value(request, found), ensure_ascii=False)


def answer(request: Request, fault: str) -> tuple[str | None, str, int]:
    """The text, the finish reason, and the tokens of thoughts. The most output is kept to, thoughts included."""
    if fault in REASONS:
        return None, REASONS[fault], THOUGHTS
    most = int(request.config.get("maxOutputTokens", MOST_OUTPUT))
    text = SPOILT[fault](_right_text(request)) if fault in SPOILT else _faulty_text(request, fault)
    room = max(0, most - THOUGHTS)
    if fault == "allthought" or not room:
        return None, "MAX_TOKENS", most
    if fault == "maxtokens" or len(text) // 4 > room:
        return text[: room * 4], "MAX_TOKENS", THOUGHTS
    return text, "STOP", THOUGHTS
