"""The yardstick: what counts as the same words."""

from tools.corpus.words import compare


def test_neither_case_nor_ligatures_nor_hyphens_count() -> None:
    likeness = compare("The ﬁrst well-known Ex- ample", "the first wellknown ex ample")

    assert likeness.f1 == 1


def test_a_word_broken_at_the_end_of_a_line_is_one_word() -> None:
    assert compare("an example", "an exam-\nple").f1 == 1


def test_the_order_of_words_does_not_count_but_their_number_does() -> None:
    assert compare("b a", "a b").f1 == 1
    assert compare("a a", "a").precision == 0.5
    assert compare("a", "a a").recall == 0.5


def test_chinese_characters_are_words_each() -> None:
    assert compare("現象は", "現象").common == 2


def test_nothing_is_like_nothing_and_unlike_anything() -> None:
    assert compare("", "\f").f1 == 1
    assert compare("", "word").f1 == 0
