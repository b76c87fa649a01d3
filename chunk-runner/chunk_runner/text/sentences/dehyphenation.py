"""Dehyphenation: joining lines, above all words that were broken at the end of one. Pure.

A hyphen at the end of a line is hyphenation and goes with the break, unless it belongs to the word, stands for an
omitted part, or is part of an address. The two lines decide, and the compounds of the document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from chunk_runner.pdf.page import BREAK, SOFT_HYPHEN
from chunk_runner.text.language.languages import Language, facts
from chunk_runner.text.language.scripts import FIRST_SPACELESS, space_between
from chunk_runner.text.sentences.addresses import address_goes_on


HYPHENS = f"-\N{HYPHEN}\N{ARMENIAN HYPHEN}{SOFT_HYPHEN}"
"""The characters that may end a line in the middle of a word."""

_OPENING_BRACKETS = "([{"
_JOINERS = "/\\_@&–—‒―\N{HEBREW PUNCTUATION MAQAF}"
"""Characters after which a line goes on without a space, unless there is one before them."""

_SPECIAL_ENDS = HYPHENS + _OPENING_BRACKETS + _JOINERS

_SPACED_DASHES = "—―"
_SPACED_DASH_LANGUAGES = frozenset({"es", "gl", "pt"})
"""Dashes of dialogue in these languages: a closing one has a space after it."""

_WORD_LIMIT = 60
"""Characters of a word that are examined."""

_VOWELS = re.compile("[aeiouy]", re.IGNORECASE)
_SYLLABIC_LANGUAGES = frozenset({"bs", "cs", "cy", "hr", "sk", "sl", "sr"})
"""In other languages no part of a broken word is without a vowel: the hyphen of “tv-program” is its own."""

_CAPITALS_MINIMUM = 3
"""Letters of a hyphenated word in capitals; two may be an abbreviation."""


@dataclass(frozen=True)
class Dehyphenator:
    """The rules of one document.

    Attributes:
        language: The language of its text.
        compounds: Hyphenated words seen within lines, in lower case; they keep their hyphen at the end of a line too.
    """

    language: str
    compounds: frozenset[str]

    @cached_property
    def _facts(self) -> Language:
        return facts(self.language)

    def before(self, line: str, following: str) -> str:
        """Return a line as it stands before the next one: with a broken word's hyphen removed, or with a space."""
        last, first = line[-1], following[0]
        if _is_plain(line, last, first):
            return f"{line} "
        if last in _OPENING_BRACKETS:
            return line
        if last == BREAK:
            return line[:-1]
        if len(line) > 1 and not line[-2].isspace():  # a dash or slash between spaces keeps them
            if last in HYPHENS:
                return line[:-1] + self._hyphen_at_end(line[:-1], following)
            goes_on = self._goes_on(line, following)
            if goes_on is not None:
                return line if goes_on else f"{line} "
            if last in _JOINERS and first.isalnum() and not self._is_dialogue_dash(last):
                return line
            if first == "–" and last.isdecimal() and following[1:2].isdecimal():  # 1914 | –1918
                return line
        return line + space_between(line, following)

    def last(self, line: str) -> str:
        """Return a line as it stands before nothing: its hyphen, if it ends with one, is its own."""
        return f"{line[:-1]}-" if line[-1] == SOFT_HYPHEN else line.rstrip(BREAK)

    def remove_soft_hyphens(self, line: str) -> str:
        """Return a line without the soft hyphens inside it; one at its end stays until the next line is known."""
        if SOFT_HYPHEN not in line:
            return line
        first, *parts = line.rstrip(SOFT_HYPHEN).split(SOFT_HYPHEN)
        joined = first
        for part in parts:
            joined += (self._hyphen(joined, part) if joined and part else "") + part
        return joined + (SOFT_HYPHEN if line.endswith(SOFT_HYPHEN) else "")

    def _is_dialogue_dash(self, dash: str) -> bool:
        return dash in _SPACED_DASHES and self.language in _SPACED_DASH_LANGUAGES

    def _goes_on(self, line: str, following: str) -> bool | None:
        """Return True if an address at the end of a line goes on in the next one, and `None` if there is no address."""
        word = line[line.rfind(" ") + 1 :]
        may_be_address = "/" in word or "@" in word or "\\" in word or word[:4] == "www." or following[0] == "@"
        return address_goes_on(line, following, self._facts.openers) if may_be_address else None

    def _hyphen_at_end(self, before: str, after: str) -> str:
        """Return what takes the place of the hyphen between two lines: a hyphen or nothing, and maybe a space."""
        last, first = before[-1], after[0]
        if first in HYPHENS and after[1:2].isalpha():  # Portuguese and Polish repeat a word's own hyphen
            return ""
        if not first.isalnum():
            return "- "
        if last == "-" or self._goes_on(f"{before}-", after):
            return "-"
        if last.isalpha() and not self._is_own_hyphen(before, after):
            return self._hyphen(before, after)
        return "- " if _first_word(after[:_WORD_LIMIT]) in self._facts.conjunctions else "-"

    def _is_own_hyphen(self, before: str, after: str) -> bool:
        """Return True if a hyphen belongs to its word by the parts of it: n-tridecane, DNA-based, state-of-the-art."""
        if "@" in after[:_WORD_LIMIT].split(maxsplit=1)[0]:
            return True
        facts = self._facts
        earlier, _, beginning = _last_word(before[-_WORD_LIMIT:]).rpartition("-")
        end, _, later = _first_word(after[:_WORD_LIMIT]).partition("-")
        if len(beginning) == 1:
            # French and Italian count the article: l'a|mour.
            return before[-2:-1] not in ("'", "’")
        return (
            (beginning[-1].isupper() and not _are_capitals(before, after))
            or (beginning.isascii() and not _VOWELS.search(beginning) and self.language not in _SYLLABIC_LANGUAGES)
            or (beginning.lower() in facts.prefixes and end not in facts.endings)
            or bool(earlier and beginning in facts.links)
            or bool(later and (end in facts.links or end in facts.hyphenated))
        )

    def _hyphen(self, before: str, after: str) -> str:
        """Return what stands between the parts of a broken word: a hyphen of its own, or nothing."""
        beginning, end = _last_word(before[-_WORD_LIMIT:].lower()), _first_word(after[:_WORD_LIMIT])
        if end in self._facts.conjunctions:  # “pre- and post-war”
            return "- "
        keeps_hyphen = (
            not (after[0].islower() or _are_capitals(before, after))
            or end in self._facts.hyphenated
            or f"{beginning}-{end.lower()}" in self.compounds
        )
        return "-" if keeps_hyphen else ""


def _is_plain(line: str, last: str, first: str) -> bool:
    """Return True if a space follows a line beyond doubt: a cheap test that most lines pass."""
    return (
        last < FIRST_SPACELESS
        and first < FIRST_SPACELESS
        and last not in _SPECIAL_ENDS
        and first != "@"
        and not ("/" in line or "@" in line or "www." in line or "\\" in line)
    )


def _are_capitals(before: str, after: str) -> bool:
    """Return True if a broken word is in capitals because all the text around it is."""
    return before.isupper() and after.isupper() and len(_last_word(before[-_WORD_LIMIT:])) >= _CAPITALS_MINIMUM


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
