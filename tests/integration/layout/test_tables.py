"""Tables and code: each row and each line is an entry."""

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from integration.layout.document import LEADING, LEFT, RIGHT, TOP, entries, prose, show, wrapped, write_lines
from sizes import cases


TABLE = (("Town", "Bridges", "Mills"), ("Alt Dorf", "3", "12"), ("Bad See", "1", "4"), ("Sum", "4", "16"))


@pytest.mark.parametrize("columns", cases([(90, 220, 330), (90, 180, 230), (110, 300, 460)], quick=[(90, 180, 230)]))
def test_a_row_of_a_table_is_an_entry(tmp_path: Path, columns: tuple[float, ...]) -> None:
    canvas = Canvas(str(tmp_path / "table.pdf"), pagesize=(595, 842), invariant=True)
    show(canvas, "The towns by the river have bridges and mills, as was counted", LEFT, TOP)
    show(canvas, "in the year of the flood. Nothing was left out.", LEFT, TOP - LEADING)
    for at, row in enumerate(TABLE):
        for column, cell in zip(columns, row, strict=True):
            show(canvas, cell, column, TOP - 40 - at * LEADING)
    show(canvas, "More mills were built later. No bridge was.", LEFT, TOP - 40 - 6 * LEADING)
    canvas.save()

    assert entries(tmp_path / "table.pdf") == [
        "The towns by the river have bridges and mills, as was counted in the year of the flood.",
        "Nothing was left out.",
        *(" ".join(row) for row in TABLE),
        "More mills were built later.",
        "No bridge was.",
    ]


@pytest.mark.parametrize(
    "caption", ["Table 1: Towns", "Table 1. The towns by the river that have bridges, and their mills"]
)
def test_a_caption_above_a_table_has_none_of_its_rows(tmp_path: Path, caption: str) -> None:
    canvas = Canvas(str(tmp_path / "table.pdf"), pagesize=(595, 842), invariant=True)
    bottom = TOP
    for line in wrapped(caption, 200):
        show(canvas, line, LEFT, bottom)
        bottom -= LEADING
    for row in TABLE:
        for column, cell in zip((90, 220, 330), row, strict=True):
            show(canvas, cell, column, bottom)
        bottom -= LEADING
    canvas.save()

    assert sorted(entries(tmp_path / "table.pdf")) == sorted([caption, *(" ".join(row) for row in TABLE)])


@pytest.mark.parametrize("on_first", cases([5, 6, 7, 8], quick=[7]))
def test_a_table_goes_on_on_the_next_page(tmp_path: Path, on_first: int) -> None:
    rows = [(f"Town {number}", str(number * 3), str(1800 + number)) for number in range(10)]
    canvas = Canvas(str(tmp_path / "table.pdf"), pagesize=(595, 842), invariant=True)
    for page in (rows[:on_first], rows[on_first:]):
        for at, row in enumerate(page):
            for column, cell in zip((90, 230, 330), row, strict=True):
                show(canvas, cell, column, TOP - at * LEADING)
        canvas.showPage()
    canvas.save()

    assert entries(tmp_path / "table.pdf") == [" ".join(row) for row in rows]


CODE = ("def ferry(people):", "    for person in people:", "        cross(person)", "    return len(people)")


def test_a_line_of_code_is_an_entry(tmp_path: Path) -> None:
    text = list(wrapped(" ".join(prose(4)) + " The rule is this:", RIGHT - LEFT))
    write_lines(
        tmp_path / "code.pdf",
        [*((line, LEFT) for line in text), *((line, LEFT + 10, "Courier") for line in CODE), ("So it was.", LEFT)],
    )

    assert entries(tmp_path / "code.pdf") == [*prose(4), "The rule is this:", *map(str.strip, CODE), "So it was."]


def test_a_text_in_a_font_of_fixed_pitch_is_no_code(tmp_path: Path) -> None:
    lines = [(line, LEFT, "Courier") for line in wrapped(" ".join(prose(20)), 400, "Courier")]
    write_lines(tmp_path / "typed.pdf", list(lines))

    assert entries(tmp_path / "typed.pdf") == prose(20)


TABLES = (
    ["Year Roof Windows Garden", "2019 1,200 350 80", "2020 90 2,400 120", "Total 1,290 2,750 200"],
    ["Apples twelve", "Pears nine", "Horses nothing", "Letters four"],
    ["Leeds 12", "York 9", "Hull 104"],
)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("align", ["drawString", "drawRightString"])
def test_a_table_that_is_drawn_column_by_column_is_read_by_rows(tmp_path: Path, table: list[str], align: str) -> None:
    sentences = prose(8)
    canvas = Canvas(str(tmp_path / "table.pdf"), invariant=True)
    bottom = TOP
    for line in wrapped(" ".join(sentences[:4]), RIGHT - LEFT):
        show(canvas, line, LEFT, bottom)
        bottom -= LEADING
    rows = [row.split() for row in table]
    for column in range(len(rows[0])):
        for at, row in enumerate(rows):
            getattr(canvas, align)(LEFT + 60 + 90 * column, bottom - 10 - 15 * at, row[column])
    bottom -= 20 + 15 * len(rows)
    for line in wrapped(" ".join(sentences[4:]), RIGHT - LEFT):
        show(canvas, line, LEFT, bottom)
        bottom -= LEADING
    canvas.showPage()
    canvas.save()

    assert entries(tmp_path / "table.pdf") == [*sentences[:4], *table, *sentences[4:]]


@pytest.mark.parametrize("width", [110, 130, 150])
def test_narrow_columns_of_prose_are_no_table(tmp_path: Path, width: float) -> None:
    sentences = prose(12)
    lines = list(wrapped(" ".join(sentences), width))
    height = -(-len(lines) // 2)
    canvas = Canvas(str(tmp_path / "columns.pdf"), invariant=True)
    for at, line in enumerate(lines):
        show(canvas, line, LEFT + (width + 16) * (at // height), TOP - LEADING * (at % height))
    canvas.showPage()
    canvas.save()

    assert entries(tmp_path / "columns.pdf") == sentences


def test_columns_of_short_lines_stay_columns(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "index.pdf"), invariant=True)
    for column, letter in enumerate("abc"):
        for at in range(30):
            show(canvas, f"{letter}{'bdfgklmnprstvz'[at % 14]}, {at + 7}", LEFT + 140 * column, TOP - LEADING * at)
    canvas.showPage()
    canvas.save()

    found = " ".join(entries(tmp_path / "index.pdf"))
    assert found.index("az") < found.index("bb") < found.index("bz") < found.index("cb")


@pytest.mark.parametrize("label", ["1999–2003", "Axle", "A long label"])
def test_the_last_cell_of_a_row_may_have_several_lines(tmp_path: Path, label: str) -> None:
    canvas = Canvas(str(tmp_path / "table.pdf"), invariant=True)
    texts = [f"{sentence[:-1]} and went home in the evening with nothing but a lamp." for sentence in prose(4)]
    bottom = TOP
    for text in texts:
        show(canvas, label, LEFT, bottom)
        for line in wrapped(text, 250):
            show(canvas, line, LEFT + 100, bottom)
            bottom -= LEADING
        bottom -= 6
    canvas.showPage()
    canvas.save()

    assert entries(tmp_path / "table.pdf") == [f"{label} {text}" for text in texts]
