"""The text of a synthetic book and how it is broken into lines, which cross columns and pages as they do in print."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple

from reportlab.pdfbase.pdfmetrics import stringWidth

from tools.synthetic_books.vocabulary import VOCABULARY


_NBSP = "\N{NO-BREAK SPACE}"
_VOWEL = "[aeiouyàâäáéèêëíìîïóòôöúùûüœæ]"
_LONG_WORD = re.compile(r"(?:[^-]*[^\w-])?([^\W\d_]{6,})[^\w-]*")
_SYLLABLE = re.compile(rf"(?<={_VOWEL})(?=[^aeiouy]{_VOWEL})|(?<={_VOWEL}[lmnrst])(?=[^aeiouyh]{_VOWEL})")
_COMPOUND = re.compile(r"(?<=[^\W\d_]{2}-)(?=[^\W\d_]{2})")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a book is set: the options of `write`."""

    columns: int = 1
    by_rows: bool = False  # drawn row by row across the columns
    headers: bool = True
    numbers: Literal["foot", "head", "none"] = "foot"  # those in the head need headers
    front_pages: int = 0  # a preface with roman page numbers
    footnotes: bool = False  # at the foot of the column
    hyphens: bool = True
    hyphen: str = "-"  # or a soft hyphen
    compounds_break: bool = False  # at their own hyphen
    dialogue: bool = False
    justified: bool = True
    indent: bool = True  # paragraphs begin with an indent, otherwise after a blank space
    rotated: bool = False  # some pages have /Rotate 90, and look like the others
    interruptions: bool = False  # some pages are blank or hold a picture only, in the midst of sentences too
    font: str = "Times-Roman"
    size: float = 10.5
    page_size: tuple[float, float] | None = None  # A5, or A4 with several columns


@dataclass
class Draft:
    """A sentence in the making, with the first and the last page it is on so far."""

    note: bool
    text: str = ""
    first: int = 0
    last: int = 0


class Word(NamedTuple):
    """A word of a sentence, with the mark and the lines of its footnote."""

    text: str
    draft: Draft
    mark: str = ""
    note: tuple["Line", ...] = ()


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


class Typesetter:
    """Grows sentences, and breaks them into lines.

    Attributes:
        rules: The vocabulary: what each rule may become.
        drafts: Every sentence so far.
        mark: The number of the last footnote; each chapter counts anew.

    Args:
        random: Chooses.
        language: Of the vocabulary.
        layout: How the book is set.
        column_width: In points.
        heading_font: The font of headings.
        centred: Whether headings are in the middle of their column.
    """

    def __init__(
        self, random: Random, language: str, layout: Layout, *, column_width: float, heading_font: str, centred: bool
    ) -> None:
        self.random, self.layout = random, layout
        self.column_width, self.heading_font, self.centred = column_width, heading_font, centred
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

    def _words(self, sentence: str, *, note: bool = False, may_have_note: bool = False) -> list[Word]:
        """The words of a new sentence, sometimes with a footnote."""
        draft = Draft(note)
        self.drafts.append(draft)
        words = [Word(text.replace(_NBSP, " "), draft) for text in sentence.split(" ")]
        if may_have_note and self.random.random() < 0.1:
            # After a word in the sentence or at its end, but not where the mark would look like more of a number.
            inner = [at for at, word in enumerate(words) if re.fullmatch("[a-zß-ÿœ]{4,}", word.text)]
            final = [] if re.search(r"\d", words[-1].text) else [len(words) - 1]
            if places := self.random.choice((inner, final)) or inner or final:
                at = self.random.choice(places)
                self.mark += 1
                words[at] = Word(words[at].text, draft, str(self.mark), tuple(self._set_note()))
        draft.text = " ".join(word.text + word.mark for word in words)
        return words

    def set_paragraph(self) -> Iterator[Line]:
        """Return the lines of a new paragraph."""
        if self.layout.dialogue and self.random.random() < 0.6:
            sentences = self.sentences("talk")
        else:
            rules = self.random.choices(("plain", "long", "abbr", "quote"), (5, 3, 3, 2), k=self.random.randint(1, 6))
            sentences = [sentence for rule in rules for sentence in self.sentences(rule)]
        words = [word for text in sentences for word in self._words(text, may_have_note=self.layout.footnotes)]
        size = self.layout.size
        return self._lines(words, size, (1.5 * size, 0) if self.layout.indent else (0, 0.8 * size))

    def _set_note(self) -> Iterator[Line]:
        first, *others = self.sentences("note")
        words = [word for text in (f"{self.mark} {first}", *others) for word in self._words(text, note=True)]
        return self._lines(words, 0.8 * self.layout.size)

    def set_heading(self, *texts: str) -> Iterator[Line]:
        """Return the lines of a heading, each text in one line."""
        for number, text in enumerate(texts):
            natural = stringWidth(text, self.heading_font, 1)
            size = min((1.4 + 0.4 * number) * self.layout.size, self.column_width / natural)
            indent = (self.column_width - size * natural) / 2 if self.centred else 0
            before = 0 if number else 2 * self.layout.size
            yield Line(self._words(text), self.heading_font, size, 1.6 * size, indent, before)

    def _lines(self, words: list[Word], size: float, start: tuple[float, float] = (0, 0)) -> Iterator[Line]:
        """Break the words into lines, of which the first starts with an indent or after a space."""
        queue, space = deque(words), self._width(" ", size)
        indent, before = start
        while queue:
            line: list[Word] = []
            room = self.column_width - indent + space
            while queue and (width := space + self._width(queue[0], size)) <= room:
                line.append(queue.popleft())
                room -= width
            if queue and (parts := self._split(queue[0], room - space, size)):
                line.append(parts[0])
                queue[0] = parts[1]
                room -= space + self._width(parts[0], size)
            elif not line:  # a word longer than a line sticks out
                line.append(queue.popleft())
            spaces = " ".join(word.text for word in line).count(" ")
            stretch = max(room, 0) / spaces if self.layout.justified and spaces and queue else 0
            notes = tuple(note for word in line for note in word.note)
            yield Line(line, self.layout.font, size, 1.28 * size, indent, before, stretch, notes)
            indent = before = 0

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
