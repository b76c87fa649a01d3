"""Headers and footers that change, skip or count otherwise; and text that only looks like them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from integration.layout.document import BOTTOM, LEFT, RIGHT, TOP, entries, missing, prose, show, write_prose


HEADER, FOOTER = TOP + 40, BOTTOM - 50

CHAPTERS = ("The Harbour", "A Letter from the South", "Snow", "What the Clerk Had Seen", "The Return")


def changing_titles(canvas: Canvas, page: int) -> None:
    title = f"{page + 11}   {CHAPTERS[page // 3 % 5]}" if page % 2 else f"{CHAPTERS[0]}   {page + 11}"
    show(canvas, title, LEFT, HEADER, size=9)


def guide_words(canvas: Canvas, page: int) -> None:
    show(canvas, f"{'abcdefghijklmnop'[page % 16]}bacus – {'abcdefghijklmnop'[page % 16]}corn", LEFT, HEADER, size=9)


def spreads(canvas: Canvas, page: int) -> None:
    show(canvas, str(2 * page + 6), LEFT, FOOTER, size=9)
    show(canvas, str(2 * page + 7), RIGHT - 20, FOOTER, size=9)


def times_of_printing(canvas: Canvas, page: int) -> None:
    show(canvas, f"Printed on 3 May 2024, 10:{page:02}:{page * 7 % 60:02}", LEFT, FOOTER, size=8)
    show(canvas, f"https://news.example.org/story {page}/9", LEFT, HEADER, size=8)


def numbers_of_sections(canvas: Canvas, page: int) -> None:
    show(canvas, f"{page // 4 + 1}-{page % 4 + 1}", RIGHT - 30, FOOTER, size=9)
    show(canvas, "Service Manual", LEFT, HEADER, size=9)


def page_of_pages(canvas: Canvas, page: int) -> None:
    show(canvas, f"Seite {page} von 9", 280, FOOTER, size=9)
    show(canvas, "Protokoll der Sitzung vom 3. Mai", LEFT, HEADER, size=9)


DECORATIONS = (changing_titles, spreads, times_of_printing, numbers_of_sections, page_of_pages)


@pytest.mark.parametrize(
    ("decoration", "count"),
    [*((decoration, count) for decoration in DECORATIONS for count in (100, 420)), (guide_words, 420)],
)
def test_no_header_or_footer_is_in_a_sentence(
    tmp_path: Path, decoration: Callable[[Canvas, int], None], count: int
) -> None:
    sentences = prose(count)
    pages = write_prose(tmp_path / "book.pdf", sentences, decoration=decoration)

    assert pages >= 2
    assert missing(tmp_path / "book.pdf", sentences) == []


def write_letters(path: Path, first: str, last: str, gap: float) -> None:
    canvas = Canvas(str(path), pagesize=(595, 842), invariant=True)
    for number in range(1, 8):
        lines = [
            first.format(number),
            "we thank you for your visit in the spring.",
            f"Your seat is {number * 7}.",
            last,
        ]
        for at, line in enumerate(lines):
            show(canvas, line, LEFT, 700 - 14 * at - (gap if at == 3 else 0))
        canvas.showPage()
    canvas.save()


@pytest.mark.parametrize("gap", [0, 14, 300])
def test_the_lines_of_form_letters_stay(tmp_path: Path, gap: float) -> None:
    write_letters(tmp_path / "letters.pdf", "Dear guest number {},", "Keep this letter until the end of the year.", gap)

    found = entries(tmp_path / "letters.pdf")

    assert found.count("Keep this letter until the end of the year.") == 7
    assert sum("Your seat is" in entry for entry in found) == 7


def test_rows_of_a_table_that_repeat_on_every_page_stay(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "table.pdf"), pagesize=(595, 842), invariant=True)
    for page in range(1, 7):
        for at in range(45):
            for column, cell in enumerate(("Totals" if at == 44 else f"Item {page * 50 + at}", "each", str(at * 3))):
                show(canvas, cell, 90 + 150 * column, 770 - 15 * at)
        canvas.showPage()
    canvas.save()

    found = entries(tmp_path / "table.pdf")

    assert found.count("Totals each 132") == 6
    assert len(found) == 6 * 45


@pytest.mark.parametrize("unit", [" km", "", "0.5", " percent"])
def test_what_stands_beside_a_page_number_stays(tmp_path: Path, unit: str) -> None:
    def scale(canvas: Canvas, page: int) -> None:
        show(canvas, str(page), RIGHT, FOOTER, size=9)
        if page == 3:
            for at in range(5):
                show(canvas, f"{at * 50 + 20}{unit}", LEFT + 60 * at, FOOTER)

    sentences = prose(420)
    write_prose(tmp_path / "slides.pdf", sentences, decoration=scale)

    found = entries(tmp_path / "slides.pdf")

    assert missing(tmp_path / "slides.pdf", sentences) == []
    assert all(f"{at * 50 + 20}{unit}" in " ".join(found) for at in range(5))
    assert "4" not in found


@pytest.mark.parametrize("pages", [3, 4, 7])
@pytest.mark.parametrize(
    ("form", "bottom", "size"),
    [("{} The Letter of {}, in the Archive", BOTTOM - 40, 8), ("{}. The Year {}", TOP + 30, 11), ("{}) In {}", 60, 9)],
)
def test_notes_and_headings_whose_numbers_count_with_the_pages_stay(
    tmp_path: Path, pages: int, form: str, bottom: float, size: float
) -> None:
    names = ["Paris", "Rome", "Lyon", "Bonn", "Bern", "Kyiv", "Oslo", "Riga"]

    def numbered_text(canvas: Canvas, page: int) -> None:
        show(canvas, form.format(page, names[page - 1]), LEFT, bottom, size=size)

    sentences = prose(50 * pages)
    count = write_prose(tmp_path / "book.pdf", sentences, decoration=numbered_text)

    assert count > 2
    found = " ".join(entries(tmp_path / "book.pdf"))
    assert [name for name in names[:count] if name not in found] == []
