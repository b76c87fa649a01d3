"""Answers that are nearly what was asked for: the faults that models make in writing JSON, by name."""

import json
from collections.abc import Callable, Mapping
from typing import Any


def _lines(text: str) -> str:
    """Line ends and tabs within strings, as they are."""
    return text.replace(". ", ".\n").replace(" the ", "\tthe ")


def _pages(text: str, page: Callable[[int], Any]) -> str:
    """Pages in another form, if the answer has any."""
    value = json.loads(text)
    if isinstance(value, dict) and "sentences" in value:
        value["sentences"] = [{**it, "page": page(it["page"])} for it in value["sentences"]]
    return json.dumps(value, ensure_ascii=False)


def _only_value(text: str) -> str:
    (value,) = json.loads(text).values()
    return json.dumps(value, ensure_ascii=False)


def _texts(text: str) -> str:
    return json.dumps([it["text"] for it in json.loads(text)["sentences"]])


def _by_page(text: str) -> str:
    pages: dict[str, list[str]] = {}
    for it in json.loads(text)["sentences"]:
        pages.setdefault(str(it["page"]), []).append(it["text"])
    return json.dumps(pages)


SPOILT: Mapping[str, Callable[[str], str]] = {
    "rawlines": _lines,
    "latex": lambda text: text.replace(" sold ", " sold \\xi "),
    "preface": lambda text: f"Here is the JSON requested:\n```json\n{text}\n```",
    "trailing": lambda text: f"{text}\n```\n\nThese are all the sentences.",
    "twice": lambda text: f"{text}\n{text}",
    "commas": lambda text: text.replace("}]", "},]"),
    "bom": lambda text: f"\ufeff{text}",
    "string": json.dumps,
    "barelist": _only_value,
    "nested": lambda text: f'{{"result": {text}}}',
    "bypage": _by_page,
    "textpages": lambda text: _pages(text, str),
    "namedpages": lambda text: _pages(text, lambda page: f"Page {page}"),
    "decimalpages": lambda text: _pages(text, float),
    "printedpages": lambda text: _pages(text, lambda page: page + 410),
    "zerobased": lambda text: _pages(text, lambda page: page - 1),
    "texts": _texts,
    "singlequotes": lambda text: str(json.loads(text)),
    "nan": lambda text: text.replace('"page"', '"confidence": NaN, "page"'),
    "twokeys": lambda text: text.replace('"text"', '"text": "Lost.", "text"'),
    "cut": lambda text: text[: len(text) * 2 // 3],
    "two": lambda text: f"{text}\n{text.replace('sold', 'bought')}",
}
