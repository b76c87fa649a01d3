"""Boundaries: whether a sentence really begins where sentencex would begin one, by the words on either side. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chunk_runner.text.caption_labels import is_label
from chunk_runner.text.language import languages
from chunk_runner.text.language.scripts import is_spaceless
from chunk_runner.text.list_markers import is_marker


QUOTES = '"“”„‟«»‹›'
SUPERSCRIPTS = "¹²³⁰⁴⁵⁶⁷⁸⁹"
_WIDE_CLOSING_MARKS = "」』）】》〉〕｝］"
CLOSING_MARKS = QUOTES + "’')]}" + SUPERSCRIPTS + "*†‡" + _WIDE_CLOSING_MARKS

_OPENING_BRACKETS = "(["
_OPENING_MARKS = _OPENING_BRACKETS + QUOTES + "‚"
_WIDE_OPENING_MARKS = "“‘「『（《〈【〔"
"""Opening marks of scripts that put no space before them."""

_SHUT = ")]}" + _WIDE_CLOSING_MARKS
"""Marks that end the sentence before them, even if sentencex begins one with them."""

_SMALL_OR_SYLLABLE = r"\W\d_a-zà-ÿ\u1100-\u1dff\u2e80-\U0003ffff"
_INITIAL = re.compile(rf"(?:[^{_SMALL_OR_SYLLABLE}]\.?-)?[^{_SMALL_OR_SYLLABLE}]")
"""A capital letter, or two with a hyphen; a single letter of scripts that have no capitals, but no syllable."""

_DOTTED = re.compile(r"(?:[^\W\d_]{1,3}\.)+[^\W\d_]{1,2}")
"""An abbreviation of several words: `U.S`, `Ph.D`, without its last stop."""

_ROMAN = re.compile(r"[IVXLCM]+")

_COUNTED = re.compile(r"[\d§#(]|[IVXLC]+\b|[A-Z]\b")
"""The beginning of a number, or of a letter that counts."""

_ELIDED = re.compile(r"^[^\W\d_]{1,5}['’]")
"""An article or preposition before an apostrophe: `l'art. 3`, `dell'art. 3`."""

_WORD = re.compile(r"[^\W\d_]+")

_STOP = re.compile(r"\. (?=[A-ZÀ-Þ])")

_QUOTING = re.compile("と(?!ころ|ても)|って")
"""The Japanese particles after a quotation that goes on."""

_CONTEXT_LIMIT = 60
"""Characters that are examined before and after a cut, so that no text can make it slow."""

_MARKER_LIMIT = 10
"""Characters of a list item's number with the space after it."""

_LABEL_LIMIT = 20
"""Characters of the label of a caption, or of a list item's number, with the space after it."""

_WORD_LIMIT = 20
"""Characters of a word that are examined; no abbreviation is longer."""

_ORDINAL_LIMIT = 2
"""Characters of an ordinal with a stop, in German and in dates: a day, a floor."""

_OPENER_MINIMUM = 3
_SAFE_OPENERS = ("en", "de")
"""Characters of a word after an initial that is no name in these languages: “Vitamin C. The”, but “K. He”, “J. Le”."""

_AFTER_STOP = CLOSING_MARKS + "0123456789 "

_CONTINUATIONS = frozenset(",;:)]}%&/،؛、，；：")
"""Characters with which no sentence begins."""

_LEADING = " ([{" + QUOTES + "‚‘’'-—–"


