"""The sentences of a model's answer: their shape, and the pages that they name. Pure.

Models take liberties with a shape. Those that leave only one reading are accepted: a list without its object, numbers
as text, sentences grouped by page, page numbers that are counted from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

from chunk_runner.pdf.glyphs.characters import clean
from chunk_runner.processors.gemini.answers.decoding import decode
from chunk_runner.processors.gemini.answers.validation import InvalidResponseError, parse_answer


class ModelSentence(NamedTuple):
    """A sentence as a model returns it.

    Attributes:
        page: The 1-based page, among those that were sent, on which it begins.
        text: Its text.
        is_running: True for a running header or footer, which is no sentence of the text.
    """

    page: int
    text: str
    is_running: bool = False


_PAGE = re.compile(r"\s*(?:(?:p|pg|page)[\s.:#_-]*)?(\d{1,6})(?:\.0+)?\s*", re.IGNORECASE | re.ASCII)
"""A page number as text, such as `3`, `3.0` or `Page 3`."""

_DEPTH = 4
"""The objects with a single key that may stand around the sentences."""


def parse_sentences(answer: str, schema: Mapping[str, Any], pages: int) -> list[ModelSentence]:
    """Return the sentences of an answer.

    Args:
        answer: The answer.
        schema: The JSON Schema of the default answer.
        pages: The number of pages that were sent.

    Raises:
        InvalidResponseError: It is not such an answer, or names other pages, or its pages are out of order.
    """
    data = parse_answer(answer, schema, partial(_reshaped, pages=pages))
    entries = [
        ModelSentence(int(raw["page"]), text, raw.get("running") is True)  # 1.0 is an integer in JSON Schema
        for raw in data["sentences"]
        if (text := clean(raw["text"]))
    ]
    shift = _shift({entry.page for entry in entries}, pages)
    if any(one.page > other.page for one, other in pairwise(entries)):
        raise InvalidResponseError("its pages are out of order")
    return [entry._replace(page=entry.page - shift) for entry in entries]


def _shift(numbers: set[int], pages: int) -> int:
    """Return what has to be subtracted from page numbers.

    A model may give the numbers that are printed on the pages, or count from 0. If it names as many consecutive pages
    as were sent, in order, then each can only be one of them. A neighbor of a single page was sent as context.
    """
    if all(1 <= number <= pages for number in numbers):
        return 0
    first, last = min(numbers), max(numbers)
    if len(numbers) != pages or last - first != pages - 1 or (pages == 1 and first in (0, 2)):
        raise InvalidResponseError("it names pages that were not sent")
    return first - 1


def _reshaped(data: Any, pages: int) -> Any:
    """Return an answer in the shape that was asked for; unchanged if more than one reading is possible."""
    only_page = 1 if pages == 1 else None
    try:
        match data:
            case str():  # JSON within a string
                return _reshaped(decode(data), pages)
            case list():
                entries = _entries(data, only_page)
            case {"sentences": list(sentences)}:
                entries = _entries(sentences, only_page)
            case _:
                entries = _entries(_inner_list(data), None)
        return {"sentences": list(entries)}
    except LookupError:
        return data


def _inner_list(data: Any) -> Sequence[Any]:
    """Return the list within objects that have nothing else; sentences may be grouped by page.

    Raises:
        LookupError: There is none.
    """
    for _ in range(_DEPTH):
        match data:
            case [_, *_] as items:
                return list(items)
            case {"sentences": sentences}:
                data = sentences
            case dict() if data and all(_page(key) is not None for key in data):
                return [{"page": key, "sentences": value} for key, value in data.items()]
            case dict() if len(data) == 1:
                (data,) = data.values()
            case _:
                break
    raise LookupError


def _entries(items: Sequence[Any], page: int | None) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of a list.

    Args:
        items: The list.
        page: The page of entries that name none; `None` if it is not known.

    Raises:
        LookupError: An item is not an entry, or its page is not known.
    """
    for item in items:
        match item:
            case str() if page is not None:
                yield {"page": page, "text": item}
            case {"text": _}:
                yield _entry(item, page)
            case {"page": number, "sentences": list(sentences), **others} if not others:
                yield from _entries(sentences, _page(number))
            case _:
                raise LookupError


def _entry(item: Mapping[str, Any], page: int | None) -> Mapping[str, Any]:
    named = item.get("page", page)
    if named is None:
        raise LookupError
    number = _page(named)
    running = {"true": True, "false": False, "none": False}.get(
        str(item.get("running")).casefold(), item.get("running")
    )
    return {**item, "page": named if number is None else number, "running": running}


def _page(number: Any) -> int | None:
    """Return a page number, also one that is written as text or as a decimal; `None` if it is no page number."""
    match number:
        case str() if match := _PAGE.fullmatch(number):
            return int(match[1])
        case float() if number.is_integer():
            return int(number)
        case int() if not isinstance(number, bool):
            return number
    return None
