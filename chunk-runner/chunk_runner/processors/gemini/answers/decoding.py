"""The JSON of an answer, which models do not always write well. Pure; knows nothing of pages.

Faults that leave only one reading are mended: words or a fence around the JSON, the same JSON twice, line ends in
strings, commas before a bracket, backslashes that begin no escape. Anything else is an error, because a text that the
model did not write is worse than none: JSON that is cut off, two different values, a key given twice, an escape that
may be a command of TeX. (Libraries that repair JSON complete and drop what they do not understand.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Never


_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_ESCAPE = re.compile(r'\\(?:(?P<valid>["\\/nrt]|u[0-9a-fA-F]{4}|[bf](?![A-Za-z]))|(?P<other>.))', re.DOTALL)
"""An escape. Letters after a backspace or form feed show that a command such as `\\frac` was written without escape."""

_AMBIGUOUS = re.compile(r"[nrt][a-z]|u[a-fA-F]{4}")
"""What may be an escape with a letter behind it, or a command such as `\\nu`."""

_OPENING = re.compile(r"[{\[]")
_FENCE = re.compile(r"```")
_KEY = re.compile(r'"\s*:')
_REMAINS = re.compile(rf"[{{}}\[\]]|{_KEY.pattern}")
"""What words around JSON do not contain, but its remains do."""


def decode(answer: str) -> Any:
    """Return the value that an answer consists of; words may stand around an array or object only.

    Raises:
        ValueError: It is not one, or may be read in more than one way.
        RecursionError: It is nested too deeply.
    """
    text = answer.strip("\ufeff\u200b \t\r\n")
    if not _OPENING.match(text):
        with suppress(ValueError):
            return _DECODER.decode(_mended(text))  # a string or a number
    problem = ValueError("there is no value")
    for start in _starts(text):
        try:
            return _only_value(text[start:])
        except ValueError as error:
            problem = error
    raise problem


def _starts(text: str) -> Iterator[int]:
    """Yield where the JSON may begin: at the first bracket, or at the first one in a fence."""
    opening = _OPENING.search(text)
    if opening is None:
        return
    if not _REMAINS.search(text, 0, opening.start()):
        yield opening.start()
    fence = _FENCE.search(text)
    fenced = _OPENING.search(text, fence.end()) if fence else None
    if fenced and fenced.start() > opening.start() and not _KEY.search(text, 0, fenced.start()):
        yield fenced.start()


def _only_value(text: str) -> Any:
    """Return the value at the beginning of a text; only words, or the same value again, may follow."""
    text = _mended(text)
    value, end = _DECODER.raw_decode(text)
    rest = text[end:]
    while opening := _OPENING.search(rest):
        words, copy = rest[: opening.start()], rest[opening.start() :]
        if _REMAINS.search(words):
            raise ValueError("there is more than one value")
        if text[:end].startswith(copy.rstrip()):  # cut off
            return value
        again, stop = _DECODER.raw_decode(copy)
        if again != value:
            raise ValueError("there are two different values")
        rest = copy[stop:]
    if _REMAINS.search(rest):
        raise ValueError("there is more than one value")
    return value


def _mended(text: str) -> str:
    """Return JSON without faults that leave only one reading."""
    pieces, at, is_tex, is_ambiguous = [], 0, False, False
    for string in _STRING.finditer(text):
        pieces.append(_TRAILING_COMMA.sub("", text[at : string.start()]))
        for escape in _ESCAPE.finditer(string[0]):
            is_tex = is_tex or bool(escape["other"] and escape["other"].isalpha())
            is_ambiguous = is_ambiguous or bool(_AMBIGUOUS.match(string[0], escape.start() + 1))
        pieces.append(_ESCAPE.sub(_escaped, string[0]))
        at = string.end()
    if is_tex and is_ambiguous:
        raise ValueError("a backslash may begin an escape or a command")
    pieces.append(_TRAILING_COMMA.sub("", text[at:]))
    return "".join(pieces)


def _escaped(escape: re.Match[str]) -> str:
    other = escape["other"]
    if other is None:
        return escape[0]
    return other if other == "'" else f"\\\\{other}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; of two values for one key, one would be lost."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            raise ValueError(f"the key {key} has two values")
    return found


def _reject_constant(constant: str) -> Never:
    """Reject NaN and the infinities, which are not JSON."""
    raise ValueError(constant)


_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_object, parse_constant=_reject_constant)
