"""What a synthetic book has between its paragraphs: lists, tables, section headings; and captions for its figures."""

from collections.abc import Iterator, Sequence
from random import Random

from reportlab.pdfbase.pdfmetrics import stringWidth

from tools.documents.synthetic_books.layout import Layout
from tools.documents.synthetic_books.typesetting import Line, Place, Run, Typesetter, Word


_DASH = "\N{EN DASH}"
_MARKERS = ("\N{BULLET}", _DASH, "{}.", "{})", "({})", "[{}]")
"""What stands before the items of a list; `{}` is the number of the item."""


class Blocks:
    """Sets what follows next in a chapter.

    Args:
        setter: Breaks text into lines.
        random: Chooses.
        layout: How the book is set.
    """

    def __init__(self, setter: Typesetter, random: Random, layout: Layout) -> None:
        self.setter, self.random, self.layout = setter, random, layout
        self._captions = {"figure": 0, "table": 0}
        self._space = 0.0  # above the next block
        self._was_section = False
        if layout.lists:
            self._item_indent, self._item_space = random.choice((0, 1, 1.5)), random.choice((0, 0, 0.4))
        if layout.sections:
            self._section_font = random.choice(("Times-Bold", "Helvetica-Bold"))
            self._section_space = random.choice((0, 0.6, 1))

    def next_block(self) -> list[Line]:
        """Return the lines of a paragraph, or of something else if the book has it."""
        size = self.layout.size
        space, self._space = self._space, 0
        is_section = self.layout.sections and not self._was_section and self.random.random() < 0.15
        if is_section:
            lines = self._section()
        elif self.layout.lists and self.random.random() < 0.2:
            lines = [*self.setter.set_paragraph(ending="intro"), *self._list()]
        elif self.layout.tables and self.random.random() < 0.12:
            lines = list(self._table())
            space, self._space = size, size
        else:
            lines = list(self.setter.set_paragraph())
        self._was_section = is_section
        first, *others = lines
        return [first._replace(before=max(first.before, space)), *others]

    def caption(self, kind: str, width: float = 0) -> list[Line]:
        """Return the lines of the caption of the next `figure` or `table`."""
        self._captions[kind] += 1
        label = f"{self.setter.rules[kind][0]} {self._captions[kind]}{self.random.choice(('.', ':'))}"
        first, *others = self.setter.sentences(self.random.choice(("caption", "plain")))
        words = [word for text in (f"{label} {first}", *others) for word in self.setter.draft(text, Place.CAPTION)]
        return list(self.setter.lines(words, self.random.choice((0.85, 1)) * self.layout.size, width=width))

    def _section(self) -> list[Line]:
        [title] = self.setter.sentences("thing")
        size = self.layout.size
        return [
            Line(
                self.setter.draft(title),
                self._section_font,
                size,
                1.28 * size,
                before=self._section_space * size,
                keep=3 * size,
            )
        ]

    def _list(self) -> Iterator[Line]:
        size = self.layout.size
        marker, hangs = self.random.choice(_MARKERS), self.random.random() < 0.7
        hangs = hangs or marker == _DASH  # otherwise nobody can tell it from a dash at the beginning of a line
        rules = self.random.choice((("object",), ("phrase",), ("plain", "long"), ("plain", "abbr", "long")))
        is_small = self.random.random() < 0.3
        indent = self._item_indent * size
        hang = 2.2 * size if hangs else 0
        for number in range(1, self.random.randint(3, 9)):
            rule = self.random.choice(rules)
            first, *others = [self.setter.phrase(rule)] if is_small and len(rules) == 1 else self.setter.sentences(rule)
            words = [word for text in (f"{marker.format(number)} {first}", *others) for word in self.setter.draft(text)]
            if hang:
                line, *more = self.setter.lines(words[1:], size, [indent + hang], self._item_space * size)
                yield line._replace(runs=(Run([words[0]], indent, size),))
                yield from more
            else:
                yield from self.setter.lines(words, size, [indent], self._item_space * size)

    def _table(self) -> Iterator[Line]:
        if self.random.random() < 0.6:
            lines = self.caption("table")
            for at, line in enumerate(lines):  # a caption is never apart from its table
                yield line._replace(keep=5 * self.layout.size + sum(below.leading for below in lines[at + 1 :]))
        size, width = self.layout.size, self.setter.column_width
        columns = [self.random.uniform(0.5, 0.55) * width, self.random.uniform(0.7, 0.75) * width, 0.9 * width]
        is_right = self.random.random() < 0.5
        rows = [self.setter.sentences("columns")]
        rows += [
            [*self.setter.sentences("thing"), *map(self.setter.phrase, ("year", "n", "n"))]
            for _ in range(self.random.randint(3, 14))
        ]
        for number, row in enumerate(rows):
            cells = self._cells(row)
            runs = [
                Run(cell, left - (self._width(cell) if is_right else 0), size)
                for cell, left in zip(cells[1:], [at + (0.1 * width if is_right else 0) for at in columns], strict=True)
            ]
            yield Line(
                cells[0], self.layout.font, size, 1.28 * size, runs=tuple(runs), keep=2 * size if number == 0 else 0
            )

    def _cells(self, row: Sequence[str]) -> list[list[Word]]:
        words = iter(self.setter.draft(" ".join(row)))
        return [[next(words) for _ in cell.split()] for cell in row]

    def _width(self, cell: Sequence[Word]) -> float:
        return float(stringWidth(" ".join(word.text for word in cell), self.layout.font, self.layout.size))
