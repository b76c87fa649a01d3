"""Line numbers and notes in the margin."""

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from integration.layout.document import (
    LEADING,
    LEFT,
    RIGHT,
    TOP,
    entries,
    missing,
    prose,
    show,
    wrapped,
    write_prose,
)
from sizes import cases


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
