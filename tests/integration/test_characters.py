from pathlib import Path

import encoded_pdf
from chunk_runner.pdf import reader
from chunk_runner.pdf.page import Page, PageRef


def read(path: Path) -> Page:
    (page,) = reader.read(path, [PageRef(1, 1)])
    return page


def test_old_style_digits_small_capitals_and_ligatures_are_read_as_what_they_mean(tmp_path: Path) -> None:
    page = read(
        encoded_pdf.write_with_meanings(tmp_path / "a.pdf", ["In \uf731\uf739 the \uf001rst", "N\uf761\uf774\uf76f"])
    )

    assert page.lines == ["In 19 the first", "Nato"]
    assert page.unnamed_characters == 0


def test_the_names_of_glyphs_say_the_same(tmp_path: Path) -> None:
    names = {65: "oneoldstyle", 66: "nineoldstyle", 67: "Asmall", 68: "ffi", 69: "o", 70: "ssuperior"}

    page = read(encoded_pdf.write_with_names(tmp_path / "a.pdf", [b"ABAB", b"EDC", b"EF"], names))

    assert page.lines == ["1919", "offia", "os"]


def test_a_font_that_names_no_glyph_but_has_the_codes_of_tex_gives_ligatures(tmp_path: Path) -> None:
    names = {code: f"a{code}" for code in range(256)}

    page = read(encoded_pdf.write_as_bitmaps(tmp_path / "a.pdf", [b"di\x0berent", b"\x0crst"], names))

    assert page.lines == ["different", "first"]


def test_the_codes_of_a_symbol_font_are_read_by_its_name(tmp_path: Path) -> None:
    symbols = encoded_pdf.write_with_meanings(tmp_path / "a.pdf", ["\uf061 \uf0a3 \uf062"], font="Symbol")
    others = encoded_pdf.write_with_meanings(tmp_path / "b.pdf", ["\uf061 \uf0b7 \uf062"])

    assert read(symbols).lines == ["α ≤ β"]
    assert (read(others).lines, read(others).unnamed_characters) == (["\uf061 • \uf062"], 2)


def test_unnamed_characters_are_counted(tmp_path: Path) -> None:
    page = read(encoded_pdf.write_with_meanings(tmp_path / "a.pdf", ["The \ue001\ue002 end", "\ufffd"]))

    assert page.lines == ["The \ue001\ue002 end", "\ufffd"]
    assert page.unnamed_characters == 3
