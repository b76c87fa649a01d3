"""Sentences that are whole: from lines of pages to sentences, the same whatever the chunks.

Everything rests on one rule, `Joiner.ends_between`: whether a sentence ends between two neighbouring lines is decided
by these two lines alone (and by what their own pages say of their place). So a chunk can cut all its text but the lines
before its first such end and after its last one, which stay open; the merge looks at the two lines on either side of
the seam and closes what is left. No chunk size, and no number of workers, can change what comes out.

Words here: a **block** is a run of lines in which no line end is a sentence's end. **Notes** are the footnotes of a
page; they come after the last sentence that starts on their page.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from chunk_runner.text import segmenter
from chunk_runner.text.dehyphenation import HYPHENS, Hyphens
from chunk_runner.text.language import DEFAULT
from chunk_runner.text.layout import Line


VERSION = f"2, {segmenter.VERSION}"
"""Changes whenever the same lines may give other sentences."""

_BULLETS = ("•", "‣", "◦", "▪", "■", "●")

_ENOUGH = 60
"""Characters on either side of a line end that are looked at."""


class Missing(NamedTuple):
    """A page that should have had lines and could not be read: no sentence crosses it."""

    page: int
    reason: str


class Skipped(NamedTuple):
    """Here pages that were not selected lie between two that were: no sentence crosses them."""


class Gap(NamedTuple):
    """Pages, first and last, of which there is nothing, and why."""

    first_page: int
    last_page: int
    reason: str


class Sentence(NamedTuple):
    """A sentence, the first and last page it stands on, and whether a paragraph starts with it."""

    text: str
    first_page: int
    last_page: int
    starts: bool = False


class Value(NamedTuple):
    """What a model made of these pages, first and last, in a shape of the job's own: JSON, on one line."""

    json: str
    first_page: int
    last_page: int


Entry = Sentence | Gap | Value


@dataclass
class Segments:
    """A chunk's text, cut as far as the chunk can know.

    Attributes:
        head: The lines up to the first sentence end between two lines; all of them when there is none.
        closed: Whether there is one; if not, `entries` and `tail` are empty.
        early: The notes that come before the end of the head; all of them when it is not closed.
        entries: The sentences between head and tail with their notes, and a gap for each page that could not be read.
        tail: The lines after the last such end.
        late: The notes that come after the beginning of the tail.
    """

    head: list[Line] = field(default_factory=list)
    closed: bool = False
    early: list[Sentence] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    tail: list[Line] = field(default_factory=list)
    late: list[Sentence] = field(default_factory=list)


