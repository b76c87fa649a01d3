"""Hyphens at line ends: a word that was broken is made whole, and one that has a hyphen of its own keeps it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from chunk_runner.pdf.page import SOFT_HYPHEN
from chunk_runner.text.language import CONJUNCTIONS, HYPHENATED


HYPHENS = f"-\N{HYPHEN}{SOFT_HYPHEN}"
"""What may stand at the end of a line in the middle of a word."""

_FIRST_WIDE = "⺀"
"""From here on Unicode has scripts that put no spaces between words."""

_LONGEST_WORD = 60
"""Characters to look at, whatever the line."""


@dataclass(frozen=True)
class Hyphens:
    """The rules of one document.

    Attributes:
        language: Of its text.
        compounds: Words with a hyphen, in small letters, as they were seen within lines: at a line's end they keep it.
    """

    language: str
    compounds: frozenset[str]

    def before(self, text: str, following: str) -> str:
        """A line as it stands before the next one: broken words are made whole, other words are set apart."""
        if text[-1] in HYPHENS and len(text) > 1 and text[-2].isalpha() and following[0].isalnum():
            return text[:-1] + self._hyphen(text[:-1], following)
        return text if text[-1] >= _FIRST_WIDE and following[0] >= _FIRST_WIDE else text + " "

    def unbroken(self, line: str) -> str:
        """A line without the soft hyphens inside it; one at its end stays, until the next line is known."""
        if SOFT_HYPHEN not in line:
            return line
        first, *parts = line.rstrip(SOFT_HYPHEN).split(SOFT_HYPHEN)
        whole = first
        for part in parts:
            whole += (self._hyphen(whole, part) if whole and part else "") + part
        return whole + (SOFT_HYPHEN if line.endswith(SOFT_HYPHEN) else "")

    def _hyphen(self, before: str, after: str) -> str:
        """What stands between the parts of a word that was broken: its own hyphen, or nothing."""
        beginning, end = _word_end(before[-_LONGEST_WORD:].lower()), _word(after[:_LONGEST_WORD])
        if end in CONJUNCTIONS:  # “pre- and post-war”
            return "- "
        own = (
            not after[0].islower()
            or end in HYPHENATED.get(self.language, ())
            or f"{beginning}-{end.lower()}" in self.compounds
        )
        return "-" if own else ""


def _word_end(line: str) -> str:
    """The letters at the end of a line, with the hyphens between them."""
    start = len(line)
    while start and (line[start - 1].isalpha() or line[start - 1] == "-"):
        start -= 1
    return line[start:]


def _word(line: str) -> str:
    """The first word of a line, without what follows it."""
    for at, char in enumerate(line):
        if not (char.isalnum() or char in "-’'"):
            return line[:at]
    return line
