import pytest

from chunk_runner.contract.page_ranges import SelectionError, check, select


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        (None, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("7", [7]),
        ("2-4", [2, 3, 4]),
        ("8-", [8, 9]),
        ("-2", [1, 2]),
        ("8-, 1,2-3 ,2", [1, 2, 3, 8, 9]),
    ],
)
def test_the_selected_pages_come_out_ascending_and_once(text: str | None, pages: list[int]) -> None:
    assert select(text, 9) == pages


@pytest.mark.parametrize("text", ["", ",", "1,", "-", "x", "1-2-3", "0", "3-1", "-0", "1.5", "+1", "٣", "²", "1" * 10])
def test_what_selects_no_page_of_any_file_is_refused(text: str) -> None:
    with pytest.raises(SelectionError, match=r"^“.*” selects no pages: .*\.$"):
        check(text)
    with pytest.raises(SelectionError):
        select(text, 9)


@pytest.mark.parametrize("text", ["10", "1-10", "10-", "-10", "999999999"])
def test_a_page_that_the_source_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(SelectionError, match=r"goes beyond the last page: the source has 9 pages\.$"):
        select(text, 9)
