from chunk_runner.pdf.page import SOFT_HYPHEN
from chunk_runner.text.entries import Sentence
from chunk_runner.text.layout import Line
from chunk_runner.text.sentences import SentenceJoiner


ENGLISH = SentenceJoiner("en")


def sentence(*lines: str, joiner: SentenceJoiner = ENGLISH) -> str:
    """These lines as one sentence."""
    (found,) = joiner.close([Line(1, line) for line in lines])
    return found.text


def test_a_hyphenated_word_is_made_whole() -> None:
    assert ENGLISH.close([Line(1, "It was won-"), Line(2, "derful.")]) == [Sentence("It was wonderful.", 1, 2)]


def test_a_hyphen_before_a_capital_stays() -> None:
    assert sentence("See X-", "Ray.") == "See X-Ray."


def test_a_hyphen_of_a_word_seen_within_a_line_stays() -> None:
    assert (
        sentence("It is well-", "known.", joiner=SentenceJoiner("en", frozenset({"well-known"}))) == "It is well-known."
    )


def test_a_hyphen_for_a_part_left_out_stays_and_so_does_its_space() -> None:
    assert sentence("It is pre-", "and post-war.") == "It is pre- and post-war."


def test_a_dash_at_a_line_end_is_no_hyphen() -> None:
    assert sentence("He went -", "and came.") == "He went - and came."


def test_a_hyphen_that_only_one_language_has_stays_in_that_language() -> None:
    assert sentence("Où va-t-", "il ?", joiner=SentenceJoiner("fr")) == "Où va-t-il ?"


def test_a_soft_hyphen_at_a_line_end_goes_with_the_break() -> None:
    assert sentence(f"It was won{SOFT_HYPHEN}", "derful.") == "It was wonderful."


def test_a_soft_hyphen_inside_a_line_goes() -> None:
    assert (
        ENGLISH.dehyphenator.remove_soft_hyphens(f"It was won{SOFT_HYPHEN}derful{SOFT_HYPHEN}")
        == f"It was wonderful{SOFT_HYPHEN}"
    )


def test_lines_of_a_script_without_spaces_are_joined_without_one() -> None:
    assert sentence("吾輩は猫で", "ある。", joiner=SentenceJoiner("ja")) == "吾輩は猫である。"