@dataclass(frozen=True)
class Joiner:
    """The rules of one document.

    Attributes:
        language: Of its text.
        compounds: Words with a hyphen, in small letters, as they were seen within lines: at a line's end they keep it.
        whole: Lines are sentences already, as a model gave them. Those that do not `start` are the first ones of what
            was asked at a time: they may go on from the one before.
    """

    language: str = DEFAULT
    compounds: frozenset[str] = frozenset()
    whole: bool = False

    @cached_property
    def hyphens(self) -> Hyphens:
        """The rules for words that were broken."""
        return Hyphens(self.language, self.compounds)

    def segment(self, stream: Iterable[Line | Missing | Skipped | Value], notes: Sequence[Line] = ()) -> Segments:
        """Cut a chunk.

        Args:
            stream: The lines of its text, in order.
            notes: The lines of its notes, in order; read when the stream has ended, so whoever makes it may fill them.
        """
        head: list[Line] | None = None
        entries: list[Entry] = []
        block: list[Line] = []
        for it in stream:
            if isinstance(it, Line) and not (block and self.ends_between(block[-1], it)):
                block.append(it)
                continue
            if head is None:
                head = block
            else:
                entries += self.close(block)
            block = []
            if isinstance(it, Line):
                block.append(it)
            elif isinstance(it, Missing):
                # One gap for each page, so that no chunk border can change how many there are.
                entries.append(Gap(it.page, it.page, it.reason))
            elif isinstance(it, Value):
                entries.append(it)
        noted = list(self.notes(notes))
        if head is None:
            return Segments(head=block, early=noted)
        first = head[-1].page if head else 0
        last = block[0].page if block else None
        early = [note for note in noted if note.first_page < first]
        late = [note for note in noted if last is not None and note.first_page >= max(last, first)]
        within = noted[len(early) : len(noted) - len(late)]
        return Segments(head, closed=True, early=early, entries=in_order(entries, within), tail=block, late=late)

    def notes(self, lines: Sequence[Line]) -> Iterator[Sentence]:
        """The sentences of notes; a note does not go on from page to page."""
        for _, page in groupby(lines, key=attrgetter("page")):
            block: list[Line] = []
            for line in page:
                if block and self.ends_between(block[-1], line):
                    yield from self.close(block)
                    block = []
                block.append(line)
            yield from self.close(block)

    def ends_between(self, line: Line, following: Line) -> bool:
        """Whether a sentence ends at the end of `line`, judged by these two lines and nothing else."""
        if self.whole and following.starts:
            return True
        text, further = line.text, following.text
        if segmenter.may_end(text):
            if following.starts:
                return True
            text, further = text[-_ENOUGH:], further[:_ENOUGH]
            return len(text) + 1 in segmenter.cuts(f"{text} {further}", self.language)
        if following.starts:
            # What goes on with a small letter goes on, wherever it stands: below a figure, in the next column.
            return not (further[0].islower() or text[-1] in HYPHENS or text[-1] == ",")
        return further.startswith(_BULLETS)

    def close(self, block: Sequence[Line]) -> list[Sentence]:
        """The sentences of a block that has no line end left to judge, with the pages they span."""
        if not block:
            return []
        text, begins = self._joined(block)
        places = [] if self.whole else segmenter.cuts(text, self.language)
        first_page = last_page = block[0].page
        one_page = first_page == block[-1].page
        sentences: list[Sentence] = []
        for begin, end in zip([0, *places], [*places, len(text)], strict=True):
            sentence = text[begin:end].rstrip()
            if not one_page:
                first_page = block[bisect_right(begins, begin) - 1].page
                last_page = block[bisect_right(begins, begin + len(sentence) - 1) - 1].page
            sentences.append(
                Sentence(sentence, first_page, last_page, begin == 0 and block[0].starts and not self.whole)
            )
        return sentences

    def _joined(self, block: Sequence[Line]) -> tuple[str, list[int]]:
        """The block as running text, and where in it each line begins."""
        if len(block) == 1:
            return block[0].text, [0]
        hyphens = self.hyphens
        parts: list[str] = []
        begins: list[int] = []
        length = 0
        for line, following in zip(block, [*block[1:], None], strict=True):
            begins.append(length)
            part = line.text if following is None else hyphens.before(line.text, following.text)
            parts.append(part)
            length += len(part)
        return "".join(parts), begins


@dataclass
class Seam:
    """Joins chunks in order: what is open at one chunk's end is closed by the next one's beginning."""

    joiner: Joiner
    _open: list[Line] = field(default_factory=list)
    _notes: list[Sentence] = field(default_factory=list)

    def join(self, segments: Segments) -> list[Entry]:
        """What is whole once this chunk is known, up to the chunk's own `entries`, which come next."""
        entries: list[Entry] = []
        if self._open and segments.head and self.joiner.ends_between(self._open[-1], segments.head[0]):
            entries += self.close()
        self._open += segments.head
        self._notes += segments.early
        if segments.closed:
            entries += self.close()
            self._open, self._notes = list(segments.tail), list(segments.late)
        return entries

    def close(self) -> list[Entry]:
        """What is still open, before a gap and at the end."""
        entries = in_order(self.joiner.close(self._open), self._notes)
        self._open, self._notes = [], []
        return entries


def in_order(entries: Sequence[Entry], notes: Sequence[Sentence]) -> list[Entry]:
    """Sentences with their notes: those of a page after the last sentence that starts on it."""
    # Sorting is stable: on one page, what came first stays first.
    return sorted([*entries, *notes], key=attrgetter("first_page")) if notes else list(entries)
