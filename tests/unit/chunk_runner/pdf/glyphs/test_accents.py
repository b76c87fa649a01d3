import pytest

from chunk_runner.pdf.glyphs.accents import combine
from chunk_runner.pdf.glyphs.characters import clean
from chunk_runner.pdf.glyphs.columns import Rect


def combined(line: str, places: list[float]) -> str:
    """A clean line whose characters are 10 points wide and begin at these places."""
    return clean(combine(line, 5, lambda at: Rect(places[at - 5], 0, places[at - 5] + 10, 10)))


@pytest.mark.parametrize(
    ("line", "places", "text"),
    [
        ("y´n", [0, 11, 10], "yń"),
        ("a¨ıv", [0, 9, 10, 20], "aïv"),
        ("Me´", [0, 10, 11], "Mé"),
        ("c¸a", [0, 1, 10], "ça"),
        ("t´ e", [0, 11, 20, 10], "té"),
        ("`ˇs", [0, 11, 10], "`š"),
        ("mae¨ ,", [0, 10, 20, 11, 21, 30], "mäe,"),
        ("mae¨ x", [0, 10, 20, 11, 21, 34], "mäe x"),
        ("¨O˜n", [1, 0, 12, 10], "Öñ"),
    ],
)
def test_an_accent_over_a_letter_becomes_one_character_with_it(line: str, places: list[float], text: str) -> None:
    assert combined(line, places) == text


@pytest.mark.parametrize(
    ("line", "places"),
    [
        ("l´eau", [0, 10, 20, 30, 40]),  # an accent in place of an apostrophe
        ("`echo`", [0, 10, 20, 30, 40, 50]),
        ("´x", [1, 0]),  # no such letter
        ("´1", [1, 0]),
        ("x ´", [0, 10, 20]),
        ("plain", [0, 10, 20, 30, 40]),
    ],
)
def test_other_accents_stay_as_they_are(line: str, places: list[float]) -> None:
    assert combined(line, places) == line


def test_accents_of_unknown_position_stay_as_they_are() -> None:
    assert combine("´n", 0, lambda _: None) == "´n"
