"""The text of a synthetic book and how it is broken into lines, which cross columns and pages as they do in print."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from random import Random
from typing import NamedTuple

from reportlab.pdfbase.pdfmetrics import stringWidth

from tools.documents.synthetic_books.layout import Layout
from tools.documents.synthetic_books.vocabulary import VOCABULARY


_NBSP = "\N{NO-BREAK SPACE}"
_VOWEL = "[aeiouyàâäáéèêëíìîïóòôöúùûüœæ]"
_LONG_WORD = re.compile(r"(?:[^-]*[^\w-])?([^\W\d_]{6,})[^\w-]*")
_SYLLABLE = re.compile(rf"(?<={_VOWEL})(?=[^aeiouy]{_VOWEL})|(?<={_VOWEL}[lmnrst])(?=[^aeiouyh]{_VOWEL})")
_COMPOUND = re.compile(r"(?<=[^\W\d_]{2}-)(?=[^\W\d_]{2})")

_LEADING = 1.28
"""The distance from line to line, in sizes of the font."""

_CAPITAL = 0.66
"""The height of a capital letter, in sizes of the font."""

_INITIAL_SIZE = (2 * _LEADING + _CAPITAL) / _CAPITAL
"""The size of an initial that is three lines high, in sizes of the text."""


class Place(IntEnum):
    """Where an entry stands. Of the entries that begin on a page, those of a higher number come later."""

    BODY, CAPTION, FOOTNOTE, MARGIN, FIELD = range(5)


@dataclass
class Draft:
    """An entry in the making, such as a sentence, with the first and the last page it is on so far.

    `turn` is its turn among the captions, in the order in which they are drawn.
    """

    place: Place
    text: str = ""
    first: int = 0
    last: int = 0
    turn: int = 0


class Word(NamedTuple):
    """A word of an entry, with the mark and the lines of its footnote."""

    text: str
    draft: Draft
    mark: str = ""
    note: tuple["Line", ...] = ()


class Run(NamedTuple):
    """Words that stand beside those of a line: a bullet, an initial, a cell; `fall` is how far below the line."""

    words: list[Word]
    indent: float
    size: float
    fall: float = 0


class Line(NamedTuple):
    """A line of words, and how it is set; lengths are in points."""

    words: list[Word]
    font: str
    size: float
    leading: float
    indent: float = 0
    before: float = 0
    stretch: float = 0
    note: tuple["Line", ...] = ()
    runs: tuple[Run, ...] = ()
    keep: float = 0  # the room that must be left below it


class Typesetter:
    """Grows sentences, and breaks them into lines.

    Attributes:
        rules: The vocabulary: what each rule may become.
        drafts: Every entry so far.
        mark: The number of the last footnote; each chapter counts anew.
        column_width: In points.
        centred: Whether headings are in the middle of their column.

    Args:
        random: Chooses.
        language: Of the vocabulary.
        layout: How the book is set.
        column_width: In points.
        heading_font: The font of headings.
    """

    def __init__(
        self, random: Random, language: str, layout: Layout, *, column_width: float, heading_font: str
    ) -> None:
        self.random, self.layout = random, layout
        self.column_width, self.heading_font, self.centred = column_width, heading_font, False
        self.rules: dict[str, list[str]] = {}
        for line in VOCABULARY[language].strip().splitlines():
            key, _, choices = line.partition(": ")
            self.rules.setdefault(key, []).extend(choices.split(" | "))
        self.drafts: list[Draft] = []
        self.mark = 0

    def _grow(self, rule: str) -> str:
        if rule == "n":
            return str(self.random.randint(2, 99))
        if rule == "year":
            return str(self.random.randint(1801, 1899))
        return re.sub(r"\{(\w+)\}", lambda match: self._grow(match[1]), self.random.choice(self.rules[rule]))

    def sentences(self, rule: str) -> list[str]:
        """Return new sentences by a rule of the vocabulary."""
        text = self._grow(rule)
        text = re.sub(r"(?<=«) | (?=[»!?:;])", _NBSP, text[0].upper() + text[1:])  # only French has such spaces
        return text.split(" // ")

    def phrase(self, rule: str) -> str:
        """Return words by a rule of the vocabulary, as they stand within a sentence."""
        return self._grow(rule).replace(_NBSP, " ")

    def draft(self, text: str, place: Place = Place.BODY) -> list[Word]:
        """Return the words of a new entry."""
        draft = Draft(place, text.replace(_NBSP, " "))
        self.drafts.append(draft)
        return [Word(word.replace(_NBSP, " "), draft) for word in text.split(" ")]

    def _words(self, sentence: str) -> list[Word]:
        """The words of a new sentence, sometimes with a footnote."""
        words = self.draft(sentence)
        if self.layout.footnotes and self.random.random() < 0.1:
            # After a word in the sentence or at its end, but not where the mark would look like more of a number.
            inner = [at for at, word in enumerate(words) if re.fullmatch("[a-zß-ÿœ]{4,}", word.text)]
            final = [] if re.search(r"\d", words[-1].text) else [len(words) - 1]
            if places := self.random.choice((inner, final)) or inner or final:
                at = self.random.choice(places)
                self.mark += 1
                words[at] = words[at]._replace(mark=str(self.mark), note=tuple(self._set_note()))
                words[at].draft.text = " ".join(word.text + word.mark for word in words)
        return words

    def set_paragraph(self, *, ending: str = "", is_first: bool = False) -> Iterator[Line]:
        """Yield the lines of a new paragraph.

        Args:
            ending: The rule of its last sentence.
            is_first: True if it is the first one of a chapter, which may have an initial.
        """
        if self.layout.dialogue and self.random.random() < 0.6:
            sentences = self.sentences("talk")
        else:
            rules = self.random.choices(("plain", "long", "abbr", "quote"), (5, 3, 3, 2), k=self.random.randint(1, 6))
            sentences = [sentence for rule in rules for sentence in self.sentences(rule)]
        if ending:
            sentences += self.sentences(ending)
        words = [word for text in sentences for word in self._words(text)]
        size = self.layout.size
        if is_first and self.layout.drop_caps and (lines := self._with_initial(words)):
            return lines
        indent, before = (1.5 * size, 0.0) if self.layout.indent else (0, 0.8 * size)
        return self.lines(words, size, [indent, 0], before)

    def _with_initial(self, words: Sequence[Word]) -> Iterator[Line] | None:
        """The lines of a paragraph with an initial of three lines; `None` if it is short or begins otherwise."""
        size, text = self.layout.size, words[0].text
        if len(text) < 2 or not text[:2].isalpha() or not text[0].isupper() or len(list(self.lines(words, size))) < 5:
            return None
        initial = Run([Word(text[0], words[0].draft)], 0, _INITIAL_SIZE * size, 2 * _LEADING * size)
        width = stringWidth(text[0], self.layout.font, initial.size) + 3
        first, *others = self.lines([words[0]._replace(text=text[1:]), *words[1:]], size, [width, width, width, 0])
        return iter([first._replace(runs=(initial,), keep=2 * first.leading), *others])

    def _set_note(self) -> Iterator[Line]:
        first, *others = self.sentences("note")
        texts = (f"{self.mark} {first}", *others)
        words = [word for text in texts for word in self.draft(text, Place.FOOTNOTE)]
        return self.lines(words, 0.8 * self.layout.size)

    def set_heading(self, *texts: str) -> Iterator[Line]:
        """Yield the lines of a heading, each text in one line, none larger than the last one."""
        naturals = [stringWidth(text, self.heading_font, 1) for text in texts]
        largest = self.column_width / naturals[-1]
        for number, (text, natural) in enumerate(zip(texts, naturals, strict=True)):
            size = min((1.4 + 0.4 * number) * self.layout.size, self.column_width / natural, largest)
            indent = (self.column_width - size * natural) / 2 if self.centred else 0
            before = 0 if number else 2 * self.layout.size
            yield Line(self.draft(text), self.heading_font, size, 1.6 * size, indent, before)

    def lines(
        self, words: Sequence[Word], size: float, indents: Sequence[float] = (0,), before: float = 0, width: float = 0
    ) -> Iterator[Line]:
        """Break words into lines.

        Args:
            words: The words.
            size: The size of the font.
            indents: The indent of each line; the last one is that of all further lines.
            before: The space above the first line.
            width: The width of the lines; 0 for that of the column.
        """
        queue, space = deque(words), self._width(" ", size)
        number = 0
        while queue:
            indent = indents[min(number, len(indents) - 1)]
            line: list[Word] = []
            room = (width or self.column_width) - indent + space
            while queue and (taken := space + self._width(queue[0], size)) <= room:
                line.append(queue.popleft())
                room -= taken
            if queue and (parts := self._split(queue[0], room - space, size)):
                line.append(parts[0])
                queue[0] = parts[1]
                room -= space + self._width(parts[0], size)
            elif not line:  # a word longer than a line sticks out
                line.append(queue.popleft())
            spaces = " ".join(word.text for word in line).count(" ")
            stretch = max(room, 0) / spaces if self.layout.justified and spaces and queue else 0
            notes = tuple(note for word in line for note in word.note)
            above = 0 if number else before
            yield Line(line, self.layout.font, size, _LEADING * size, indent, above, stretch, notes)
            number += 1

    def _width(self, word: Word | str, size: float) -> float:
        if isinstance(word, str):
            return float(stringWidth(word, self.layout.font, size))
        return self._width(word.text, size) + self._width(word.mark, 0.65 * size)

    def _split(self, word: Word, room: float, size: float) -> list[Word]:
        """The word in two, of which the first fits; or nothing."""
        cuts: list[tuple[int, str]] = []
        if self.layout.hyphens and (match := _LONG_WORD.fullmatch(word.text)):
            places = (found.start() for found in _SYLLABLE.finditer(word.text))
            cuts = [(at, self.layout.hyphen) for at in places if match.start(1) + 3 <= at <= match.end(1) - 3]
        if self.layout.compounds_break:
            cuts += [(found.start(), "") for found in _COMPOUND.finditer(word.text)]
        for at, hyphen in reversed(cuts):
            if self._width(head := word.text[:at] + hyphen, size) <= room:
                return [Word(head, word.draft), word._replace(text=word.text[at:])]
        return []
