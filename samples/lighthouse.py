"""Write `lighthouse.pdf`, the sample of `make demo`: a short book about lighthouses.

    python samples/lighthouse.py samples/lighthouse.pdf

Writes the same bytes every time. `lighthouse.txt` has the text, which was written for this project: a sentence on each
line, after “^” its footnote; after “|” the columns of a chapter. The book has chapters, running headers, page numbers
and footnotes, and some chapters in two columns. `write()` returns the entries that a job should extract, so that tests
can compare them with its output.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas


TITLE = "A Short Book of Lighthouses"
FONT, SIZE, LEADING = "Times-Roman", 12.5, 18.0
NOTE_SIZE, NOTE_LEADING = 8.5, 10.5
MARK_SIZE = 7.0
MARK_WIDTH: float = stringWidth("1", FONT, MARK_SIZE)
PAGE = (430.0, 445.0)
LEFT, TOP, BOTTOM, WIDTH, GAP, INDENT = 42.0, PAGE[1] - 80, 70.0, PAGE[0] - 84, 22.0, 14.0


class Chapter(NamedTuple):
    """A chapter: its paragraphs, each of lines of `lighthouse.txt`."""

    title: str
    columns: int
    paragraphs: list[list[str]]


class Word(NamedTuple):
    """A word of the text.

    Attributes:
        text: The word.
        sentence: The whole sentence, if the word is the first one of it.
        note: The footnote, if the word has its mark.
    """

    text: str
    sentence: str = ""
    note: str = ""


@dataclass
class Book:
    """The book as it is drawn, and the entries of its pages."""

    canvas: Canvas
    page: int = 0
    y: float = 0
    column: int = 0
    marks: int = 0
    notes: list[tuple[int, str]] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)

    def print_chapter(self, number: int, chapter: Chapter) -> None:
        """Print a chapter from a new page on."""
        self._begin_page()
        heading = f"{number}. {chapter.title}"
        self.canvas.setFont("Times-Bold", 17)
        self.canvas.drawString(LEFT, self.y, heading)
        self.entries.append(heading)
        self.y -= 34
        top = self.y
        width = (WIDTH - (chapter.columns - 1) * GAP) / chapter.columns
        for paragraph in chapter.paragraphs:
            lines = _lines(_words(paragraph), width)
            for at, line in enumerate(lines):
                needed = sum(len(_note_lines(0, word.note)) for word in line if word.note) * NOTE_LEADING
                if self.y - needed < BOTTOM + self._notes_height():
                    self.column += 1
                    self.y = top
                    if self.column == chapter.columns:
                        self._end_page()
                        self._begin_page()
                        top = self.y
                indent = 0 if at else INDENT
                full = width - indent if line is not lines[-1] else 0
                self._print_line(line, LEFT + self.column * (width + GAP) + indent, full)
        self._end_page()

    def _print_line(self, line: list[Word], x: float, width: float) -> None:
        """Print a line, justified to a width unless that is 0."""
        text = self.canvas.beginText(x, self.y)
        text.setWordSpace((width - _width(line)) / (len(line) - 1) if width and len(line) > 1 else 0)
        for at, word in enumerate(line):
            text.setFont(FONT, SIZE)
            text.textOut((" " if at else "") + word.text)
            if word.sentence:
                self.entries.append(word.sentence)
            if word.note:
                self.marks += 1
                self.notes.append((self.marks, word.note))
                self.entries[-1] += str(self.marks)
                text.setFont(FONT, MARK_SIZE)
                text.setRise(5)
                text.textOut(str(self.marks))
                text.setRise(0)
        text.setWordSpace(0)
        self.canvas.drawText(text)
        self.y -= LEADING

    def _notes_height(self) -> float:
        return sum(len(_note_lines(*note)) for note in self.notes) * NOTE_LEADING

    def _begin_page(self) -> None:
        self.page += 1
        self.y, self.column = TOP, 0
        self.canvas.setFont("Times-Italic", 9)
        self.canvas.drawCentredString(LEFT + WIDTH / 2, PAGE[1] - 42, TITLE)
        self.canvas.setFont(FONT, 9)
        self.canvas.drawCentredString(LEFT + WIDTH / 2, 32, str(self.page))

    def _end_page(self) -> None:
        y = BOTTOM - 16 + self._notes_height() - NOTE_LEADING
        self.canvas.setFont(FONT, NOTE_SIZE)
        for mark, note in self.notes:
            for line in _note_lines(mark, note):
                self.canvas.drawString(LEFT, y, line)
                y -= NOTE_LEADING
            self.entries.append(f"{mark} {note}")
        self.notes = []
        self.canvas.showPage()


def write(path: Path) -> list[str]:
    """Write the book to a path, and return its entries: headings and sentences, and the footnotes of each page."""
    canvas = Canvas(str(path), pagesize=PAGE, invariant=True, pageCompression=1)
    canvas.setTitle(TITLE)
    book = Book(canvas)
    for number, chapter in enumerate(_chapters(), 1):
        book.print_chapter(number, chapter)
    canvas.save()
    return book.entries


def _chapters() -> Iterator[Chapter]:
    text = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    for chapter in text.removeprefix("# ").split("\n# "):
        heading, *paragraphs = chapter.strip().split("\n\n")
        title, _, columns = heading.partition(" | ")
        yield Chapter(title, int(columns or 1), [paragraph.split("\n") for paragraph in paragraphs])


def _words(lines: list[str]) -> list[Word]:
    words: list[Word] = []
    for line in lines:
        sentence, _, note = line.partition(" ^ ")
        first, *others = sentence.split()
        words += [Word(first, sentence), *map(Word, others)]
        words[-1] = words[-1]._replace(note=note)
    return words


def _width(line: list[Word]) -> float:
    text: float = stringWidth(" ".join(word.text for word in line), FONT, SIZE)
    return text + len([word for word in line if word.note]) * MARK_WIDTH


def _lines(words: list[Word], width: float) -> list[list[Word]]:
    lines: list[list[Word]] = [[]]
    for word in words:
        if _width([*lines[-1], word]) > width - (INDENT if len(lines) == 1 else 0):
            lines.append([])
        lines[-1].append(word)
    return lines


def _note_lines(mark: int, note: str) -> list[str]:
    lines, line = [], str(mark)
    for word in note.split():
        if stringWidth(f"{line} {word}", FONT, NOTE_SIZE) > WIDTH:
            lines.append(line)
            line = word
        else:
            line += f" {word}"
    return [*lines, line]


if __name__ == "__main__":
    write(Path(sys.argv[1]))
