"""Joining the chunks of a document: the beginning of a chunk closes the text that the one before left open. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from chunk_runner.text.entries import Entry, Sentence, with_notes
from chunk_runner.text.layout.line import Line
from chunk_runner.text.sentences.joiner import ChunkSentences, SentenceJoiner


@dataclass
class SeamJoiner:
    """Joins the sentences of chunks, in order.

    Attributes:
        joiner: The rules of the document.
    """

    joiner: SentenceJoiner
    _open: list[Line] = field(default_factory=list)
    _notes: list[Sentence] = field(default_factory=list)

    def join(self, sentences: ChunkSentences) -> list[Entry]:
        """Add a chunk, and return the entries that it completes; the chunk's own `entries` follow them."""
        entries: list[Entry] = []
        if self._open and sentences.head and self.joiner.ends_between(self._open[-1], sentences.head[0]):
            entries += self.close()
        self._open += sentences.head
        self._notes += sentences.head_notes
        if sentences.is_closed:
            entries += self.close()
            self._open, self._notes = list(sentences.tail), list(sentences.tail_notes)
        return entries

    def close(self) -> list[Entry]:
        """Return the entries that are still open: before a gap, and at the end."""
        entries = with_notes(self.joiner.close(self._open), self._notes)
        self._open, self._notes = [], []
        return entries
