"""Text beside the running text of a synthetic book: headers, page numbers, line numbers, marginal notes, stamps."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

from reportlab.pdfgen.canvas import Canvas

from tools.documents.synthetic_books.layout import Layout
from tools.documents.synthetic_books.typesetting import Line, Place, Typesetter


class Leaf(NamedTuple):
    """A page to be printed: its number, how that is shown, and the titles in its header, none on a first page."""

    folio: int
    numeral: str
    titles: tuple[str, str] | None
    left: float
    right: float


class Margins:
    """Draws what stands beside the text.

    Attributes:
        headers: The text of each header so far.

    Args:
        canvas: The book.
        setter: Sets notes.
        random: Chooses.
        layout: How the book is set.
        size: The width and height of a page.
    """

    def __init__(
        self, canvas: Canvas, setter: Typesetter, random: Random, layout: Layout, size: tuple[float, float]
    ) -> None:
        self.canvas, self.setter, self.random, self.layout = canvas, setter, random, layout
        self.width, self.height = size
        self.header_font = random.choice((layout.font, "Times-Italic"))
        self.capitals = random.random() < 0.3
        self.headers: set[str] = set()
        self.stamped_first = bool(layout.stamp) and random.random() < 0.5
        self.restarts = bool(layout.line_numbers) and random.random() < 0.5
        self._line_number = 0

    def draw_header(self, leaf: Leaf, words: tuple[str, str]) -> None:
        """Draw the header of a page, given the first and the last word of its text."""
        if leaf.titles is None or not self.layout.headers:
            return
        is_right = leaf.folio % 2 == 1
        number = leaf.numeral if self.layout.numbers == "head" and self.layout.headers != "joined" else ""
        match self.layout.headers:
            case "titles":
                title = leaf.titles[leaf.folio % 2]
            case "chapters":
                title = leaf.titles[1]
            case "joined":
                title = f"{leaf.titles[1]}   {leaf.numeral}" if is_right else f"{leaf.numeral}   {leaf.titles[0]}"
            case _:
                title = " – ".join(words)
        if self.capitals:
            title = title.upper()
        self.headers.add(title)
        self.canvas.setFont(self.header_font, 9)
        draw: Callable[[float, float, str], None]
        middle, bottom = (leaf.left + leaf.right) / 2, self.height - 36
        outer, draw = (leaf.right, self.canvas.drawRightString) if is_right else (leaf.left, self.canvas.drawString)
        if self.layout.headers == "joined":
            draw(outer, bottom, title)
        else:
            self.canvas.drawCentredString(middle, bottom, title)
        if number:
            draw(outer, bottom, number)

    def draw_footer(self, leaf: Leaf) -> None:
        """Draw the page number below the text."""
        if self.layout.numbers == "foot" and self.layout.headers != "joined":
            self.canvas.setFont(self.layout.font, 9)
            self.canvas.drawCentredString((leaf.left + leaf.right) / 2, 26, leaf.numeral)

    def draw_stamp(self, page: int) -> None:
        """Draw the turned text that each page has."""
        is_watermark = self.layout.stamp == "watermark"
        text = "Not for circulation" if is_watermark else "Received by the county archive on 3 May 1874"
        left, bottom, angle, size = (0.2 * self.width, 0.25 * self.height, 55, 40) if is_watermark else (12, 90, 90, 8)
        for word in self.setter.draft(text, Place.MARGIN):
            word.draft.first = word.draft.last = page
        self.canvas.saveState()
        self.canvas.setFillGray(0.7)
        self.canvas.translate(left, bottom)
        self.canvas.rotate(angle)
        self.canvas.setFont("Helvetica", size)
        self.canvas.drawString(0, 0, text)
        self.canvas.restoreState()

    def draw_field(self, leaf: Leaf, page: int, bottom: float) -> None:
        """Draw a form field with a value."""
        [title] = self.setter.sentences("thing")
        value = title.replace("’", "'").replace("œ", "oe")  # reportlab writes values in Latin-1 only
        for word in self.setter.draft(value, Place.FIELD):
            word.draft.first = word.draft.last = page
        form: Any = self.canvas.acroForm
        form.textfield(
            value=value, name=f"field{page}", x=leaf.left, y=bottom, width=150, height=16, fontSize=9, relative=True
        )

    def number_lines(self, bottoms: Sequence[float], leaf: Leaf) -> None:
        """Draw the numbers of lines, given their lower edges."""
        if self.restarts:
            self._line_number = 0
        self.canvas.setFont("Helvetica", 7)
        for bottom in bottoms:
            self._line_number += 1
            if self._line_number % self.layout.line_numbers == 0:
                self.canvas.drawRightString(leaf.left - 10, bottom, str(self._line_number))

    def note(self, leaf: Leaf, bottom: float) -> list[tuple[float, float, Line]]:
        """Return the lines of a new note in the outer margin, and where they go."""
        room = 0.17 * self.width
        left = leaf.right + 9 if leaf.folio % 2 else leaf.left - 9 - room
        [text] = self.setter.sentences("thing")
        lines = self.setter.lines(self.setter.draft(text, Place.MARGIN), 7.5, width=room)
        return [(left, bottom - at * line.leading, line) for at, line in enumerate(lines)]
