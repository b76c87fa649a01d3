"""Checks: whether an answer can be an answer about these pages. Pure.

A model may invent, repeat itself without end, leave pages out, or be talked into something by the document. The text
layer of the pages knows better, where there is one that can be read: most of what the model gives must be in it, and
most of it must be in what the model gives. Pages without a text layer are believed, but for loops.
"""

from __future__ import annotations

import json
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple, Never

from jsonschema.exceptions import ValidationError
from referencing.exceptions import Unresolvable

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ConfigurationError
from chunk_runner.pdf.page import clean
from chunk_runner.processors.gemini.messages import Kind
from chunk_runner.processors.gemini.settings import validator


class Sentence(NamedTuple):
    """A sentence as the model gives it: the page on which it begins, counted from 1 among those sent, and its text."""

    page: int
    text: str


class InvalidError(Exception):
    """The answer cannot be one about these pages; the message says why, in a few words.

    Attributes:
        kind: What it is instead.
    """

    def __init__(self, what: str, kind: Kind = Kind.INVALID) -> None:
        super().__init__(what)
        self.kind = kind


_SAID = 8
_TOLD = 12
"""Letters that are compared at a time, of what is said and of what should be: no words, because not every script parts
them. Few letters stand together in many texts; with many, each letter that a model reads otherwise counts for more."""

_LEAST_LETTERS = 200
"""Of a page, or of what is said of it: less tells nothing."""

_LEAST_UNTOLD = 60
"""Letters of a page of which nothing is said at all: no caption, no title."""

_KNOWN = 0.4
"""So much of what is said of a page must be in its text layer, or in those of its neighbours."""

_COVERED = 0.2
"""So much of a page's text layer must be in what is said of it and of its neighbours."""

_REPEATED = 5
"""Times that an entry may come more often than its words stand in the text layer."""

_REPEATED_UNSEEN = 30
"""The same, where there is no text layer: a form says “Yes” and “No” a few times a page."""

_LONG = 2_000
_DENSEST = 0.05
"""A text of so many characters that packs into so small a part of its size says one thing over and over."""


def value(answer: str, schema: Mapping[str, Any]) -> Any:
    """The answer as data, valid by the schema.

    Raises:
        InvalidError: It is not.
        ConfigurationError: The schema refers to something outside it.
    """
    text = answer.strip()
    if text.startswith("```"):  # in a fence, in spite of all
        text = text.partition("\n")[2].rpartition("```")[0]
    try:
        found = json.loads(text, parse_constant=_refuse)
        validator(schema).validate(found)
        json.dumps(found, allow_nan=False)  # what cannot be written again is refused here
    except ValidationError as error:
        where = "/".join(map(str, error.absolute_path))
        what = f"it is not of the schema: {shorten(where, 40) or 'the whole'}: {error.validator}"
        raise InvalidError(what, Kind.MISSHAPEN) from error
    except Unresolvable as error:
        raise ConfigurationError(
            Reason.CONFIGURATION_ERROR, "outputSchema refers to what it does not hold: nothing is fetched."
        ) from error
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise InvalidError("it is not JSON") from error
    for text in _strings(found):
        _require_no_loop(text)
    return found


def _refuse(constant: str) -> Never:
    """NaN and the infinities, which are no JSON."""
    raise ValueError(constant)


def sentences(found: Any, pages: int) -> list[Sentence]:
    """The sentences of a valid answer of the default shape.

    Raises:
        InvalidError: They are not of these pages, or not in order.
    """
    # 1.0 is an integer too, by JSON Schema.
    entries = [Sentence(int(it["page"]), text) for it in found["sentences"] if (text := clean(it["text"]))]
    if any(not 1 <= entry.page <= pages for entry in entries):
        raise InvalidError("it names pages that were not sent")
    if any(one.page > other.page for one, other in pairwise(entries)):
        raise InvalidError("its pages are out of order")
    return entries


def require_true(
    entries: Sequence[Sentence], layer: Sequence[str | None], *, has_picture: Sequence[bool] | None = None
) -> None:
    """Compare sentences with the text layer.

    Args:
        entries: The sentences.
        layer: The text of each page; `None` where there is none that can be trusted, nothing where the page is blank.
        has_picture: The pages that have a picture, which may say more; the text layer must be told all the same.

    Raises:
        InvalidError: They cannot be the sentences of these pages.
    """
    letters = ["" if text is None else _letters(text) for text in layer]
    said = [[_letters(entry.text) for entry in entries if entry.page == page + 1] for page in range(len(layer))]
    unseen = [text is None or picture for text, picture in zip(layer, has_picture or [False] * len(layer), strict=True)]
    _require_no_repetition(entries, "".join(letters), unseen=any(unseen))
    for page, text in enumerate(layer):
        if text is None:
            continue
        around = slice(max(page - 1, 0), page + 2)
        there, spoken = "".join(letters[around]), "".join(chain.from_iterable(said[around]))
        goes_on = any(unseen[page + 1 : page + 2])  # its last sentence does, perhaps, where nobody can tell
        own = "" if unseen[page] else "".join(said[page][:-1] if goes_on else said[page])
        if len(own) >= _LEAST_LETTERS and _share(own, there, _SAID) < _KNOWN:
            raise InvalidError(f"what it gives for page {page + 1} is not on it")
        if len(own) > 2 * len(there) + _LEAST_LETTERS:
            raise InvalidError(f"it gives more than there is on page {page + 1}")
        least = _LEAST_LETTERS if any(said[page]) else _LEAST_UNTOLD
        if len(letters[page]) >= least and _share(letters[page], spoken, _TOLD) < _COVERED:
            raise InvalidError(f"it leaves out page {page + 1}")


def _require_no_repetition(entries: Sequence[Sentence], letters: str, *, unseen: bool) -> None:
    for text, count in Counter(_letters(entry.text) for entry in entries).items():
        allowed = _REPEATED_UNSEEN if unseen else _REPEATED
        if text and count > allowed and count > allowed + letters.count(text):
            raise InvalidError("it repeats itself")


def _require_no_loop(text: str) -> None:
    plain = text.encode(errors="replace")
    if len(plain) > _LONG and len(zlib.compress(plain)) < _DENSEST * len(plain):
        raise InvalidError("it repeats itself")


def _strings(found: Any) -> Iterator[str]:
    """The texts in an answer, whatever its shape: forms and tables repeat their frame, and that is no loop."""
    match found:
        case str():
            yield found
        case dict():
            for it in found.values():
                yield from _strings(it)
        case list():
            for it in found:
                yield from _strings(it)


def _letters(text: str) -> str:
    """What remains of a text whatever a model normalises: letters and digits."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())


def _share(part: str, whole: str, size: int) -> float:
    """How much of the part is in the whole, so many letters at a time."""
    shingles = [part[at : at + size] for at in range(len(part) - size + 1)]
    known = {whole[at : at + size] for at in range(len(whole) - size + 1)}
    return sum(shingle in known for shingle in shingles) / len(shingles) if shingles else 1.0
