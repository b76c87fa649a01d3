"""Dehyphenation: joining words that were broken at the end of a line, and keeping hyphens that belong to them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from chunk_runner.pdf.page import SOFT_HYPHEN
from chunk_runner.text.language import CONJUNCTIONS, HYPHENATED


HYPHENS = f"-\N{HYPHEN}{SOFT_HYPHEN}"
"""The characters that may end a line in the middle of a word."""

_FIRST_WIDE = "⺀"
"""The first character of the scripts that put no spaces between words, in Unicode order."""

_WORD_LIMIT = 60
"""Characters of a word that are examined."""


@dataclass(frozen=True)
class Dehyphenator:
    """The rules of one document.

    Attributes:
        language: The language of its text.
        compounds: Hyphenated words seen within lines, in lower case; they keep their hyphen at the end of a line too.
    """

    language: str
    compounds: frozenset[str]

    def before(self, line: str, following: str) -> str:
        """Return a line as it stands before the next one: with a broken word's hyphen removed, or with a space."""
        if line[-1] in HYPHENS and len(line) > 1 and line[-2].isalpha() and following[0].isalnum():
            return line[:-1] + self._hyphen(line[:-1], following)
        return line if line[-1] >= _FIRST_WIDE and following[0] >= _FIRST_WIDE else line + " "

    def remove_soft_hyphens(self, line: str) -> str:
        """Return a line without the soft hyphens inside it; one at its end stays until the next line is known."""
        if SOFT_HYPHEN not in line:
            return line
        first, *parts = line.rstrip(SOFT_HYPHEN).split(SOFT_HYPHEN)
        joined = first
        for part in parts:
            joined += (self._hyphen(joined, part) if joined and part else "") + part
        return joined + (SOFT_HYPHEN if line.endswith(SOFT_HYPHEN) else "")

    def _hyphen(self, before: str, after: str) -> str:
        """Return what stands between the parts of a broken word: a hyphen of its own, or nothing."""
        beginning, end = _last_word(before[-_WORD_LIMIT:].lower()), _first_word(after[:_WORD_LIMIT])
        if end in CONJUNCTIONS:  # “pre- and post-war”
            return "- "
        keeps_hyphen = (
            not after[0].islower()
            or end in HYPHENATED.get(self.language, ())
            or f"{beginning}-{end.lower()}" in self.compounds
        )
        return "-" if keeps_hyphen else ""


def _last_word(line: str) -> str:
    """Return the letters at the end of a line, with the hyphens between them."""
    start = len(line)
    while start and (line[start - 1].isalpha() or line[start - 1] == "-"):
        start -= 1
    return line[start:]


def _first_word(line: str) -> str:
    """Return the first word of a line, without what follows it."""
    for at, char in enumerate(line):
        if not (char.isalnum() or char in "-’'"):
            return line[:at]
    return line
