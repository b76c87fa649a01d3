"""Headers and footers that change, skip or count otherwise; and text that only looks like them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from integration.layout.document import BOTTOM, LEFT, RIGHT, TOP, entries, missing, prose, show, wrapped, write_prose
from sizes import cases


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
    "decorated",
    cases(
        [*((decoration, count) for decoration in DECORATIONS for count in (100, 420)), (guide_words, 420)],
        quick=[*((decoration, 100) for decoration in DECORATIONS), (guide_words, 420)],
    ),
)
def test_no_header_or_footer_is_in_a_sentence(
    tmp_path: Path, decorated: tuple[Callable[[Canvas, int], None], int]
) -> None:
    decoration, count = decorated
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


def write_forms(path: Path, lines: dict[float, str], pages: int = 6) -> None:
    canvas = Canvas(str(path), pagesize=(595, 842), invariant=True)
    for page in range(1, pages + 1):
        for at, line in enumerate(wrapped(" ".join(prose(9, page)), 400)):
            show(canvas, line, LEFT, 640 - 14 * at)
        for bottom, line in lines.items():
            show(canvas, line.format(page + 30), LEFT, bottom)
        canvas.showPage()
    canvas.save()


@pytest.mark.parametrize(
    ("bottom", "line"),
    [
        (60, "Do not write below this line."),
        (110, "The form is handed in at the town hall."),
        (110, "Signature of the tenant"),
        (735, "Dear member number {},"),
        (735, "Invoice {}"),
        (780, "We thank all members for their help;"),
        (780, "Table {}. Sums of the Year"),
    ],
)
def test_lines_of_forms_and_letters_stay_wherever_they_stand(tmp_path: Path, bottom: float, line: str) -> None:
    write_forms(tmp_path / "forms.pdf", {bottom: line})

    found = entries(tmp_path / "forms.pdf")

    assert sum(entry in {line.format(page + 30) for page in range(1, 7)} for entry in found) == 6


def test_the_head_of_a_table_that_repeats_on_every_page_stays(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "table.pdf"), pagesize=(595, 842), invariant=True)
    for page in range(1, 6):
        for at in range(40):
            row = ("Name", "Town", "Sum") if at == 0 else (f"Person {page * 50 + at}", "Leeds", str(at * page))
            for column, cell in enumerate(row):
                show(canvas, cell, 90 + 150 * column, 770 - 15 * at - (12 if at else 0))
        canvas.showPage()
    canvas.save()

    assert entries(tmp_path / "table.pdf").count("Name Town Sum") == 5


def two_lines(canvas: Canvas, page: int) -> None:
    show(canvas, "Journal of Mills", LEFT, HEADER, size=9)
    show(canvas, f"Vol. 12 ({page})", LEFT, HEADER - 11, size=9)


def letterhead(canvas: Canvas, page: int) -> None:
    for at, line in enumerate(("Miller Ltd", "Quality Manual", f"Page {page}", "Version 3")):
        show(canvas, line, LEFT, HEADER + 15 - 11 * at, size=8)


def first_page_differs(canvas: Canvas, page: int) -> None:
    show(canvas, *(("1", 297, FOOTER) if page == 1 else (f"M. Stone / Mills {page}", LEFT, HEADER)))


def number_between_guide_words(canvas: Canvas, page: int) -> None:
    show(canvas, "abcdef"[page] + "corn", LEFT, HEADER, size=9)
    show(canvas, str(page + 10), 290, HEADER, size=9)
    show(canvas, "abcdef"[page] + "zure", RIGHT - 30, HEADER, size=9)


@pytest.mark.parametrize(
    "decoration",
    [two_lines, letterhead, first_page_differs, number_between_guide_words, page_of_pages, spreads, times_of_printing],
)
@pytest.mark.parametrize("count", [68, 134])
def test_a_last_page_of_few_lines_confirms_its_headers(
    tmp_path: Path, decoration: Callable[[Canvas, int], None], count: int
) -> None:
    sentences = prose(count)
    pages = write_prose(tmp_path / "book.pdf", sentences, decoration=decoration)

    assert pages == (2 if count == 68 else 3)
    assert missing(tmp_path / "book.pdf", sentences) == []


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


def small_title(canvas: Canvas, _page: int) -> None:
    show(canvas, "The mills of the north", LEFT, HEADER, size=8)
    show(canvas, "Leeds 2021", 280, FOOTER, size=8)


def small_letterhead(canvas: Canvas, _page: int) -> None:
    for column, lines in enumerate((("Miller Ltd", "12 Mill Lane", "Leeds"), ("Bank of York", "Acc. 123", "BIC YORK"))):
        for at, line in enumerate(lines):
            show(canvas, line, LEFT + 160 * column, FOOTER - 9 * at, size=6.5)


@pytest.mark.parametrize("decoration", [small_title, small_letterhead])
@pytest.mark.parametrize("count", [30, 68])
def test_small_lines_in_the_margin_of_one_page_are_in_no_sentence(
    tmp_path: Path, decoration: Callable[[Canvas, int], None], count: int
) -> None:
    sentences = prose(count)
    write_prose(tmp_path / "letter.pdf", sentences, decoration=decoration)

    assert missing(tmp_path / "letter.pdf", sentences) == []
    # On two pages they repeat, and are left out.
    assert count > 30 or "Leeds" in " ".join(entries(tmp_path / "letter.pdf"))
