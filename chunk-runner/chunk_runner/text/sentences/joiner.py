"""Joining lines into sentences and cutting them apart again, with the same result for any chunk size.

Everything rests on one rule, `SentenceJoiner.ends_between`: whether a sentence ends between two neighboring lines is
decided by these two lines alone, and by what their own pages say of their positions. So a chunk can cut all its text
except for the lines before its first such end and after its last one, which stay open. The merge looks at the two lines
on either side of each seam (`seams`) and closes the rest.

A **block** is a run of lines without a sentence's end between two of them. **Notes** are the text beside the running
text of a page: footnotes, captions, margin notes, form fields. They follow the last sentence that starts on their page.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from chunk_runner.text.entries import Entry, Gap, Sentence, StructuredAnswer, with_notes
from chunk_runner.text.language.languages import DEFAULT_LANGUAGE
from chunk_runner.text.layout.line import End, Line, Start
from chunk_runner.text.list_markers import BULLETS
from chunk_runner.text.sentences import segmenter
from chunk_runner.text.sentences.dehyphenation import HYPHENS, Dehyphenator


VERSION = f"4, {segmenter.VERSION}"
"""Changes whenever the same lines may give other sentences."""

_COMMAS = ",،、，"

_CONTEXT_LIMIT = 60
"""Characters on either side of a line end that are examined."""


class MissingPage(NamedTuple):
    """A page that could not be read; no sentence crosses it."""

    page: int
    reason: str


class UnselectedPages(NamedTuple):
    """Pages between two selected ones that are not selected; no sentence crosses them."""


def are_adjacent(page: int, following: int) -> bool:
    """Return True if no page lies between two selected pages that follow each other, so that sentences may cross."""
    return following == page + 1


Item = Line | MissingPage | UnselectedPages | StructuredAnswer
"""A part of a chunk's text, in reading order."""


@dataclass
class ChunkSentences:
    """A chunk's text, cut into sentences as far as the chunk alone allows.

    Attributes:
        head: The lines up to the first sentence end between two lines; all lines if there is none.
        is_closed: True if there is such an end; otherwise `entries` and `tail` are empty.
        head_notes: The notes that precede the end of the head; all notes if it is not closed.
        entries: The sentences between head and tail with their notes, and a gap for each page that could not be read.
        tail: The lines after the last such end.
        tail_notes: The notes that follow the beginning of the tail.
    """

    head: list[Line] = field(default_factory=list)
    is_closed: bool = False
    head_notes: list[Sentence] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    tail: list[Line] = field(default_factory=list)
    tail_notes: list[Sentence] = field(default_factory=list)


@dataclass(frozen=True)
class SentenceJoiner:
    """The rules of one document.

    Attributes:
        language: The language of its text.
        compounds: Hyphenated words seen within lines, in lower case; they keep their hyphen at the end of a line too.
        is_segmented: True if a model has cut the text, so that lines are sentences. A line that does not `start`
            something is the first of an answer, and may continue the last sentence of the answer before.
    """

    language: str = DEFAULT_LANGUAGE
    compounds: frozenset[str] = frozenset()
    is_segmented: bool = False

    @cached_property
    def dehyphenator(self) -> Dehyphenator:
        """The rules for words that were broken at the end of a line."""
        return Dehyphenator(self.language, self.compounds)

    def segment(self, items: Iterable[Item], notes: Sequence[Line] = ()) -> ChunkSentences:
        """Cut a chunk's text into sentences.

        Args:
            items: The text, in reading order.
            notes: The lines of its notes, in order; read after the last item, so the producer of items may fill it.
        """
        head: list[Line] | None = None
        entries: list[Entry] = []
        block: list[Line] = []
        for item in items:
            if isinstance(item, Line) and not (block and self.ends_between(block[-1], item)):
                block.append(item)
                continue
            if head is None:
                head = block
            else:
                entries += self.close(block)
            block = []
            match item:
                case Line():
                    block.append(item)
                case MissingPage():
                    # One gap for each page, so that chunk borders cannot change their number.
                    entries.append(Gap(item.page, item.page, item.reason))
                case StructuredAnswer():
                    entries.append(item)
        note_sentences = list(self.segment_notes(notes))
        if head is None:
            return ChunkSentences(head=block, head_notes=note_sentences)
        first = head[-1].page if head else 0
        last = block[0].page if block else None
        early = [note for note in note_sentences if note.first_page < first]
        late = [note for note in note_sentences if last is not None and note.first_page >= max(last, first)]
        within = note_sentences[len(early) : len(note_sentences) - len(late)]
        return ChunkSentences(
            head,
            is_closed=True,
            head_notes=early,
            entries=with_notes(entries, within),
            tail=block,
            tail_notes=late,
        )

    def segment_notes(self, lines: Sequence[Line]) -> Iterator[Sentence]:
        """Yield the sentences of notes; a note does not continue on the next page."""
        for _, page in groupby(lines, key=attrgetter("page")):
            block: list[Line] = []
            for line in page:
                if block and self.ends_between(block[-1], line):
                    yield from self.close(block)
                    block = []
                block.append(line)
            yield from self.close(block)

    def ends_between(self, line: Line, following: Line) -> bool:
        """Return True if a sentence ends at the end of `line`, judged by these two lines and nothing else."""
        if following.starts == Start.ENTRY or line.ends == End.ENTRY or (self.is_segmented and following.starts):
            return True
        text, next_text = line.text, following.text
        if segmenter.may_end_sentence(text):
            if following.starts:
                return True
            text, next_text = text[-_CONTEXT_LIMIT:], next_text[:_CONTEXT_LIMIT]
            joined = self.dehyphenator.before(text, next_text)
            return len(joined) in segmenter.sentence_starts(joined + next_text, self.language)
        if following.starts or line.ends:
            # A small letter continues the sentence wherever it stands: below a figure, in the next column.
            return not (next_text[0].islower() or text[-1] in HYPHENS + _COMMAS)
        return next_text[0] in BULLETS

    def close(self, block: Sequence[Line]) -> list[Sentence]:
        """Return the sentences of a block, with the pages they cover."""
        if not block:
            return []
        text, line_starts = self._join(block)
        cuts = [] if self.is_segmented else segmenter.sentence_starts(text, self.language)
        first_page = last_page = block[0].page
        is_one_page = first_page == block[-1].page
        starts_paragraph = bool(block[0].starts) and not self.is_segmented
        sentences: list[Sentence] = []
        for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
            sentence = text[begin:end].rstrip()
            if not is_one_page:
                first_page = block[bisect_right(line_starts, begin) - 1].page
                last_page = block[bisect_right(line_starts, begin + len(sentence) - 1) - 1].page
            sentences.append(Sentence(sentence, first_page, last_page, begin == 0 and starts_paragraph))
        return sentences

    def _join(self, block: Sequence[Line]) -> tuple[str, list[int]]:
        """Return a block as running text, and the index at which each line begins."""
        dehyphenator = self.dehyphenator
        if len(block) == 1:
            return dehyphenator.last(block[0].text), [0]
        parts: list[str] = []
        line_starts: list[int] = []
        length = 0
        for line, following in zip(block, [*block[1:], None], strict=True):
            line_starts.append(length)
            part = dehyphenator.before(line.text, following.text) if following else dehyphenator.last(line.text)
            parts.append(part)
            length += len(part)
        return "".join(parts), line_starts