class Boundaries:
    """The boundaries of sentences in one text.

    Args:
        text: Running text, on one line.
        language: The language, as two letters of ISO 639-1.
    """

    def __init__(self, text: str, language: str) -> None:
        self._text = text
        self._language = language
        self._facts = languages.facts(language)
        self._spellings = self._facts.spellings

    def confirmed(self, cuts: Sequence[int], items: Sequence[int]) -> list[int]:
        """Return the correct ones among proposed cuts, moved to where the sentence begins.

        Args:
            cuts: The cuts, in order.
            items: Where further items of a list begin, in order.
        """
        confirmed: list[int] = []
        certain = frozenset(items)
        last = 0
        for cut in self._with_more(cuts, items):
            start = cut
            if not (cut > last and (cut in certain or self._is_certain(last, cut))):
                start = self._moved(cut)
                before = self._text[max(last, start - _CONTEXT_LIMIT) : start]
                after = self._text[start : start + _CONTEXT_LIMIT]
                if not last < start < len(self._text) or self._continues(before, after):
                    continue
            confirmed.append(start)
            last = start
        return confirmed

    def _with_more(self, cuts: Sequence[int], items: Sequence[int]) -> Sequence[int]:
        """Return the cuts with those that sentencex never proposes: after abbreviations that may end a sentence."""
        text, more = self._text, list(items)
        # Counting is fast, and shows that most texts have no other stops.
        if self._facts.openers and text.count(". ") > [text[cut - 2] for cut in cuts].count("."):
            proposed = frozenset(cuts)
            stops = (stop.end() for stop in _STOP.finditer(text) if stop.end() not in proposed)
            more += [stop for stop in stops if self._is_ambiguous(self._word_before(stop - len(". ")))]
        return sorted({*cuts, *more}) if more else cuts

    def _is_ambiguous(self, word: str) -> bool:
        """Return True if a sentence may or may not end with this abbreviation."""
        is_number = bool(self._facts.months) and _ROMAN.fullmatch(word) is not None
        return is_number or _is_in(word, self._facts.ambiguous_abbreviations)

    def _is_certain(self, last: int, cut: int) -> bool:
        """Return True if a cut is beyond doubt: a cheap test that most cuts pass."""
        text = self._text
        if cut - last < _MARKER_LIMIT or text[cut - 1] != " " or not text[cut].isupper():
            return False
        stop = text[cut - 2]
        if stop in "!?":
            return True
        word = text[text.rfind(" ", last, cut - 2) + 1 : cut - 2]
        return stop == "." and len(word) > 1 and word.isalpha() and not word.isupper() and word not in self._spellings

    def _word_before(self, stop: int) -> str:
        """Return the word that ends at a full stop."""
        begin = self._text.rfind(" ", max(stop - _WORD_LIMIT, 0), stop) + 1
        return self._text[begin or max(stop - _WORD_LIMIT, 0) : stop].lstrip(_LEADING)

    def _moved(self, cut: int) -> int:
        """Return the index at which a sentence begins, given that of its first word: opening marks belong to it."""
        text, start = self._text, cut
        while start < len(text) and (text[start] in _SHUT or (start > cut and text[start] == " ")):
            start += 1
        while start > 0:
            before = text[start - 1]
            outside = text[start - 2] if start > 1 else " "
            is_opening = outside.isspace() or outside in _OPENING_BRACKETS
            if (before in _OPENING_MARKS and is_opening) or (
                before in _WIDE_OPENING_MARKS and (is_spaceless(outside) or outside in "”’")
            ):
                start -= 1
            elif before == " " and outside == "«":  # « so », with spaces
                start -= 2
            else:
                break
        return start

    def _continues(self, sentence: str, following: str) -> bool:
        """Return True if the sentence continues, although the library ends it here."""
        first = following[0]
        if not first.isalnum():
            first = following.lstrip(_LEADING)[:1]
        if first.islower() or first in _CONTINUATIONS:
            return True
        if len(sentence) < _LABEL_LIMIT and (is_marker(sentence.strip()) or is_label(sentence.strip())):
            return True
        end = sentence.rstrip(_AFTER_STOP)
        if not end.endswith("."):
            return sentence.rstrip()[-1:] in ("」", "』") and _QUOTING.match(following) is not None
        words = end[:-1].split()
        word = words[-1][-_WORD_LIMIT:].lstrip(_LEADING) if words else ""
        if "'" in word or "’" in word:
            word = _ELIDED.sub("", word)
        if "-" in word and not _is_in(word, self._facts.abbreviations):  # Dipl.-Ing.
            word = word.rpartition("-")[2]
        return self._continues_after(word, words[-2] if len(words) > 1 else "", following.lstrip(_LEADING))

    def _continues_after(self, word: str, previous: str, following: str) -> bool:
        """Return True if the sentence continues after a word with a full stop, given the words on either side."""
        facts = self._facts
        opener = match[0] if (match := _WORD.match(following)) and match[0].lower() in facts.openers else ""
        if _is_in(word, facts.abbreviations):
            return True
        if _is_in(word, facts.may_end) or (facts.openers and _DOTTED.fullmatch(word)):
            return not opener
        if _is_in(word, facts.before_numbers):
            return _COUNTED.match(following) is not None
        is_short_number = word.isdecimal() and len(word) <= _ORDINAL_LIMIT
        if is_short_number and following[:1].isdecimal():  # a date: 12. 5. 1910
            return True
        if facts.months and (is_short_number or _ROMAN.fullmatch(word)):
            return self._is_ordinal(word, previous, following, is_opener=bool(opener))
        if not _INITIAL.fullmatch(word):
            return False
        if self._language == "en" and word == "I" and not previous[:1].isupper():
            return False
        return self._language not in _SAFE_OPENERS or len(opener) < _OPENER_MINIMUM

    def _is_ordinal(self, word: str, previous: str, following: str, *, is_opener: bool) -> bool:
        """Return True if a number with a stop is an ordinal: “am 12. Mai”, “Ludwig XIV.”, but not “auf Seite 4.”."""
        if is_opener:
            return False
        month = match[0].lower() if (match := _WORD.match(following)) else ""
        if month in self._facts.months or not word.isdecimal():
            return True
        before = previous.rstrip(".").lstrip(_LEADING)
        is_noun = before[:1].isupper() and before.isalpha() and before.lower() not in self._facts.openers
        return not is_noun


def _is_in(word: str, words: frozenset[str]) -> bool:
    """Return True if a list has a word: one in lower case stands for either case, except that “P.” is an initial."""
    return word in words or (len(word) > 1 and word.lower() in words)
