"""What stands beside the text: watermarks, stamps, line numbers, notes in the margin, captions, text off the page."""

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

import pytest
from pikepdf import Array, Pdf
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


def turned(canvas: Canvas, text: str, left: float, bottom: float, *, angle: float, size: float) -> None:
    canvas.saveState()
    canvas.translate(left, bottom)
    canvas.rotate(angle)
    show(canvas, text, 0, 0, size=size)
    canvas.restoreState()


def watermark(canvas: Canvas, _page: int) -> None:
    turned(canvas, "DRAFT - NOT FOR CIRCULATION", 120, 200, angle=55, size=40)


def watermark_across(canvas: Canvas, _page: int) -> None:
    turned(canvas, "Copy", 500, 250, angle=135, size=90)


def stamp(canvas: Canvas, _page: int) -> None:
    turned(canvas, "Received by the archive on 7 June 1999. Do not copy.", 30, 220, angle=90, size=8)


def stamp_downwards(canvas: Canvas, page: int) -> None:
    turned(canvas, f"Sheet {page} of the file", 570, 600, angle=-90, size=8)


@pytest.mark.parametrize("decoration", [watermark, watermark_across, stamp, stamp_downwards])
@pytest.mark.parametrize("place", cases(["before", "after"], quick=["before"]))
def test_turned_text_is_in_no_sentence_and_not_lost(
    tmp_path: Path, decoration: Callable[[Canvas, int], None], place: str
) -> None:
    sentences = prose(120)
    write_prose(tmp_path / "book.pdf", sentences, decoration=decoration, place=place)

    assert missing(tmp_path / "book.pdf", sentences) == []
    kept = " ".join(entries(tmp_path / "book.pdf"))
    assert any(words in kept for words in ("NOT FOR CIRCULATION", "Copy", "archive", "Sheet 1"))


def across(text: str, left: float, bottom: float, size: float) -> Callable[[Canvas, int], None]:
    def draw(canvas: Canvas, _page: int) -> None:
        canvas.setFillGray(0.8)
        show(canvas, text, left, bottom, size=size, font="Helvetica-Bold" if size > 11 else "Times-Roman")
        canvas.setFillGray(0)

    return draw


@pytest.mark.parametrize(
    ("decoration", "count"),
    [
        (across("DRAFT", 180, 420, 72), 120),
        (across("DRAFT", 180, 560, 72), 30),
        (across("Evaluation copy", 150, TOP - 20 * LEADING, 36), 120),
        (across("CONFIDENTIAL", 240, 403, 14), 120),
        (across("Not for sale", 260, TOP - 7.5 * LEADING, 11), 120),
    ],
    ids=["large", "on a single page", "level with a line", "hardly larger", "of the size of the text"],
)
@pytest.mark.parametrize("place", cases(["before", "after"], quick=["before"]))
def test_a_watermark_across_the_lines_is_in_no_sentence(
    tmp_path: Path, decoration: Callable[[Canvas, int], None], count: int, place: str
) -> None:
    sentences = prose(count)
    pages = write_prose(tmp_path / "book.pdf", sentences, decoration=decoration, place=place)

    assert missing(tmp_path / "book.pdf", sentences) == []
    assert len(entries(tmp_path / "book.pdf")) == count + pages


def numbered(every: int, left: float, *, restart: bool = True, size: float = 8) -> Callable[[Canvas, int], None]:
    """Line numbers beside each line, or every few lines; on each page anew, or counted on."""

    def draw(canvas: Canvas, page: int) -> None:
        for at in range(40):
            number = at + 1 + (0 if restart else 40 * (page - 1))
            if number % every == 0:
                show(canvas, str(number), left, TOP - at * LEADING, size=size)

    return draw


@pytest.mark.parametrize(
    "decoration",
    [
        numbered(1, 60),
        numbered(5, 55, restart=False),
        numbered(1, RIGHT + 25, restart=False),
        numbered(10, RIGHT + 30, size=6),
        numbered(2, 50, size=11),
    ],
    ids=["on each page", "every fifth", "at the right", "small, every tenth", "every other line"],
)
@pytest.mark.parametrize("place", cases(["before", "after"], quick=["before"]))
def test_line_numbers_are_left_out(tmp_path: Path, decoration: Callable[[Canvas, int], None], place: str) -> None:
    sentences = prose(150)
    write_prose(tmp_path / "bill.pdf", sentences, decoration=decoration, place=place)

    assert missing(tmp_path / "bill.pdf", sentences) == []
    assert not any(entry.isdecimal() for entry in entries(tmp_path / "bill.pdf"))


def test_the_numbers_of_a_list_or_table_are_no_line_numbers(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "names.pdf"), pagesize=(595, 842), invariant=True)
    for at in range(30):
        show(canvas, str(at + 1), 60, TOP - at * LEADING)
        show(canvas, f"Member {chr(65 + at % 26)}nn Hill", 100, TOP - at * LEADING)
        show(canvas, str(at * 7 % 13), 300, TOP - at * LEADING)
    canvas.save()

    found = entries(tmp_path / "names.pdf")

    assert [entry.split()[0] for entry in found] == [str(at + 1) for at in range(30)]


