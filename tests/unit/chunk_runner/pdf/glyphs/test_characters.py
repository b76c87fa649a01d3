import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunk_runner.pdf.glyphs.characters import clean, count_unmapped
from chunk_runner.pdf.page import BREAK, SOFT_HYPHEN


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("plain", "plain"),
        ("  c   d ", "c d"),
        (" ", ""),
        ("a\tb\r", "a b"),
        ("é\u00a0“x”", "é “x”"),
        (f"soft{SOFT_HYPHEN}", f"soft{SOFT_HYPHEN}"),
        ("soft\ufffe", f"soft{SOFT_HYPHEN}"),
        ("soft\x02", f"soft{SOFT_HYPHEN}"),
    ],
)
def test_a_clean_line_has_single_spaces_and_one_kind_of_soft_hyphen(raw: str, line: str) -> None:
    assert clean(raw) == line


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("in \uf731\uf739\uf731\uf734", "in 1914"),
        ("\uf724\uf733\uf730,\uf730\uf730\uf730", "$30,000"),
        ("W\uf761\uf773\uf768 \uf726 \uf7e9\uf7f1", "Wash & éñ"),
        ("1\uf6ec\uf6f1 5\uf6df \uf6d9 \uf8e9", "1er 5¢ © ©"),
        ("\uf001rst, \uf002ag", "first, flag"),
        ("\uf8eb\uf8ee\uf8f1", "⎛⎡⎧"),
        ("\u0e1b\uf701\u0e19 \u0e19\uf70a \u0e1b\uf88d", "\u0e1b\u0e34\u0e19 \u0e19\u0e48 \u0e1b\u0e49"),
        ("don\x92t \x85", "don’t …"),
    ],
)
def test_characters_without_a_meaning_in_unicode_become_what_fonts_mean_by_them(raw: str, line: str) -> None:
    assert clean(raw) == line
    assert count_unmapped(line) == 0


@pytest.mark.parametrize(
    ("font", "line"),
    [
        ("ABCDEF+SymbolMT", "α ≤ ∑ • ♣"),
        ("Symbol", "α ≤ ∑ • ♣"),
        ("ABCDEE+Wingdings-Regular", "\uf061 \uf0a3 ↙ \uf0b7 ▪"),
        ("Wingdings2", "\uf061 \uf0a3 \uf0e5 • ▪"),
        ("Calibri", "\uf061 \uf0a3 \uf0e5 • ▪"),
    ],
)
def test_the_fonts_of_symbols_decide_what_their_codes_mean(font: str, line: str) -> None:
    assert clean("\uf061 \uf0a3 \uf0e5 \uf0b7 \uf0a7", lambda _: font) == line


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("di\x0berent o\x0ece, \x0crst \x0dag, cli\x0b", "different office, first flag, cliff"),
        ("a\x1fict, \x1crst", "afflict, first"),
        ("a \x0c b\r", "a b"),
        ("\x0c\x0e\x0b", "\ufffd"),
    ],
)
def test_the_codes_of_tex_fonts_without_names_are_ligatures_beside_letters(raw: str, line: str) -> None:
    assert clean(raw, lambda _: "F1") == line


def test_text_that_is_from_no_font_has_no_codes_of_fonts() -> None:
    assert clean("\\\x0crac One\x07") == "\\ rac One"


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("می\u200cخواهد خانه\u200cی", "می\u200cخواهد خانه\u200cی"),
        ("CD\u200cها", "CD\u200cها"),
        ("ക്\u200d ന്\u200dറെ", "ക്\u200d ന്\u200dറെ"),
        ("क्\u200dष", "क्\u200dष"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"),
    ],
)
def test_joiners_stay_where_a_script_needs_them(raw: str, line: str) -> None:
    assert clean(raw) == line


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("/srv/\u200bdata/\u200barchive", "/srv/data/archive"),
        ("to\u2060gether, un\u200bbreak\u200bable", "together, unbreakable"),
        ("Auf\u200clage \u200d", "Auflage"),
        ("\ufeffThe \u200eman\u202c", "The man"),
        ("ไป\u200bโรงเรียน", "ไปโรงเรียน"),
        ("رفت\u200f", "رفت"),
    ],
)
def test_other_invisible_characters_vanish_without_a_space(raw: str, line: str) -> None:
    assert clean(raw) == line


def test_a_zero_width_space_at_a_line_end_is_a_mark_for_joining() -> None:
    assert clean("un\u200bbreak\u200b", lambda _: "") == f"unbreak{BREAK}"
    assert clean("unbreak\u200b") == "unbreak"
    assert clean("\u200b", lambda _: "") == ""


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("oﬃce ﬁrst ﬂag ﬀ ﬆ", "office first flag ff st"),
        ("ﻛﺘﺎﺏ ﻻ", "كتاب لا"),
        ("שׁלום", "ש\u05c1לום"),
        ("½ x² ＡＢＣ １２ ₂", "½ x² ＡＢＣ １２ ₂"),
    ],
)
def test_presentation_forms_become_letters_and_other_forms_stay_as_printed(raw: str, line: str) -> None:
    assert clean(raw) == line


@pytest.mark.parametrize(
    ("raw", "line", "count"),
    [
        ("a\ue000 b", "a\ue000 b", 1),
        ("\U000f1234\U00100000", "\U000f1234\U00100000", 2),
        ("\ufffd\u0378", "\ufffd\u0378", 2),
        ("a\ud800\x00\x07\uffffb", "a\ufffd\ufffd\ufffd\ufffdb", 4),
        ("\uf8ff \uf061", "\uf8ff \uf061", 2),
        ("a\x8db", "a\ufffdb", 1),
        ("می\u200cخواهد \u06dd", "می\u200cخواهد \u06dd", 0),
        ("日本 𠮷 😀 é", "日本 𠮷 😀 é", 0),
    ],
)
def test_characters_that_nobody_can_name_are_kept_and_counted(raw: str, line: str, count: int) -> None:
    assert clean(raw, lambda _: "") == line
    assert count_unmapped(line) == count


@given(st.text())
def test_no_letter_or_digit_is_lost_and_nothing_is_left_that_no_text_has(raw: str) -> None:
    line = clean(raw)

    kept = [char for char in raw if unicodedata.category(char)[0] in "LN" and not "\ufb00" <= char <= "\ufefc"]
    assert [char for char in line if char in kept] == [char for char in kept if char in line]
    assert set(kept) <= set(line)
    assert not {unicodedata.category(char) for char in line} & {"Cc", "Cs"}
    assert clean(line) == line
