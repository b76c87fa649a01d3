"""Sentences that are whole: from lines of pages to sentences, the same whatever the chunks.

Everything rests on one rule, `ends_between`: whether a sentence ends between two neighbouring lines is decided by these
two lines alone. So a chunk can cut all its text but the lines before its first such end and after its last one, which
stay open; the merge looks at the two lines on either side of the seam and closes what is left. No chunk size, and no
number of workers, can change what comes out.

Words here: a **line** carries its page; a **block** is a run of lines in which no line end is a sentence's end.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

import sentencex


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

VERSION = f"sentencex {version('sentencex')}"

LANGUAGE = "en"
"""The segmenter's language; abbreviations are language-dependent."""

_HYPHENS = str.maketrans(dict.fromkeys("\N{SOFT HYPHEN}\ufffe\x02", "-"))
"""What else may end a hyphenated line; the last two are PDFium's marks for a hyphen at a line's end."""

_BULLETS = ("•", "‣", "◦", "▪", "■", "●", "–", "—", "*")


class Line(NamedTuple):
    """A line of text and the 1-based page it stands on."""

    page: int
    text: str


class Missing(NamedTuple):
    """A page that should have had lines and could not be read: no sentence crosses it."""

    page: int
    reason: str


class Gap(NamedTuple):
    """Pages, first and last, of which there is nothing, and why."""

    first_page: int
    last_page: int
    reason: str


class Sentence(NamedTuple):
    """A sentence and the first and last page it stands on."""

    text: str
    first_page: int
    last_page: int


@dataclass
class Segments:
    """A chunk's text, cut as far as the chunk can know.

    Attributes:
        head: The lines up to the first sentence end between two lines; all of them when there is none.
        closed: Whether there is one; if not, `sentences` and `tail` are empty.
        sentences: The sentences between head and tail, and a gap for each page that could not be read.
        tail: The lines after the last such end.
    """

    head: list[Line] = field(default_factory=list)
    closed: bool = False
    sentences: list[Sentence | Gap] = field(default_factory=list)
    tail: list[Line] = field(default_factory=list)


def lines_of(page: int, text: str) -> list[Line]:
    """The page's lines without what is not text: control characters, odd spaces, empty lines."""
    lines = (_clean(raw) for raw in text.splitlines())
    return [Line(page, line) for line in lines if line]


def segment(lines: Iterable[Line | Missing]) -> Segments:
    """Cut a chunk's lines."""
    segments = Segments()
    block: list[Line] = []

    def close() -> None:
        nonlocal block
        if segments.closed:
            segments.sentences.extend(sentences_of(block))
        else:
            segments.head, segments.closed = block, True
        block = []

    for line in lines:
        if isinstance(line, Missing):
            close()
            # One gap for each page, so that no chunk border can change how many there are.
            segments.sentences.append(Gap(line.page, line.page, line.reason))
            continue
        if block and ends_between(block[-1].text, line.text):
            close()
        block.append(line)
    if segments.closed:
        segments.tail = block
    else:
        segments.head = block
    return segments


@dataclass
class Seam:
    """Joins chunks in order: what is open at one chunk's end is closed by the next one's beginning."""

    _open: list[Line] = field(default_factory=list)

    def join(self, segments: Segments) -> Iterator[Sentence | Gap]:
        """The sentences that are whole once this chunk is known, and its gaps."""
        if self._open and segments.head and ends_between(self._open[-1].text, segments.head[0].text):
            yield from self.close()
        self._open += segments.head
        if segments.closed:
            yield from self.close()
            yield from segments.sentences
            self._open = segments.tail

    def close(self) -> Iterator[Sentence]:
        """The sentences still open, before a gap and at the end."""
        block, self._open = self._open, []
        yield from sentences_of(block)


def ends_between(line: str, following: str) -> bool:
    """Whether a sentence ends at the end of `line`, judged by these two lines and nothing else."""
    if _is_hyphenated(line, following):
        return False
    if following.startswith(_BULLETS):
        return True
    joined = f"{line} {following}"
    return len(line) + 1 in _cuts(joined)


def sentences_of(block: list[Line]) -> Iterator[Sentence]:
    """The sentences of a block, each with the pages it spans."""
    if not block:
        return
    text, starts = _join(block)
    cuts = [*_cuts(text), len(text)]
    begin = 0
    for end in cuts:
        sentence = text[begin:end]
        if stripped := sentence.strip():
            offset = begin + len(sentence) - len(sentence.lstrip())
            first = block[bisect_right(starts, offset) - 1]
            last = block[bisect_right(starts, offset + len(stripped) - 1) - 1]
            yield Sentence(stripped, first.page, last.page)
        begin = end


def _join(block: list[Line]) -> tuple[str, list[int]]:
    """The block as running text, and where in it each line starts; hyphenated words are made whole."""
    parts: list[str] = []
    starts: list[int] = []
    length = 0
    for number, line in enumerate(block):
        starts.append(length)
        following = block[number + 1].text if number + 1 < len(block) else None
        if following is None:
            part = line.text
        elif _is_hyphenated(line.text, following):
            part = line.text[:-1]
        else:
            part = line.text + " "
        parts.append(part)
        length += len(part)
    return "".join(parts), starts


def _is_hyphenated(line: str, following: str) -> bool:
    """Whether the line's last word goes on in the next line: a hyphen after a letter, and a small letter to follow."""
    return len(line) > 1 and line.endswith("-") and line[-2].isalpha() and following[:1].islower()


def _cuts(text: str) -> list[int]:
    """Where sentences begin in the text, but for the first."""
    cuts, position = [], 0
    for sentence in sentencex.segment(LANGUAGE, text)[:-1]:
        position += len(sentence)
        cuts.append(position)
    return cuts


def _clean(line: str) -> str:
    text = line.translate(_HYPHENS)
    if not text.isprintable():  # few lines are not, and looking at each character is slow
        text = "".join(" " if unicodedata.category(char) in ("Cc", "Cf", "Cn", "Cs") else char for char in text)
    return " ".join(text.split())