def write_cells(path: Path, rows: Sequence[Sequence[str]], lefts: Sequence[float]) -> None:
    canvas = Canvas(str(path), pagesize=(595, 842), invariant=True)
    for at, row in enumerate(rows):
        for left, cell in zip(lefts, row, strict=True):
            show(canvas, cell, left, TOP - at * LEADING)
    canvas.save()


@pytest.mark.parametrize(
    "rows",
    [
        [("1", "x"), ("2", "y"), ("3", "z"), ("4", "w"), ("5", "v"), ("6", "u")],
        [("1", "2"), ("3", "4"), ("5", "6"), ("7", "8"), ("9", "10"), ("11", "12")],
        [(str(at + 1), f"chapter of the year {1800 + at * 7}") for at in range(12)],
    ],
    ids=["letters", "numbers", "contents"],
)
def test_numbers_beside_anything_but_prose_stay(tmp_path: Path, rows: Sequence[Sequence[str]]) -> None:
    write_cells(tmp_path / "cells.pdf", rows, (60, 110))

    found = " ".join(entries(tmp_path / "cells.pdf")).split()

    assert sorted(found) == sorted(" ".join(chain(*rows)).split())


def keywords(canvas: Canvas, page: int) -> None:
    for at in (3, 11, 24):
        show(canvas, f"Point {page}.{at}", 30, TOP - at * LEADING, size=8)


def remarks(canvas: Canvas, _page: int) -> None:
    for line, text in enumerate(("compare the", "letter of May")):
        show(canvas, text, RIGHT + 12, TOP - (7 + line) * 10.5, size=7.5)


def years(canvas: Canvas, page: int) -> None:
    for at in (0, 20, 38):
        show(canvas, str(1800 + page), 40, TOP - at * LEADING, size=9, font="Times-Italic")


@pytest.mark.parametrize("decoration", [keywords, remarks, years])
@pytest.mark.parametrize("place", cases(["before", "after"], quick=["before"]))
def test_notes_in_the_margin_are_entries(tmp_path: Path, decoration: Callable[[Canvas, int], None], place: str) -> None:
    sentences = prose(130)
    write_prose(tmp_path / "notes.pdf", sentences, decoration=decoration, place=place)

    assert missing(tmp_path / "notes.pdf", sentences) == []
    kept = " ".join(entries(tmp_path / "notes.pdf"))
    assert any(words in kept for words in ("Point 1.3", "compare the letter of May", "1801"))


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


def slug(canvas: Canvas, page: int) -> None:
    show(canvas, f"catalogue_v{page}.indd 12.03.2021 magenta", 60, 835, size=7)
    show(canvas, "cyan yellow", 60, BOTTOM - 85, size=7)


@pytest.mark.parametrize("rotation", cases([0, 90, 180, 270], quick=[0, 90]))
def test_what_lies_outside_the_crop_box_is_not_there(tmp_path: Path, rotation: int) -> None:
    sentences = prose(130)
    write_prose(tmp_path / "drawn.pdf", sentences, decoration=slug)
    with Pdf.open(tmp_path / "drawn.pdf") as pdf:
        for page in pdf.pages:
            page.obj.CropBox = Array([40, 40, 555, 802])
            page.obj.Rotate = rotation
        pdf.save(tmp_path / "cropped.pdf")

    assert entries(tmp_path / "cropped.pdf") == sentences


@pytest.mark.parametrize("angle", [90, -90, 180])
def test_sideways_pages_are_read_in_their_own_order(tmp_path: Path, angle: float) -> None:
    sentences = prose(60)
    canvas = Canvas(str(tmp_path / "sideways.pdf"), pagesize=(842, 842), invariant=True)
    texts = list(sentences)
    while texts:
        canvas.translate(421, 421)
        canvas.rotate(angle)
        for at in range(25):
            if texts:
                show(canvas, texts.pop(0), -330, 330 - at * 20)
        canvas.showPage()
    canvas.save()

    assert entries(tmp_path / "sideways.pdf") == sentences


@pytest.mark.parametrize(("left", "text_left"), [(RIGHT + 15, LEFT), (40, LEFT + 30)])
@pytest.mark.parametrize("order", ["with the lines", "after them"])
def test_margin_notes_of_the_size_of_the_text_are_entries(
    tmp_path: Path, left: float, text_left: float, order: str
) -> None:
    sentences = prose(120)
    canvas = Canvas(str(tmp_path / "book.pdf"), invariant=True)
    lines = list(wrapped(" ".join(sentences), RIGHT - text_left))
    for begin in range(0, len(lines), 40):
        notes = [(note, TOP - LEADING * at) for at, note in ((5, "Early life"), (16, "School"), (29, "§ 12"))]
        for at, line in enumerate(lines[begin : begin + 40]):
            show(canvas, line, text_left, TOP - LEADING * at)
            for note, bottom in notes:
                if order == "with the lines" and bottom == TOP - LEADING * at:
                    show(canvas, note, left, bottom)
        for note, bottom in notes:
            if order == "after them" and len(lines) > begin + 30:
                show(canvas, note, left, bottom)
        canvas.showPage()
    canvas.save()

    assert missing(tmp_path / "book.pdf", sentences) == []
    assert {"Early life", "School", "§ 12"} <= set(entries(tmp_path / "book.pdf"))


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
