"""Text in fonts that a file does not embed comes out whole, wherever it is read."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from chunk_runner.pdf import reader
from chunk_runner.pdf.page import Page, PageRef
from pdf_files import unembedded
from pdf_files.unembedded import Collection, Placed
from sizes import cases
from tools.generators import substitute_font


JAPANESE = Collection("Japan1", "90ms-RKSJ-H", "cp932")

SIZE = 12


def read(path: Path) -> Page:
    (page,) = reader.read(path, [PageRef(1, 1)])
    return page


def text_of(path: Path) -> str:
    """The text of a page without spaces and line ends."""
    return "".join("".join(read(path).lines).split())


def one_by_one(text: str, *, bottom: float = 700) -> list[Placed]:
    """Each character drawn by itself."""
    return [Placed(char, 50 + at * SIZE, bottom) for at, char in enumerate(text)]


def write_with_reportlab(path: Path, texts: Sequence[Placed], font: str) -> Path:
    pdfmetrics.registerFont(UnicodeCIDFont(font))
    canvas = Canvas(str(path), pagesize=(600, 800))
    for text in texts:
        canvas.setFont(font, text.size)
        canvas.drawString(text.left, text.bottom, text.text)
    canvas.save()
    return path


def test_the_font_is_the_one_that_its_script_builds() -> None:
    assert substitute_font.build() == substitute_font.TARGET.read_bytes()


@pytest.mark.parametrize(
    ("collection", "text"),
    [
        (JAPANESE, "第一章ひらがなカナ、。"),
        (Collection("Japan1", "EUC-H", "euc_jp"), "日本語"),
        (Collection("Japan1", "UniJIS-UTF16-H", "utf-16-be"), "日本語ー「」"),
        (Collection("GB1", "GBK-EUC-H", "gbk"), "第一章见：（）"),
        (Collection("GB1", "UniGB-UTF16-H", "utf-16-be"), "简体中文"),
        (Collection("CNS1", "ETen-B5-H", "big5"), "第一章見"),
        (Collection("CNS1", "UniCNS-UTF16-H", "utf-16-be"), "繁體中文"),
        (Collection("Korea1", "KSCms-UHC-H", "cp949"), "제일장"),
        (Collection("Korea1", "UniKS-UTF16-H", "utf-16-be"), "한국어"),
    ],
    ids=lambda value: value.cmap if isinstance(value, Collection) else "",
)
def test_characters_that_are_drawn_one_by_one_are_read_in_every_collection(
    tmp_path: Path, collection: Collection, text: str
) -> None:
    path = unembedded.write_in_collection(tmp_path / "a.pdf", one_by_one(text), collection)

    assert text_of(path) == text
    assert len(read(path).lines) == 1


@pytest.mark.parametrize(
    ("font", "text"),
    [
        ("HeiseiMin-W3", "第一章"),
        ("STSong-Light", "第一章"),
        ("MSung-Light", "第一章"),
        ("HYSMyeongJo-Medium", "제일장"),
    ],
)
def test_so_are_those_that_reportlab_draws(tmp_path: Path, font: str, text: str) -> None:
    assert text_of(write_with_reportlab(tmp_path / "a.pdf", one_by_one(text), font)) == text


@pytest.mark.parametrize("text", cases(["Жди", "Ωστε", "שלום", "ไทย", "नमक", "第一章", "✓"], quick=["Жди", "第一章"]))
@pytest.mark.parametrize("font", cases(["Unknown", "Arial", "TimesNewRomanPSMT"], quick=["Arial"]))
@pytest.mark.parametrize("forms", [0, 2])
def test_so_are_those_of_a_font_that_says_only_what_they_mean(tmp_path: Path, text: str, font: str, forms: int) -> None:
    placed = one_by_one(text)

    path = unembedded.write_with_meanings(tmp_path / "a.pdf", placed, font=font, forms=forms)

    assert sorted(text_of(path)) == sorted(text)


def test_so_are_those_of_a_simple_font(tmp_path: Path) -> None:
    names = {"и": "afii10074", "в": "afii10067", "я": "afii10097"}

    path = unembedded.write_with_names(tmp_path / "a.pdf", one_by_one("ивя"), names)

    assert text_of(path) == "ивя"


def test_a_character_between_texts_of_other_fonts_stands_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    canvas = Canvas(str(path), pagesize=(600, 800))
    for at, (text, font) in enumerate([("第", "HeiseiMin-W3"), ("1", "Helvetica"), ("章", "HeiseiMin-W3")]):
        canvas.setFont(font, SIZE)
        canvas.drawString(50 + at * SIZE, 700, text)
    canvas.save()

    assert [line.replace(" ", "") for line in read(path).lines] == ["第1章"]


@pytest.mark.parametrize(
    ("collection", "text"),
    [
        (Collection("Japan1", "90ms-RKSJ-V", "cp932"), "吾輩は猫である。名前はまだ無い。"),
        (Collection("GB1", "GBK-EUC-V", "gbk"), "第一章上"),
        (Collection("CNS1", "ETen-B5-V", "big5"), "第一章見"),
        (Collection("Korea1", "KSCms-UHC-V", "cp949"), "제일장"),
    ],
    ids=lambda value: value.cmap if isinstance(value, Collection) else "",
)
def test_vertical_text_is_read(tmp_path: Path, collection: Collection, text: str) -> None:
    whole = unembedded.write_in_collection(tmp_path / "a.pdf", [Placed(text, 500, 700)], collection)
    characters = [Placed(char, 500, 700 - at * SIZE) for at, char in enumerate(text)]
    parts = unembedded.write_in_collection(tmp_path / "b.pdf", characters, collection)

    assert text_of(whole) == text_of(parts) == text


def test_columns_that_are_drawn_row_by_row_are_read_one_after_the_other(tmp_path: Path) -> None:
    left, right = "左の段の文章はここにある行です", "右の段の文章はここにある行です"
    rows = [
        Placed(text, edge, 700 - at * 16) for at in range(12) for text, edge in ((left, 50), (right, 50 + 17 * SIZE))
    ]

    path = unembedded.write_in_collection(tmp_path / "a.pdf", rows, JAPANESE)

    assert read(path).lines == [left] * 12 + [right] * 12


def test_blanks_between_the_parts_of_a_line_do_not_part_it(tmp_path: Path) -> None:
    texts = [Placed("名", 50, 700), Placed("　", 300, 400), Placed("　", 320, 400), Placed("前", 62, 700)]

    path = unembedded.write_in_collection(tmp_path / "a.pdf", texts, JAPANESE)

    assert read(path).lines == ["名前"]


def test_blanks_of_a_font_of_unknown_characters_do_not_either(tmp_path: Path) -> None:
    texts = [Placed("Ж", 50, 700), Placed(" ", 300, 400), Placed(" ", 320, 400), Placed("д", 62, 700)]

    path = unembedded.write_with_meanings(tmp_path / "a.pdf", texts)

    assert [line.replace(" ", "") for line in read(path).lines] == ["Жд"]


def test_text_of_size_0_stays_hidden(tmp_path: Path) -> None:
    texts = [*one_by_one("Жди"), Placed("ю", 50, 600, 0)]

    assert text_of(unembedded.write_with_meanings(tmp_path / "a.pdf", texts)) == "Жди"


def test_a_page_is_the_same_whatever_was_read_before(tmp_path: Path) -> None:
    """PDFium keeps fonts from page to page."""
    path = tmp_path / "a.pdf"
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    canvas = Canvas(str(path), pagesize=(600, 800))
    for _ in range(3):
        for text in one_by_one("第一章"):
            canvas.setFont("HeiseiMin-W3", text.size)
            canvas.drawString(text.left, text.bottom, text.text)
        canvas.showPage()
    canvas.save()

    together = list(reader.read(path, [PageRef(number, number) for number in (1, 2, 3)]))
    alone = [page for number in (1, 2, 3) for page in reader.read(path, [PageRef(number, number)])]

    assert together == alone
    assert {"".join(page.lines) for page in together} == {"第一章"}
