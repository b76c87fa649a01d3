"""The pages of a synthetic book: lines placed in columns, with footnotes and pictures."""

from collections import deque
from pathlib import Path
from random import Random

from reportlab.lib.pagesizes import A4, A5
from reportlab.pdfgen.canvas import Canvas

from tools.documents.synthetic_books.blocks import Blocks
from tools.documents.synthetic_books.layout import Layout
from tools.documents.synthetic_books.margins import Leaf, Margins
from tools.documents.synthetic_books.typesetting import Line, Place, Run, Typesetter


_Place = tuple[float, float, Line]

_FIGURE = 90.0
"""The height in points of a figure at the foot of a column."""

_PUNCTUATION = ".,;:!?…()«»“”„‘’—–-"


class Press:
    """Prints one book.

    Attributes:
        setter: Gives the lines.
        page: The number of the last page, 0 before the first.
        headers: The text of each header.
    """

    def __init__(self, path: Path, random: Random, language: str, layout: Layout) -> None:
        self.random, self.layout = random, layout
        size = layout.page_size or (A5 if layout.columns == 1 else A4)
        self.width, self.height = float(size[0]), float(size[1])
        self.top, self.bottom, gap = self.height - 56, 76.0 if layout.forms else 52.0, 18
        self.margin = (0.22 if layout.margin_notes else 0.12) * self.width
        column_width = (self.width - 2 * self.margin - (layout.columns - 1) * gap) / layout.columns
        self.column_step = column_width + gap
        heading_font = random.choice((layout.font, "Helvetica-Bold"))
        self.canvas = Canvas(str(path), (self.width, self.height), invariant=True, pageCompression=1)
        self.setter = Typesetter(random, language, layout, column_width=column_width, heading_font=heading_font)
        self.margins = Margins(self.canvas, self.setter, random, layout, (self.width, self.height))
        self.setter.centred = random.random() < 0.5
        self.blocks = Blocks(self.setter, random, layout)
        self.headers = self.margins.headers
        self.page = self._drawn = 0

    def print_book(self, pages: int) -> None:
        """Print a preface and chapters."""
        [title] = self.setter.sentences("title")
        if self.layout.front_pages:
            preface = self.setter.rules["preface"][0]
            self._print_chapter(self.layout.front_pages, 0, (title, preface), preface)
        front, number, chapter = self.page, 0, title
        least, most = self.layout.chapter_pages
        while (left := pages - self.page) > 0:
            if self.layout.interruptions and number and left > 1 and self.random.random() < 0.5:
                self._finish_page()
                left -= 1
            number += 1
            previous = chapter
            while chapter == previous:
                [chapter] = self.setter.sentences("title")
            length = left if left <= most else self.random.randint(least, min(most, left - least))
            self._print_chapter(length, front, (title, chapter), f"{self.setter.rules['chapter'][0]} {number}", chapter)
        self.canvas.save()

    def _print_chapter(self, length: int, front: int, titles: tuple[str, str], *headings: str) -> None:
        """Print a chapter; on the last page the text ends about half-way."""
        self.setter.mark = 0
        start, end = self.page, self.page + length
        queue = deque(self.setter.set_heading(*headings))
        first, *others = self.setter.set_paragraph(is_first=True)
        queue += [first._replace(before=2 * self.layout.size), *others]
        full = self.layout.columns * (self.top - self.bottom) / (1.28 * self.layout.size)
        while self.page < end or queue:
            wanted = full * self.random.uniform(0.3, 0.5) if self.page + 1 >= end else full
            folio = self.page + 1 - front
            numeral = str(folio) if front or not self.layout.front_pages else roman(folio)
            left = self.margin + (6 if folio % 2 else -6)
            shown = titles if self.page > start else None
            leaf = Leaf(folio, numeral, shown, left, left + self.width - 2 * self.margin)
            self._print_page(queue, wanted, leaf)
            in_sentence = queue and queue[0].words[0].draft.first
            if self.layout.interruptions and in_sentence and end - self.page > 1 and self.random.random() < 0.4:
                if self.random.random() < 0.7:
                    self.canvas.setFillGray(0.6)
                    self.canvas.rect(self.margin, self.height / 3, self.width / 2, self.height / 3, fill=1)
                self._finish_page()

    def _print_page(self, queue: deque[Line], wanted: float, leaf: Leaf) -> None:
        """Print a page of the queue's lines, and of new ones while it has fewer than wanted."""
        rotation = self._turn()
        placed: list[_Place] = []
        for column in range(self.layout.columns):
            is_inside = leaf.titles is not None
            placed += self._fill_column(
                queue, wanted - len(placed), leaf.left + column * self.column_step, may_have_figure=is_inside
            )
        if self.margins.stamped_first:
            self.margins.draw_stamp(self.page + 1)
        body = [place for place in placed if place[2].words[0].draft.place is Place.BODY]
        if body:
            ends = body[0][2].words[0].text, body[-1][2].words[-1].text
            self.margins.draw_header(leaf, (ends[0].strip(_PUNCTUATION), ends[1].strip(_PUNCTUATION)))
        if self.layout.by_rows:
            placed.sort(key=lambda place: -place[1])
        for x, y, line in self._with_margin_notes(placed, leaf):
            self._draw(x, y, line)
        if self.layout.line_numbers:
            self.margins.number_lines([y for _, y, line in body if line.size == self.layout.size], leaf)
        self.margins.draw_footer(leaf)
        if self.layout.stamp and not self.margins.stamped_first:
            self.margins.draw_stamp(self.page + 1)
        if self.layout.forms and self.random.random() < 0.5:
            self.margins.draw_field(leaf, self.page + 1, self.bottom - 28)
        self._finish_page(rotation)

    def _turn(self) -> int:
        """Turn the page that begins, or its text only, and return its rotation."""
        if self.layout.rotated and self.random.random() < 0.3:
            self.canvas.transform(0, 1, -1, 0, self.height, 0)
            return 90
        if self.layout.sideways and self.random.random() < 0.3:
            self.canvas.setPageSize((self.height, self.width))
            upwards = self.random.random() < 0.5
            self.canvas.transform(*((0, 1, -1, 0, self.height, 0) if upwards else (0, -1, 1, 0, 0, self.width)))
        return 0

    def _with_margin_notes(self, placed: list[_Place], leaf: Leaf) -> list[_Place]:
        """The lines with notes in the margin beside some of them, at least three lines apart."""
        if not self.layout.margin_notes:
            return placed
        noted: list[_Place] = []
        last = self.top + 100
        for place in placed:
            noted.append(place)
            if last - place[1] > 45 and not place[2].runs and self.random.random() < 0.1:
                noted += self.margins.note(leaf, place[1])
                last = place[1]
        return noted

    def _fill_column(self, queue: deque[Line], wanted: float, x: float, *, may_have_figure: bool) -> list[_Place]:
        """Where lines go, and at the column's foot the notes they call for."""
        y, foot = self.top, self.bottom
        body: list[_Place] = []
        figure: list[_Place] = []
        if self.layout.figures and may_have_figure and self.random.random() < 0.3:
            if self.random.random() < 0.6:
                body, y = self._figure(x, self.top)
            else:
                figure, foot = self._figure_at_foot(x)
        above = len(body)
        notes: list[Line] = []
        while True:
            if not queue and len(body) < wanted:
                queue.extend(self.blocks.next_block())
            if not queue:
                break
            line = queue[0]
            before = line.before if len(body) > above or line.size > self.layout.size else 0
            below = y - line.leading - before
            raised = foot + sum(note.leading for note in line.note) + (12 if line.note and not notes else 0)
            if below - (line.keep if len(body) > above else 0) < raised:
                break
            body.append((x, below, queue.popleft()))
            notes += line.note
            y, foot = below, raised
        if notes:
            self.canvas.line(x, foot - 5, x + 60, foot - 5)
        y = foot - 12
        return body + [(x, y := y - note.leading, note) for note in notes] + figure

    def _figure(self, x: float, top: float, lines: list[Line] | None = None) -> tuple[list[_Place], float]:
        """Draw a figure with its upper edge there, and return its caption and where the text goes on."""
        width = self.setter.column_width
        height = self.random.uniform(60, 130) if lines is None else _FIGURE
        self.canvas.rect(x + 0.2 * width, top - height, 0.6 * width, height)
        y = top - height - 4
        caption = [(x, y := y - line.leading, line) for line in lines or self.blocks.caption("figure")]
        return caption, y - 1.5 * self.layout.size

    def _figure_at_foot(self, x: float) -> tuple[list[_Place], float]:
        """Draw a figure at the foot of a column, and return its caption and where text and notes end."""
        lines = self.blocks.caption("figure")
        top = self.bottom + _FIGURE + 4 + sum(line.leading for line in lines)
        return self._figure(x, top, lines)[0], top + 1.5 * self.layout.size

    def _draw(self, x: float, y: float, line: Line) -> None:
        self._drawn += 1
        if line.words[0].draft.place is Place.CAPTION:
            for word in line.words:
                word.draft.turn = word.draft.turn or self._drawn
        main = Run(line.words, line.indent, line.size)
        for run in sorted([*line.runs, main], key=lambda run: run.indent):
            self._draw_run(x, y, run, line.font, line.stretch if run is main else 0)

    def _draw_run(self, x: float, y: float, run: Run, font: str, stretch: float) -> None:
        text = self.canvas.beginText(x + run.indent, y - run.fall)
        text.setFont(font, run.size)
        text.setWordSpace(stretch)
        shown = ""
        for number, word in enumerate(run.words):
            shown += " " * (number > 0) + word.text
            if word.mark:
                text.textOut(shown)
                text.setFont(font, 0.65 * run.size)
                text.setRise(0.35 * run.size)
                text.textOut(word.mark)
                text.setFont(font, run.size)
                text.setRise(0)
                shown = ""
            word.draft.first = word.draft.first or self.page + 1
            word.draft.last = self.page + 1
        text.textOut(shown)
        self.canvas.drawText(text)

    def _finish_page(self, rotation: int = 0) -> None:
        self.canvas.setPageRotation(rotation)  # this turns the page's size, too
        self.canvas.showPage()
        self.canvas.setPageSize((self.width, self.height))
        self.page += 1


def roman(number: int) -> str:
    """Return a number below 40 in roman numerals."""
    tens, ones = divmod(number, 10)
    return "x" * tens + ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")[ones]
