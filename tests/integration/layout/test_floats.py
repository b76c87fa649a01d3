"""Floats and insets between the lines of a text: captions, footnotes, pull quotes, tables and formulas."""

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from integration.layout.document import (
    BOTTOM,
    LEADING,
    LEFT,
    RIGHT,
    SIZE,
    TOP,
    entries,
    missing,
    prose,
    show,
    wrapped,
    write_prose,
)
from sizes import cases


CAPTIONS = (
    "Figure 3: The harbour in winter.",
    "Table 2. Prices of bread from 1840 to 1860",
    "Abb. 4 Das Haus am Hafen",
    "Fig. 7 – The bridge, seen from the mill",
    "Tableau IV: Les prix du pain",
)


@pytest.mark.parametrize("caption", cases(CAPTIONS, quick=CAPTIONS[:2]))
@pytest.mark.parametrize("size", cases([11, 9], quick=[11]))
def test_a_caption_at_the_top_of_a_page_breaks_no_sentence(tmp_path: Path, caption: str, size: float) -> None:
    def float_at_top(canvas: Canvas, page: int) -> None:
        if page % 2 == 0:
            canvas.rect(150, TOP - 70, 250, 60)
            show(canvas, caption, 150, TOP - 6 * LEADING, size=size)

    sentences = prose(140)
    write_prose(tmp_path / "book.pdf", sentences, decoration=float_at_top, first_line=lambda page: 0 if page % 2 else 8)

    assert missing(tmp_path / "book.pdf", sentences) == []
    assert caption in entries(tmp_path / "book.pdf")


@pytest.mark.parametrize("lines", [2, 14])
def test_a_long_small_caption_close_to_the_text_is_in_no_sentence(tmp_path: Path, lines: int) -> None:
    caption = prose(2 * lines, seed=9)
    caption[0] = "Fig. 8: " + caption[0]
    drawn = list(wrapped(" ".join(caption), RIGHT - LEFT, size=9))

    def float_at_top(canvas: Canvas, page: int) -> None:
        if page == 2:
            for at, line in enumerate(drawn):
                show(canvas, line, LEFT, TOP - at * 10.5, size=9)

    def first_line(page: int) -> int:
        return 0 if page != 2 else round(len(drawn) * 10.5 / LEADING) + 1

    sentences = prose(140)
    write_prose(tmp_path / "book.pdf", sentences, decoration=float_at_top, first_line=first_line)

    assert missing(tmp_path / "book.pdf", [*sentences, *caption]) == []


@pytest.mark.parametrize("size", cases([11, 9], quick=[11]))
def test_footnotes_may_stand_above_a_figure(tmp_path: Path, size: float) -> None:
    notes = [
        "1 See the report of the year, which was printed in the town and never sold to anybody at all, on its page",
        "12 of the second volume.",
        "2 The same, on p. 3.",
    ]

    def notes_and_figure(canvas: Canvas, page: int) -> None:
        for at, note in enumerate(notes):
            show(canvas, note, LEFT, TOP - 30 * LEADING - 20 - at * 11, size=8.5)
        if page % 2 == 0:
            canvas.rect(150, BOTTOM + 20, 250, 60)
            show(canvas, f"Figure {page // 2}: The harbour in {1800 + page}.", LEFT, BOTTOM, size=size)

    sentences = prose(100)
    write_prose(tmp_path / "book.pdf", sentences, decoration=notes_and_figure, place="after", lines_per_page=30)

    assert missing(tmp_path / "book.pdf", sentences) == []
    found = entries(tmp_path / "book.pdf")
    assert "2 The same, on p. 3." in found
    assert "Figure 1: The harbour in 1802." in found
    assert any(entry.startswith("1 See") and "12 of the second volume." in entry for entry in found)


def test_a_paragraph_about_a_figure_is_no_caption(tmp_path: Path) -> None:
    sentences = ["Figure 2 shows the harbour.", *prose(40), "Table 1 was lost."]
    write_prose(tmp_path / "book.pdf", sentences)

    assert entries(tmp_path / "book.pdf") == sentences


@pytest.mark.parametrize(("font", "size"), [("Times-Italic", 16), ("Helvetica-Bold", 13), ("Times-BoldItalic", SIZE)])
def test_a_pull_quote_breaks_no_sentence(tmp_path: Path, font: str, size: float) -> None:
    sentences = prose(30)
    canvas = Canvas(str(tmp_path / "book.pdf"), invariant=True)
    bottom = TOP
    for at, line in enumerate(wrapped(" ".join(sentences), RIGHT - LEFT)):
        if at == 7:
            for number, words in enumerate(("“Nobody had seen", "the light go out.”")):
                show(canvas, words, LEFT + 40, bottom - 14 - 1.25 * size * number, font=font, size=size)
            bottom -= 28 + 2.5 * size
        show(canvas, line, LEFT, bottom)
        bottom -= LEADING
    canvas.showPage()
    canvas.save()

    assert missing(tmp_path / "book.pdf", sentences) == []
    assert "“Nobody had seen the light go out.”" in entries(tmp_path / "book.pdf")


@pytest.mark.parametrize("place", ["at the foot of the page", "between lines"])
def test_a_table_in_the_middle_of_a_sentence_does_not_break_it(tmp_path: Path, place: str) -> None:
    sentences = prose(90)
    canvas = Canvas(str(tmp_path / "book.pdf"), invariant=True)
    lines = list(wrapped(" ".join(sentences), RIGHT - LEFT))
    # The sentence goes on with a small letter after the table.
    first = next(at for at in range(20, 40) if lines[at][0].islower() and not lines[at - 1].endswith("."))
    bottom = TOP
    for line in lines[:first]:
        show(canvas, line, LEFT, bottom)
        bottom -= LEADING
    rows = ["Year Roof Garden", "2019 1,200 80", "2020 90 120"]
    for at, row in enumerate(rows):
        for column, cell in enumerate(row.split()):
            show(canvas, cell, LEFT + 110 * column, bottom - 12 - LEADING * at)
    bottom -= 24 + 3 * LEADING
    for line in lines[first:]:
        if bottom < BOTTOM or (place == "at the foot of the page" and line is lines[first]):
            canvas.showPage()
            bottom = TOP
        show(canvas, line, LEFT, bottom)
        bottom -= LEADING
    canvas.save()

    assert missing(tmp_path / "book.pdf", [*sentences, *rows]) == []


def test_a_formula_stays_in_its_sentence(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "book.pdf"), invariant=True)
    lines = [
        ("The clerk wrote down what the twins had told him about the lamp and the kettle, so that", "Times-Roman"),
        ("E = mc + k for all k in the set", "Times-Italic"),
        ("where k is the weight of the kettle.", "Times-Roman"),
    ]
    for at, (line, font) in enumerate(lines):
        show(canvas, line, LEFT, TOP - 28 * at, font=font)
    canvas.showPage()
    canvas.save()

    assert entries(tmp_path / "book.pdf") == [" ".join(line for line, _ in lines)]
