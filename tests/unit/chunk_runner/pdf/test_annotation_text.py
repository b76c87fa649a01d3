import pytest

from chunk_runner.pdf import annotation_text
from chunk_runner.pdf.annotation_text import Mark, SplitText
from chunk_runner.pdf.glyphs.characters import clean
from chunk_runner.pdf.page import SOFT_HYPHEN


def split(text: str) -> SplitText:
    return annotation_text.split(text, lambda raw, _: clean(raw))


@pytest.mark.parametrize("text", ["", "A page.\r\nTwo lines.", "a control \x1e character"])
def test_a_page_without_marks_has_no_annotations(text: str) -> None:
    assert split(text) == (text, [])


def test_what_follows_a_mark_is_the_text_of_an_annotation() -> None:
    text = f"A page.\r\n{Mark.TEXT}\r\nAnna\r\nWeber \r\n{Mark.TEXT} {Mark.TEXT}\r\nBad Neustadt"

    assert split(text) == ("A page.\r\n", [["Anna", "Weber"], ["Bad Neustadt"]])


def test_lines_that_do_not_belong_together_are_annotations_of_their_own() -> None:
    assert split(f"{Mark.LINES}\r\nApples\r\nPears\r\n").annotations == [["Apples"], ["Pears"]]


def test_a_hyphen_at_a_line_end_stays_with_its_line() -> None:
    text = f"{Mark.TEXT}\r\nto grow toma\ufffetoes\r\nhere"

    assert split(text).annotations == [[f"to grow toma{SOFT_HYPHEN}", "toes", "here"]]


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("the old\r\nferry left", []),
        ("the old-ferry", []),
        ("Is this right?", [["Is this right?"]]),
        ("ferry", [["ferry"]]),
    ],
    ids=["marked words", "a hyphen more", "other words", "one short word"],
)
def test_a_comment_is_left_out_if_it_repeats_the_page(comment: str, expected: list[list[str]]) -> None:
    page = "It was late when the old\r\nferry left the harbour."

    assert split(f"{page}\r\n{Mark.COMMENT}\r\n{comment}").annotations == expected


def test_a_note_is_never_left_out() -> None:
    assert split(f"Call Anna Weber.{Mark.TEXT}Call Anna Weber.").annotations == [["Call Anna Weber."]]


def test_lines_are_cleaned_with_the_place_of_their_characters() -> None:
    text = f"A page.{Mark.TEXT}\r\none\r\ntwo{Mark.LINES}three"
    places: list[int] = []

    def remember(raw: str, at: int) -> str:
        places.append(at)
        return raw

    assert annotation_text.split(text, remember).annotations == [["one", "two"], ["three"]]
    assert [text[at : at + 2] for at in places if text[at : at + 1].isalpha()] == ["on", "tw", "th"]
