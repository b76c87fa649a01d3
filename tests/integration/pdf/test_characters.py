import json
from pathlib import Path

import pikepdf
import pytest

from chunk_runner.contract.job_spec import OUTPUTS, JobSpec
from chunk_runner.pdf import reader
from chunk_runner.pdf.page import Page, PageRef
from chunk_runner.source import identify
from chunk_runner.stages.prepare import prepare
from chunk_runner.workspace.files import Workspace
from integration.job import run
from pdf_files import encoded


def read(path: Path) -> Page:
    (page,) = reader.read(path, [PageRef(1, 1)])
    return page


def test_old_style_digits_small_capitals_and_ligatures_are_read_as_what_they_mean(tmp_path: Path) -> None:
    page = read(
        encoded.write_with_meanings(tmp_path / "a.pdf", ["In \uf731\uf739 the \uf001rst", "N\uf761\uf774\uf76f"])
    )

    assert page.lines == ["In 19 the first", "Nato"]
    assert page.unmapped_characters == 0


def test_the_names_of_glyphs_say_the_same(tmp_path: Path) -> None:
    names = {65: "oneoldstyle", 66: "nineoldstyle", 67: "Asmall", 68: "ffi", 69: "o", 70: "ssuperior"}

    page = read(encoded.write_with_names(tmp_path / "a.pdf", [b"ABAB", b"EDC", b"EF"], names))

    assert page.lines == ["1919", "offia", "os"]


def test_a_font_that_names_no_glyph_but_has_the_codes_of_tex_gives_ligatures(tmp_path: Path) -> None:
    names = {code: f"a{code}" for code in range(256)}

    page = read(encoded.write_as_bitmaps(tmp_path / "a.pdf", [b"di\x0berent", b"\x0crst"], names))

    assert page.lines == ["different", "first"]


def test_the_codes_of_a_symbol_font_are_read_by_its_name(tmp_path: Path) -> None:
    symbols = encoded.write_with_meanings(tmp_path / "a.pdf", ["\uf061 \uf0a3 \uf062"], font="Symbol")
    others = encoded.write_with_meanings(tmp_path / "b.pdf", ["\uf061 \uf0b7 \uf062"])

    assert read(symbols).lines == ["α ≤ β"]
    assert (read(others).lines, read(others).unmapped_characters) == (["\uf061 • \uf062"], 2)


def test_unmapped_characters_are_counted(tmp_path: Path) -> None:
    page = read(encoded.write_with_meanings(tmp_path / "a.pdf", ["The \ue001\ue002 end", "\ufffd"]))

    assert page.lines == ["The \ue001\ue002 end", "\ufffd"]
    assert page.unmapped_characters == 3


@pytest.mark.parametrize("form", OUTPUTS)
def test_the_unmapped_characters_of_all_pages_are_in_the_report_and_the_head(form: str, tmp_path: Path) -> None:
    book = pikepdf.new()
    for number, text in enumerate(["One \ue001.", "Two.", "Three \ue001\ue002\ufffd."]):
        with pikepdf.open(encoded.write_with_meanings(tmp_path / f"{number}.pdf", [text])) as page:
            book.pages.extend(page.pages)
    book.save(tmp_path / "book.pdf")

    outputs = [run(tmp_path / "book.pdf", size, format=form) for size in (1, 2, 3)]

    assert {it.merged.unmapped_characters for it in outputs} == {4}
    assert len({it.output for it in outputs}) == 1
    assert "\ue001\ue002\ufffd" in outputs[0].output.decode()
    if form == "json":
        assert json.loads(outputs[0].output)["unmappedCharacters"] == 4


def test_a_text_layer_that_is_no_language_is_named_in_the_warnings(tmp_path: Path) -> None:
    text = "the miller told of her journey to the sea and nobody believed a word of it "
    numbers = "".join(char if char == " " else chr(ord(char) - 29) for char in text)
    garbled = encoded.write_with_meanings(tmp_path / "a.pdf", [numbers] * 8)
    readable = encoded.write_with_meanings(tmp_path / "b.pdf", [text] * 8)

    assert [warning for warning in warnings_of(garbled, tmp_path / "1") if "unreadable" in warning]
    assert warnings_of(readable, tmp_path / "2") == ()


def warnings_of(path: Path, folder: Path) -> tuple[str, ...]:
    folder.mkdir()
    return prepare(JobSpec(path.name), identify(path), Workspace(folder, "attempt")).manifest.warnings


def test_words_without_spaces_between_them_are_parted_by_their_gaps(tmp_path: Path) -> None:
    lines = ["release you from the obligation to verify", "any of", "Donaudampfschifffahrtsgesellschaft"]

    page = read(encoded.write_with_gaps(tmp_path / "a.pdf", lines, gap=0.13))

    assert page.lines == lines


def test_words_are_parted_where_a_space_is_only_the_distance_of_two_characters(tmp_path: Path) -> None:
    parts = [("If so", 0), (",t", 4), ("he", 0), ("ya", 4), ("re read", 0)]

    page = read(encoded.write_spaced(tmp_path / "a.pdf", parts))

    assert page.lines == ["If so, they are read"]


def test_characters_that_pdfium_leaves_out_are_kept_and_counted(tmp_path: Path) -> None:
    lines = ["5 \x03 5 and the rest", "it\x92s \x93so\x94", "a \x00re here", "an \U0001f600 and more words"]

    page = read(encoded.write_with_meanings(tmp_path / "a.pdf", lines))

    assert page.lines == ["5 \ufffd 5 and the rest", "it’s “so”", "a \ufffdre here", "an \U0001f600 and more words"]
    assert page.unmapped_characters == 2


def test_accents_that_are_drawn_over_letters_are_read_with_them(tmp_path: Path) -> None:
    # As TeX moves: the accent, back by its width, the letter.
    page = read(
        encoded.write_moving(
            tmp_path / "a.pdf", ["Wilczy", "´", 400, "nski, na", "¨", 300, "ive, Universit", "´", 400, "e"]
        )
    )

    assert page.lines == ["Wilczyński, naïve, Université"]
