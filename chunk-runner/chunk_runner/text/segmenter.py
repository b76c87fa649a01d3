"""The segmenter: where sentences begin in running text.

The only module that imports sentencex, and the only one that knows where it errs. sentencex decides; what it is shown
is a shadow of the text, of the same length, in which quotation marks and footnote marks are blank: with them it takes
whole quotations for one sentence, but only if it sees both ends, which would make the cuts depend on where lines end.
So a quotation of two sentences is two sentences, and the marks stay with the words they touch. Its cuts are then judged
once more, by the words on either side.
"""

from __future__ import annotations

import re
from importlib.metadata import version

import sentencex

from chunk_runner.text.language import ABBREVIATIONS, FINAL_ABBREVIATIONS


VERSION = f"sentencex {version('sentencex')}"

_QUOTES = '"“”„‟«»‹›'
_SUPERSCRIPTS = "¹²³⁰⁴⁵⁶⁷⁸⁹"
_WIDE_MARKS = _QUOTES[1:] + _SUPERSCRIPTS
_CLOSERS = _QUOTES + "’')]}" + _SUPERSCRIPTS + "*†‡"
_TERMINATORS = ".!?…。！？"

_MAYBE_END = frozenset(_CLOSERS + "0123456789")

_END = re.compile(rf"[{_TERMINATORS}][\s{re.escape(_CLOSERS)}]*(?:\[?\d{{1,3}}\]?)?[{re.escape(_CLOSERS)}]*$")
"""A line that may end a sentence: a terminator, then at most closing marks and the number of a footnote."""

_FOOTNOTE = re.compile(r"([.!?…)\"“”«»‹›](?:\s»)?)(\d{1,3}|\[\d{1,3}\])(?=\s|$)")
"""The number of a footnote, as the text layer has it: glued to the end of its sentence."""

_BRACKETED = re.compile(rf"\(([^()]*[{_TERMINATORS}])\)")
"""A whole sentence in brackets: the library would see no end there."""

_INITIAL = re.compile(r"(?:[^\W\d_a-zà-ÿ]\.?-)?[^\W\d_a-zà-ÿ]")
"""One capital letter, or two with a hyphen."""

_ENUMERATOR = re.compile(r"\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.)]")
"""What numbers an item of a list, when it stands at the beginning of a sentence."""

_ELIDED = re.compile(r"^[^\W\d_]{1,5}['’]")
"""An article or preposition before an apostrophe: `l'art. 3`, `dell'art. 3`."""

_LONGEST_END = 60
"""Characters to look at before and after a cut, whatever the text: it may be made to be slow."""

_LONGEST_ENUMERATOR = 10
_LONGEST_WORD = 20
"""Characters to look at; no abbreviation is longer."""

_AFTER_STOP = _CLOSERS + "0123456789 "

_GOES_ON = frozenset(",;:)]}%&/")
"""No sentence begins with one of these."""

_LEADING = " ([{" + _QUOTES + "‘’'-—–"


def may_end(line: str) -> bool:
    """Whether a sentence may end with this line at all; cheap, because most lines end in the middle of one."""
    last = line[-1]
    return last in _TERMINATORS or (last in _MAYBE_END and _END.search(line[-_LONGEST_END:]) is not None)


def cuts(text: str, language: str) -> list[int]:
    """The places where a sentence begins in a text, but for the first.

    Args:
        text: Running text, on one line.
        language: Two letters of ISO 639-1.
    """
    # One text a call: given several as paragraphs, the library pairs a bracket of one with a bracket of another.
    places: list[int] = []
    at, inside = 0, False
    for segment in sentencex.segment(language, _shadow(text)):
        if words := segment.lstrip():
            if inside:
                places.append(at + len(segment) - len(words))
            inside = True
        at += len(segment)
    return _judged(text, places, language)


def _shadow(text: str) -> str:
    """The text as the library is shown it; as long as the text."""
    shadow = _FOOTNOTE.sub(_without_number, text)
    shadow = shadow.replace('"', " ")
    if not text.isascii():
        # Mark by mark: on such text, `str.translate` takes ten times as long.
        for mark in _WIDE_MARKS:
            if mark in shadow:
                shadow = shadow.replace(mark, " ")
        shadow = shadow.replace("…", ".")
    for abbreviation in FINAL_ABBREVIATIONS:
        if abbreviation in shadow:
            shadow = shadow.replace(abbreviation, "x" * (len(abbreviation) - 1) + ".")
    return _BRACKETED.sub(r" \1 ", shadow) if ")" in shadow else shadow


def _without_number(match: re.Match[str]) -> str:
    before = match.string[max(match.start() - 1, 0) : match.start()]
    if match[1] == "." and (not before or before.isdecimal()):  # a decimal number
        return match[0]
    return match[1] + " " * len(match[2])


def _judged(text: str, places: list[int], language: str) -> list[int]:
    """The cuts that stand, moved to where the sentence really begins."""
    abbreviations = ABBREVIATIONS.get(language, frozenset())
    judged: list[int] = []
    last = 0
    for place in places:
        if _is_plain(text, last, place, abbreviations):
            judged.append(place)
            last = place
            continue
        start = _start(text, place)
        before, after = text[max(last, start - _LONGEST_END) : start], text[start : start + _LONGEST_END]
        if last < start < len(text) and not _goes_on(before, after, language, abbreviations):
            judged.append(start)
            last = start
    return judged


def _is_plain(text: str, last: int, place: int, abbreviations: frozenset[str]) -> bool:
    """Whether nothing about this cut can be doubted; true of most, and quick to see."""
    if place - last < _LONGEST_ENUMERATOR or text[place - 1] != " " or not text[place].isupper():
        return False
    stop = text[place - 2]
    if stop in "!?":
        return True
    word = text[text.rfind(" ", last, place - 2) + 1 : place - 2]
    return stop == "." and len(word) > 2 and word.isalpha() and word.lower() not in abbreviations  # noqa: PLR2004 (an initial, a day)


def _start(text: str, place: int) -> int:
    """Where the sentence begins whose first word is at this place: quotation marks that open belong to it."""
    start = place
    while start > 0:
        before = text[start - 1]
        if before in _QUOTES + "([" and (start == 1 or text[start - 2].isspace() or text[start - 2] in "(["):
            start -= 1
        elif before == " " and start > 1 and text[start - 2] == "«":  # « so », with spaces
            start -= 2
        else:
            break
    return start


def _goes_on(sentence: str, following: str, language: str, abbreviations: frozenset[str]) -> bool:
    """Whether the sentence goes on, although the library would end it here."""
    first = following[:1]
    if not first.isalnum():
        first = following.lstrip(_LEADING)[:1]
    if first.islower() or first in _GOES_ON:
        return True
    if len(sentence) < _LONGEST_ENUMERATOR and _ENUMERATOR.fullmatch(sentence.strip()):
        return True
    end = sentence.rstrip(_AFTER_STOP)
    if not end.endswith("."):
        return False
    words = end[:-1].split()
    word = words[-1][-_LONGEST_WORD:].lstrip(_LEADING) if words else ""
    if "'" in word or "’" in word:
        word = _ELIDED.sub("", word)
    if word.lower() in abbreviations:
        return True
    if language == "de" and word.isdecimal() and len(word) <= 2:  # noqa: PLR2004 (an ordinal: a day, a floor)
        return True
    return _INITIAL.fullmatch(word) is not None and not (language == "en" and word == "I")
