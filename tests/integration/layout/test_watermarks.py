"""Watermarks, stamps, and pages that are turned or cropped."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pikepdf import Array, Pdf
from reportlab.pdfgen.canvas import Canvas

from integration.layout.document import (
    BOTTOM,
    LEADING,
    TOP,
    entries,
    missing,
    prose,
    show,
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
