"""The segmenter: where sentences begin in running text.

The only module that imports sentencex, and the only one that knows its errors. sentencex proposes the cuts, but it is
given a masked copy of the text, of the same length, in which quotation marks and footnote numbers are blank: it would
take a whole quotation for one sentence, and only if it sees both ends, so that cuts would depend on where lines end.
Therefore a quotation of two sentences is two sentences, and the marks stay with the words they touch. It is asked again
about the text after the marker of a list item, which it would not cut. Each cut is then confirmed, moved or dropped by
the words on either side (`boundaries`).
"""

from __future__ import annotations

import re
from importlib.metadata import version

import sentencex

from chunk_runner.text.list_markers import following_items, marker_length
from chunk_runner.text.sentences.boundaries import CLOSING_MARKS, QUOTES, SUPERSCRIPTS, Boundaries


VERSION = f"sentencex {version('sentencex')}"

_NON_ASCII_MARKS = QUOTES[1:] + SUPERSCRIPTS

_TERMINATORS = ".!?…‼⁇⁈⁉。！？．｡؟۔।॥။።፧፨។៕։᠃꘎\u037e"
"""The full stops, question and exclamation marks of all scripts that have them."""

_FULL_STOPS = {"…": ".", "។": "।", "៕": "।", "\u037e": "."}
"""Terminators that sentencex does not know, and others that it treats alike."""

_POSSIBLE_ENDS = frozenset(CLOSING_MARKS + "0123456789;")

_END = re.compile(
    rf"(?:[{_TERMINATORS}]|(?<=[\u0370-\u03ff\u1f00-\u1fff]);)"
    rf"[\s{re.escape(CLOSING_MARKS)}]*(?:\[?\d{{1,3}}\]?)?[{re.escape(CLOSING_MARKS)}]*$"
)
"""The end of a line that may end a sentence: a terminator (in Greek a semicolon is one), then at most closing marks and
a footnote number."""

_FOOTNOTE = re.compile(r"([.!?…)\"“”«»‹›](?:\s»)?)(\d{1,3}|\[\d{1,3}\])(?=\s|$)")
"""A footnote number, attached to the end of its sentence as text layers have it."""

_BRACKETED = re.compile(rf"\(([^()]*[{_TERMINATORS}])\)")
"""A whole sentence in brackets, in which the library does not see an end."""

_FINAL_ABBREVIATIONS = ("etc.", "usw.", "ecc.", "enz.", "osv.", "itd.", "itp.", "atd.")
"""Abbreviations that end a sentence if a capital letter follows; sentencex takes them for the other kind."""

_CONTEXT_LIMIT = 60
"""Characters at the end of a line that are examined."""


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
    return Boundaries(text, language).confirmed(_proposed(_masked(text), language), following_items(text))


def _proposed(text: str, language: str, *, is_within_item: bool = False) -> list[int]:
    """Return the indexes at which sentencex would begin the second and all further sentences.

    Args:
        text: The masked text.
        language: The language.
        is_within_item: True if the text is that of a single item, without its marker.
    """
    cuts: list[int] = []
    at = 0
    # One text per call: the library would pair brackets across several paragraphs.
    for segment in sentencex.segment(language, text):
        if sentence := segment.lstrip():
            begin = at + len(segment) - len(sentence)
            cuts.append(begin)
            is_word = sentence[1:2].islower() and sentence[0].isalpha()  # true of most sentences
            if not (is_word or is_within_item) and (marker := marker_length(sentence)):
                rest = _proposed(sentence[marker:], language, is_within_item=True)
                cuts += [begin + marker + cut for cut in rest]
        at += len(segment)
    return cuts[1:]


def _masked(text: str) -> str:
    """Return the text as the library is given it, of the same length."""
    masked = _FOOTNOTE.sub(_without_number, text)
    masked = masked.replace('"', " ")
    if not text.isascii():
        # Mark by mark: `str.translate` takes ten times as long on such text.
        for mark in _NON_ASCII_MARKS:
            if mark in masked:
                masked = masked.replace(mark, " ")
        for stop, similar in _FULL_STOPS.items():
            if stop in masked:
                masked = masked.replace(stop, similar)
    for abbreviation in _FINAL_ABBREVIATIONS:
        if abbreviation in masked:
            masked = masked.replace(abbreviation, "x" * (len(abbreviation) - 1) + ".")
    return _BRACKETED.sub(r" \1 ", masked) if ")" in masked else masked


def _without_number(match: re.Match[str]) -> str:
    before = match.string[max(match.start() - 1, 0) : match.start()]
    if match[1] == "." and (not before or before.isdecimal()):  # a decimal number
        return match[0]
    return match[1] + " " * len(match[2])
