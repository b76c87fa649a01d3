"""The words that are lost from a page, and the reason of each."""

import pytest

from tools.corpus.lost import Kind, PageTexts, lost_words


def lost(theirs: str, ours: str, kept: str | None = None) -> dict[str, Kind]:
    page = PageTexts(1, theirs, ours, ours if kept is None else kept)
    return {word.word: word.kind for word in lost_words([page], page)}


def test_nothing_is_lost_from_the_same_words_in_another_order() -> None:
    assert lost("one two\nthree", "three one two") == {}


def test_a_word_that_is_nowhere_is_unexplained() -> None:
    assert lost("the lamp was lit", "the was lit") == {"lamp": Kind.UNEXPLAINED}


def test_a_word_that_is_there_less_often_is_unexplained() -> None:
    assert lost("the lamp and the lamp", "the lamp and the") == {"lamp": Kind.UNEXPLAINED}


def test_a_running_line_is_there_where_running_lines_are_kept() -> None:
    assert lost("The Log 7\nthe lamp", "the lamp", "the lamp The Log 7") == dict.fromkeys(
        ("log", "7"), Kind.RUNNING
    ) | {"the": Kind.RUNNING}


@pytest.mark.parametrize(("theirs", "ours"), [("lampwas lit", "lamp was lit"), ("lamp was lit", "lampwas lit")])
def test_a_word_is_parted_otherwise_if_its_letters_stand_together(theirs: str, ours: str) -> None:
    assert set(lost(theirs, ours).values()) == {Kind.PARTED}


@pytest.mark.parametrize(
    ("theirs", "ours"), [("Métro", "M´etro"), ("nai\u0308ve strategy", "naı̈ve strategy"), ("Yucatán", "Yucatan")]
)
def test_an_accent_may_stand_apart(theirs: str, ours: str) -> None:
    assert set(lost(theirs, ours).values()) == {Kind.ACCENT}


def test_the_letters_of_a_formula_may_be_in_another_order() -> None:
    assert lost("the sum xij of", "the sum x of j i") == {"xij": Kind.FORMULA}


def test_a_sentence_that_crosses_pages_hides_no_loss() -> None:
    sentence = "the lamp was lit by the keeper"
    first, second = (
        PageTexts(1, "the lamp was", sentence, sentence),
        PageTexts(2, "lit by the lamp", sentence, sentence),
    )
    whole = PageTexts(0, f"{first.theirs}\n{second.theirs}", sentence, sentence)

    (word,) = lost_words([first, second], whole)

    assert (word.page, word.word, word.count, word.kind) == (0, "lamp", 1, Kind.UNEXPLAINED)
