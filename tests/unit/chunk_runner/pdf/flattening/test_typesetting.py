import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunk_runner.pdf.flattening.typesetting import ADVANCE, LEADING, SMALLEST, columns_of, fit, in_visual_order, wrap


@given(text=st.text("ab 山\n", max_size=80), columns=st.integers(2, 12))
def test_lines_are_no_wider_than_they_may_be_and_lose_no_character(text: str, columns: int) -> None:
    lines = list(wrap(text, columns))

    assert all(0 < columns_of(line) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_lines_end_at_spaces_where_there_are_any() -> None:
    assert list(wrap("She would like to grow beans\nand tomatoes.", 10)) == [
        *("She would", "like to", "grow beans"),
        *("and", "tomatoes."),
    ]


@pytest.mark.parametrize(
    ("text", "width", "height", "size", "is_multiline", "expected"),
    [
        ("Anna", 100, 20, 10, False, 10),
        ("Anna", 100, 20, 0, False, 12),
        ("Anna", 100, 8, 12, False, 8),
        ("Anna Weber", 36, 20, 12, False, 6),
        ("Anna Weber " * 3, 60, 60, 10, True, 10),
    ],
    ids=["its size", "any size", "a low box", "a narrow box", "lines"],
)
def test_text_is_set_as_large_as_it_fits(
    text: str, width: float, height: float, size: float, expected: float, *, is_multiline: bool
) -> None:
    found = fit(text, width, height, size, is_multiline=is_multiline)

    assert found is not None
    assert found.size == pytest.approx(expected)
    assert all(columns_of(line) * ADVANCE * found.size <= width + 0.01 for line in found.lines)
    assert not is_multiline or len(found.lines) * LEADING * found.size <= height


@pytest.mark.parametrize("is_multiline", [False, True])
def test_text_that_would_be_illegible_is_not_set(*, is_multiline: bool) -> None:
    assert fit("Anna Weber " * 20, 50, 20, 0, is_multiline=is_multiline) is None
    assert fit("Anna", 100, SMALLEST - 1, 0, is_multiline=is_multiline) is None
    assert fit("Anna", 0, 0, 0, is_multiline=is_multiline) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Anna (Weber) 12", "Anna (Weber) 12"),
        ("אבג", "גבא"),
        ("אב 123 גד", "דג 123 בא"),
        ("אב (גד)", "(דג) בא"),
        ("Anna אב גד Weber", "Anna דג בא Weber"),
        ("12 אב", "בא 12"),
    ],
    ids=["left to right", "right to left", "a number", "brackets", "within Latin text", "a number first"],
)
def test_right_to_left_text_stands_from_right_to_left(line: str, expected: str) -> None:
    assert in_visual_order(line) == expected


@given(line=st.text("aב1( "))
def test_no_character_is_lost_by_turning(line: str) -> None:
    assert sorted(in_visual_order(line).replace(")", "(")) == sorted(line.replace(")", "("))
