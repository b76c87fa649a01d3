import pytest

from chunk_runner.text.list_markers import following_items, is_marker, marker_length


@pytest.mark.parametrize(
    "marker",
    ["• ", "➢ ", "■", "– ", "* ", "(1) ", "a) ", "12. ", "1.2. ", "iv. ", "1.) ", "[3] ", "§ 3 ", "§ 3a. ", "• 9. "],
)
def test_a_marker_is_measured_with_its_spaces(marker: str) -> None:
    assert marker_length(f"{marker}The item") == len(marker)
    assert is_marker(marker.strip()) is (marker not in ("– ", "* "))


@pytest.mark.parametrize("text", ["The item", "1914 was", "–5 degrees", "*note", "1.5 million", "(see above) and", ""])
def test_other_text_has_no_marker(text: str) -> None:
    assert marker_length(text) == 0


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("1) one 2) two 3) three", ["2) two", "3) three"]),
        ("(a) one (b) two", ["(b) two"]),
        ("a. One b. Two", ["b. Two"]),
        ("• one • two", ["• two"]),
        ("1) one 3) three", []),
        ("a. One b. two", []),
        ("see 1) one 2) two", []),
        ("z) one {) two", []),
    ],
)
def test_items_are_counted_on_from_the_first_one(text: str, items: list[str]) -> None:
    starts = following_items(text)

    ends = [*starts, len(text)][1:]
    assert [text[begin:end].strip() for begin, end in zip(starts, ends, strict=True)] == items
