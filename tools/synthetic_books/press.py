"""The pages of a synthetic book: lines placed in columns, with headers, page numbers, footnotes and pictures."""

from collections import deque
from pathlib import Path
from random import Random

from reportlab.lib.pagesizes import A4, A5
from reportlab.pdfgen.canvas import Canvas

from tools.synthetic_books.typesetting import Layout, Line, Typesetter


_Place = tuple[float, float, Line]


class Press:
    """Prints one book.

    Attributes:
        setter: Gives the lines.
        page: The number of the last page, 0 before the first.
    """

    def __init__(self, path: Path, random: Random, language: str, layout: Layout) -> None:
        self.random, self.layout = random, layout
        size = layout.page_size or (A5 if layout.columns == 1 else A4)
        self.width, self.height = float(size[0]), float(size[1])
        self.top, self.bottom, self.margin, gap = self.height - 56, 52.0, 0.12 * self.width, 18
        column_width = (self.width - 2 * self.margin - (layout.columns - 1) * gap) / layout.columns
        self.column_step = column_width + gap
        heading_font = random.choice((layout.font, "Helvetica-Bold"))
        self.header_font = random.choice((layout.font, "Times-Italic"))
        self.capitals, centred = random.random() < 0.3, random.random() < 0.5
        self.setter = Typesetter(
            random, language, layout, column_width=column_width, heading_font=heading_font, centred=centred
        )
        self.canvas = Canvas(str(path), (self.width, self.height), invariant=True, pageCompression=1)
        self.page = 0

    def print_book(self, pages: int) -> None:
        """Print a preface and chapters of 5 to 12 pages."""
        [title] = self.setter.sentences("title")
        if self.layout.front_pages:
            preface = self.setter.rules["preface"][0]
            self._print_chapter(self.layout.front_pages, 0, (title, preface), preface)
        front, number, chapter = self.page, 0, title
        while (left := pages - self.page) > 0:
            if self.layout.interruptions and number and left > 1 and self.random.random() < 0.5:
                self._finish_page()
                left -= 1
            number += 1
            previous = chapter
            while chapter == previous:
                [chapter] = self.setter.sentences("title")
            length = left if left <= 12 else self.random.randint(5, min(12, left - 5))
            self._print_chapter(length, front, (title, chapter), f"{self.setter.rules['chapter'][0]} {number}", chapter)
        self.canvas.save()

    def _print_chapter(self, length: int, front: int, titles: tuple[str, str], *headings: str) -> None:
        """Print a chapter; on the last page the text ends about half-way."""
        self.setter.mark = 0
        start, end = self.page, self.page + length
        queue = deque(self.setter.set_heading(*headings))
        first, *others = self.setter.set_paragraph()
        queue += [first._replace(before=2 * self.layout.size), *others]
        full = self.layout.columns * (self.top - self.bottom) / (1.28 * self.layout.size)
        while self.page < end or queue:
            wanted = full * self.random.uniform(0.3, 0.5) if self.page + 1 >= end else full
            folio = self.page + 1 - front
            numeral = str(folio) if front or not self.layout.front_pages else roman(folio)
            header = titles[folio % 2] if self.layout.headers and self.page > start else ""
            self._print_page(queue, wanted, folio, numeral, header)
            in_sentence = queue and queue[0].words[0].draft.first
            if self.layout.interruptions and in_sentence and end - self.page > 1 and self.random.random() < 0.4:
                if self.random.random() < 0.7:
                    self.canvas.setFillGray(0.6)
                    self.canvas.rect(self.margin, self.height / 3, self.width / 2, self.height / 3, fill=1)
                self._finish_page()

    def _print_page(self, queue: deque[Line], wanted: float, folio: int, numeral: str, header: str) -> None:
        """Print a page of the queue's lines, and of new ones while it has fewer than wanted."""
        rotation = 90 if self.layout.rotated and self.random.random() < 0.3 else 0
        if rotation:
            self.canvas.transform(0, 1, -1, 0, self.height, 0)
        left = self.margin + (6 if folio % 2 else -6)
        right = left + self.width - 2 * self.margin
        if header:
            self.canvas.setFont(self.header_font, 9)
            shown = header.upper() if self.capitals else header
            self.canvas.drawCentredString((left + right) / 2, self.height - 36, shown)
            if self.layout.numbers == "head" and folio % 2:
                self.canvas.drawRightString(right, self.height - 36, numeral)
            elif self.layout.numbers == "head":
                self.canvas.drawString(left, self.height - 36, numeral)
        placed: list[_Place] = []
        for column in range(self.layout.columns):
            placed += self._fill_column(queue, wanted - len(placed), left + column * self.column_step)
        if self.layout.by_rows:
            placed.sort(key=lambda place: -place[1])
        for x, y, line in placed:
            self._draw(x, y, line)
        if self.layout.numbers == "foot":
            self.canvas.setFont(self.layout.font, 9)
            self.canvas.drawCentredString((left + right) / 2, 26, numeral)
        self._finish_page(rotation)

    def _fill_column(self, queue: deque[Line], wanted: float, x: float) -> list[_Place]:
        """Where lines go, and at the column's foot the notes they call for."""
        y, foot = self.top, self.bottom
        body: list[_Place] = []
        notes: list[Line] = []
        while True:
            if not queue and len(body) < wanted:
                queue.extend(self.setter.set_paragraph())
            if not queue:
                break
            line = queue[0]
            below = y - line.leading - (line.before if body or line.size > self.layout.size else 0)
            raised = foot + sum(note.leading for note in line.note) + (12 if line.note and not notes else 0)
            if below < raised:
                break
            body.append((x, below, queue.popleft()))
            notes += line.note
            y, foot = below, raised
        if notes:
            self.canvas.line(x, foot - 5, x + 60, foot - 5)
        y = foot - 12
        return body + [(x, y := y - note.leading, note) for note in notes]

    def _draw(self, x: float, y: float, line: Line) -> None:
        text = self.canvas.beginText(x + line.indent, y)
        text.setFont(line.font, line.size)
        text.setWordSpace(line.stretch)
        run = ""
        for number, word in enumerate(line.words):
            run += " " * (number > 0) + word.text
            if word.mark:
                text.textOut(run)
                text.setFont(line.font, 0.65 * line.size)
                text.setRise(0.35 * line.size)
                text.textOut(word.mark)
                text.setFont(line.font, line.size)
                text.setRise(0)
                run = ""
            word.draft.first = word.draft.first or self.page + 1
            word.draft.last = self.page + 1
        text.textOut(run)
        self.canvas.drawText(text)

    def _finish_page(self, rotation: int = 0) -> None:
        self.canvas.setPageRotation(rotation)  # this turns the page's size, too
        self.canvas.showPage()
        self.page += 1


def roman(number: int) -> str:
    """Return a number below 40 in roman numerals."""
    tens, ones = divmod(number, 10)
    return "x" * tens + ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")[ones]
