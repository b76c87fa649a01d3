"""Headings, drop caps and last lines: what begins and what ends a text."""

from collections import Counter
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from integration.layout.document import LEADING, LEFT, RIGHT, TOP, entries, prose, show, wrapped, write_lines
from sizes import cases


@pytest.mark.parametrize("heading", ["The Flood", "2.1 The Year of the Flood", "NOTES", "II. What Came After"])
@pytest.mark.parametrize("gap", cases([False, True], quick=[False]))
def test_a_heading_of_the_size_of_the_text_is_an_entry(tmp_path: Path, heading: str, *, gap: bool) -> None:
    first, second = prose(5, seed=2), prose(5, seed=3)
    write_lines(
        tmp_path / "report.pdf",
        [
            *((line, LEFT) for line in wrapped(" ".join(first), RIGHT - LEFT)),
            *([None] if gap else []),
            (heading, LEFT, "Times-Bold"),
            *((line, LEFT) for line in wrapped(" ".join(second), RIGHT - LEFT)),
        ],
    )

    assert entries(tmp_path / "report.pdf") == [*first, heading, *second]


@pytest.mark.parametrize(
    ("last", "font"),
    [("Years of Flood", "Times-Bold"), ("– the lamp by the door", "Times-Roman"), ("3. Bread", "Times-Roman")],
)
def test_a_short_last_line_of_a_page_does_not_run_into_the_next_page(tmp_path: Path, last: str, font: str) -> None:
    first, second = prose(8, seed=4), prose(5, seed=5)
    canvas = Canvas(str(tmp_path / "pages.pdf"), pagesize=(595, 842), invariant=True)
    before = [f"{marker} and more of it" for marker in ("1.", "2.")] if last[0] == "3" else []
    lines = [*wrapped(" ".join([*first[:-1], "They needed this:"]), RIGHT - LEFT), *before]
    for at, line in enumerate(lines):
        show(canvas, line, LEFT, TOP - at * LEADING)
    show(canvas, last, LEFT, TOP - len(lines) * LEADING, font=font)
    canvas.showPage()
    for at, line in enumerate(wrapped(" ".join(second), RIGHT - LEFT)):
        show(canvas, line, LEFT, TOP - at * LEADING)
    canvas.save()

    assert entries(tmp_path / "pages.pdf") == [*first[:-1], "They needed this:", *before, last, *second]


def test_bold_words_within_a_sentence_are_no_heading(tmp_path: Path) -> None:
    write_lines(
        tmp_path / "bold.pdf",
        [
            ("The ferryman was known to everybody in the long valley as", LEFT),
            ("the man with the hat,", LEFT, "Times-Bold"),
            ("and he was not fond of that. He said nothing about it.", LEFT),
        ],
    )

    assert len(entries(tmp_path / "bold.pdf")) == 2


@pytest.mark.parametrize(
    ("cap", "rest"), [("W", "hen the river froze"), ("A", "fter the flood"), ("T", "HE RIVER was")]
)
def test_a_drop_cap_belongs_to_its_word(tmp_path: Path, cap: str, rest: str) -> None:
    lines = list(wrapped(f"{rest} at last, nobody in the valley knew what to do. They waited for the spring.", 250))
    canvas = Canvas(str(tmp_path / "cap.pdf"), pagesize=(595, 842), invariant=True)
    show(canvas, cap, LEFT, TOP - 2 * LEADING, size=50)
    for at, line in enumerate(lines):
        show(canvas, line, LEFT + (50 if at < 3 else 0), TOP - at * LEADING)
    canvas.save()

    found = entries(tmp_path / "cap.pdf")

    assert found[0].startswith(cap + rest)
    assert found[-1] == "They waited for the spring."


@pytest.mark.parametrize("font", ["Times-Italic", "Helvetica", "capitals"])
@pytest.mark.parametrize("gap", cases([0, 8], quick=[0]))
def test_a_heading_in_italics_or_capitals_is_an_entry(tmp_path: Path, font: str, gap: float) -> None:
    headings = ["Introduction", "What the Clerk Had Seen", "The Return"]
    sentences = prose(24)
    canvas = Canvas(str(tmp_path / "book.pdf"), invariant=True)
    bottom = TOP
    for at, heading in enumerate(headings):
        is_capitals = font == "capitals"
        headings[at] = heading.upper() if is_capitals else heading
        bottom -= gap
        show(canvas, headings[at], LEFT, bottom, font="Times-Roman" if is_capitals else font)
        bottom -= LEADING
        for line in wrapped(" ".join(sentences[8 * at : 8 * at + 8]), RIGHT - LEFT):
            show(canvas, line, LEFT, bottom)
            bottom -= LEADING
    canvas.showPage()
    canvas.save()

    assert Counter(entries(tmp_path / "book.pdf")) == Counter([*headings, *sentences])


@pytest.mark.parametrize("words", ["The Light of the North", "NATO"])
def test_a_line_that_begins_in_italics_or_capitals_is_no_heading(tmp_path: Path, words: str) -> None:
    canvas = Canvas(str(tmp_path / "book.pdf"), invariant=True)
    show(canvas, "Nobody in the village had read a book by the clerk before that winter, and the name was", LEFT, TOP)
    show(canvas, words, LEFT, TOP - LEADING, font="Times-Italic" if " " in words else "Times-Roman")
    show(canvas, "Everybody knew it in the spring.", LEFT, TOP - 2 * LEADING)
    canvas.showPage()
    canvas.save()

    assert any(f"the name was {words}" in entry for entry in entries(tmp_path / "book.pdf"))


def test_a_signature_at_the_foot_of_a_page_ends_there(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "letters.pdf"), invariant=True)
    sentences = prose(12)
    for page in range(3):
        bottom = TOP
        for line in [*wrapped(" ".join(sentences[4 * page : 4 * page + 4]), RIGHT - LEFT), "Maria Stone, secretary"]:
            show(canvas, line, LEFT, bottom)
            bottom -= LEADING
        canvas.showPage()
    canvas.save()

    found = entries(tmp_path / "letters.pdf")
    assert found.count("Maria Stone, secretary") == 3
    assert [sentence for sentence in sentences if sentence not in found] == []
