"""The segmenter: where sentences begin in running text.

The only module that imports sentencex, and the only one that knows its errors. sentencex proposes the cuts, but it is
given a masked copy of the text, of the same length, in which quotation marks and footnote numbers are blank: it would
take a whole quotation for one sentence, and only if it sees both ends, so that cuts would depend on where lines end.
Therefore a quotation of two sentences is two sentences, and the marks stay with the words they touch. Each cut is then
confirmed, moved or dropped by the words on either side.
"""

from __future__ import annotations

import re
from importlib.metadata import version

import sentencex

from chunk_runner.text.language import ABBREVIATIONS, FINAL_ABBREVIATIONS


VERSION = f"sentencex {version('sentencex')}"

_QUOTES = '"“”„‟«»‹›'
_SUPERSCRIPTS = "¹²³⁰⁴⁵⁶⁷⁸⁹"
_NON_ASCII_MARKS = _QUOTES[1:] + _SUPERSCRIPTS
_CLOSERS = _QUOTES + "’')]}" + _SUPERSCRIPTS + "*†‡"
_TERMINATORS = ".!?…。！？"

_POSSIBLE_ENDS = frozenset(_CLOSERS + "0123456789")

_END = re.compile(rf"[{_TERMINATORS}][\s{re.escape(_CLOSERS)}]*(?:\[?\d{{1,3}}\]?)?[{re.escape(_CLOSERS)}]*$")
"""The end of a line that may end a sentence: a terminator, then at most closing marks and a footnote number."""

_FOOTNOTE = re.compile(r"([.!?…)\"“”«»‹›](?:\s»)?)(\d{1,3}|\[\d{1,3}\])(?=\s|$)")
"""A footnote number, attached to the end of its sentence as text layers have it."""

_BRACKETED = re.compile(rf"\(([^()]*[{_TERMINATORS}])\)")
"""A whole sentence in brackets, in which the library does not see an end."""

_INITIAL = re.compile(r"(?:[^\W\d_a-zà-ÿ]\.?-)?[^\W\d_a-zà-ÿ]")
"""A capital letter, or two with a hyphen."""

_ENUMERATOR = re.compile(r"\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.)]")
"""The number of a list item, at the beginning of a sentence."""

_ELIDED = re.compile(r"^[^\W\d_]{1,5}['’]")
"""An article or preposition before an apostrophe: `l'art. 3`, `dell'art. 3`."""

_CONTEXT_LIMIT = 60
"""Characters that are examined before and after a cut, so that no text can make it slow."""

_ENUMERATOR_LIMIT = 10
"""Characters of a list item's number with the space after it."""

_WORD_LIMIT = 20
"""Characters of a word that are examined; no abbreviation is longer."""

_INITIAL_LIMIT = 2
"""Characters of an initial, or of a German ordinal (a day, a floor): both end with a stop."""

_AFTER_STOP = _CLOSERS + "0123456789 "

_CONTINUATIONS = frozenset(",;:)]}%&/")
"""Characters with which no sentence begins."""

_LEADING = " ([{" + _QUOTES + "‘’'-—–"


def may_end_sentence(line: str) -> bool:
    """Return False if no sentence can end with this line: a cheap test that most lines fail."""
    last = line[-1]
    return last in _TERMINATORS or (last in _POSSIBLE_ENDS and _END.search(line[-_CONTEXT_LIMIT:]) is not None)


def sentence_starts(text: str, language: str) -> list[int]:
    """Return the indexes at which the second and all further sentences of a text begin.

    Args:
        text: Running text, on one line.
        language: The language, as two letters of ISO 639-1.
    """
    # One text per call: the library would pair brackets across several paragraphs.
    cuts: list[int] = []
    at, is_first = 0, True
    for segment in sentencex.segment(language, _masked(text)):
        if words := segment.lstrip():
            if not is_first:
                cuts.append(at + len(segment) - len(words))
            is_first = False
        at += len(segment)
    return _corrected(text, cuts, language)


def _masked(text: str) -> str:
    """Return the text as the library is given it, of the same length."""
    masked = _FOOTNOTE.sub(_without_number, text)
    masked = masked.replace('"', " ")
    if not text.isascii():
        # Mark by mark: `str.translate` takes ten times as long on such text.
        for mark in _NON_ASCII_MARKS:
            if mark in masked:
                masked = masked.replace(mark, " ")
        masked = masked.replace("…", ".")
    for abbreviation in FINAL_ABBREVIATIONS:
        if abbreviation in masked:
            masked = masked.replace(abbreviation, "x" * (len(abbreviation) - 1) + ".")
    return _BRACKETED.sub(r" \1 ", masked) if ")" in masked else masked


def _without_number(match: re.Match[str]) -> str:
    before = match.string[max(match.start() - 1, 0) : match.start()]
    if match[1] == "." and (not before or before.isdecimal()):  # a decimal number
        return match[0]
    return match[1] + " " * len(match[2])


def _corrected(text: str, cuts: list[int], language: str) -> list[int]:
    """Return the correct cuts, moved to where the sentence begins."""
    abbreviations = ABBREVIATIONS.get(language, frozenset())
    corrected: list[int] = []
    last = 0
    for cut in cuts:
        if _is_certain(text, last, cut, abbreviations):
            corrected.append(cut)
            last = cut
            continue
        start = _with_opening_marks(text, cut)
        before, after = text[max(last, start - _CONTEXT_LIMIT) : start], text[start : start + _CONTEXT_LIMIT]
        if last < start < len(text) and not _continues(before, after, language, abbreviations):
            corrected.append(start)
            last = start
    return corrected


def _is_certain(text: str, last: int, cut: int, abbreviations: frozenset[str]) -> bool:
    """Return True if a cut is beyond doubt: a cheap test that most cuts pass."""
    if cut - last < _ENUMERATOR_LIMIT or text[cut - 1] != " " or not text[cut].isupper():
        return False
    stop = text[cut - 2]
    if stop in "!?":
        return True
    word = text[text.rfind(" ", last, cut - 2) + 1 : cut - 2]
    return stop == "." and len(word) > _INITIAL_LIMIT and word.isalpha() and word.lower() not in abbreviations


def _with_opening_marks(text: str, cut: int) -> int:
    """Return the index at which a sentence begins, given that of its first word: opening marks belong to it."""
    start = cut
    while start > 0:
        before = text[start - 1]
        if before in _QUOTES + "([" and (start == 1 or text[start - 2].isspace() or text[start - 2] in "(["):
            start -= 1
        elif before == " " and start > 1 and text[start - 2] == "«":  # « so », with spaces
            start -= 2
        else:
            break
    return start


def _continues(sentence: str, following: str, language: str, abbreviations: frozenset[str]) -> bool:
    """Return True if the sentence continues, although the library ends it here."""
    first = following[:1]
    if not first.isalnum():
        first = following.lstrip(_LEADING)[:1]
    if first.islower() or first in _CONTINUATIONS:
        return True
    if len(sentence) < _ENUMERATOR_LIMIT and _ENUMERATOR.fullmatch(sentence.strip()):
        return True
    end = sentence.rstrip(_AFTER_STOP)
    if not end.endswith("."):
        return False
    words = end[:-1].split()
    word = words[-1][-_WORD_LIMIT:].lstrip(_LEADING) if words else ""
    if "'" in word or "’" in word:
        word = _ELIDED.sub("", word)
    if word.lower() in abbreviations:
        return True
    if language == "de" and word.isdecimal() and len(word) <= _INITIAL_LIMIT:
        return True
    return _INITIAL.fullmatch(word) is not None and not (language == "en" and word == "I")
