from hypothesis import given
from hypothesis import strategies as st

from chunk_runner.sentences import Gap, Line, Missing, Seam, Sentence, ends_between, lines_of, segment, sentences_of


def cut(pages: list[list[str]], pages_per_chunk: int) -> list[Sentence | Gap]:
    """The sentences of a book, cut in chunks of this size and joined again."""
    seam = Seam()
    found: list[Sentence | Gap] = []
    for start in range(0, len(pages), pages_per_chunk):
        lines = [
            Line(number, text)
            for number, page in enumerate(pages[start : start + pages_per_chunk], start=start + 1)
            for text in page
        ]
        found += seam.join(segment(lines))
    return found + list(seam.close())


words = st.sampled_from(
    [
        "The",
        "lamp",
        "was",
        "lit.",
        "Mr.",
        "Quick",
        "said:",
        "“No!”",
        "3.14",
        "e.g.",
        "end.",
        "half-",
        "well-",
        "known",
        "• a",
        "It",
    ]
)
book = st.lists(st.lists(st.lists(words, min_size=1, max_size=6).map(" ".join), max_size=4), min_size=1, max_size=8)


@given(book, st.integers(1, 8))
def test_no_chunk_size_changes_what_comes_out(pages: list[list[str]], pages_per_chunk: int) -> None:
    assert cut(pages, pages_per_chunk) == cut(pages, len(pages))


def test_a_sentence_across_pages_is_whole_and_carries_both() -> None:
    pages = [["One is here. Two begins"], ["and ends here. Three."]]

    assert cut(pages, 1) == [
        Sentence("One is here.", 1, 1),
        Sentence("Two begins and ends here.", 1, 2),
        Sentence("Three.", 2, 2),
    ]


def test_a_sentence_may_run_over_several_chunks() -> None:
    assert cut([["It begins"], ["goes on"], [], ["and ends."]], 1) == [Sentence("It begins goes on and ends.", 1, 4)]


def test_a_hyphenated_word_is_made_whole() -> None:
    assert list(sentences_of([Line(1, "It was won-"), Line(2, "derful.")])) == [Sentence("It was wonderful.", 1, 2)]


def test_a_hyphen_before_a_capital_stays() -> None:
    assert [it.text for it in sentences_of([Line(1, "See X-"), Line(1, "Ray.")])] == ["See X- Ray."]


def test_an_abbreviation_at_a_line_end_ends_no_sentence() -> None:
    assert not ends_between("He met Mr.", "Quick at noon.")


def test_a_list_item_begins_a_sentence() -> None:
    assert ends_between("Bring the following", "• oil")


def test_lines_lose_what_is_not_text() -> None:
    assert lines_of(3, "a\x00b\r\n \r\nsoft\u00ad\n  c   d ") == [Line(3, "a b"), Line(3, "soft-"), Line(3, "c d")]


@given(st.integers(1, 5))
def test_no_sentence_crosses_a_page_that_could_not_be_read(pages_per_chunk: int) -> None:
    stream: list[Line | Missing] = [
        Line(1, "Alice went"),
        Missing(2, "PageUnreadable"),
        Missing(3, "PageUnreadable"),
        Line(4, "to Bob."),
        Line(5, "End."),
    ]
    seam = Seam()
    found: list[Sentence | Gap] = []
    for first in range(1, 6, pages_per_chunk):
        found += seam.join(segment(it for it in stream if first <= it.page < first + pages_per_chunk))
    found += seam.close()

    gaps = [Gap(2, 2, "PageUnreadable"), Gap(3, 3, "PageUnreadable")]
    assert found == [Sentence("Alice went", 1, 1), *gaps, Sentence("to Bob.", 4, 4), Sentence("End.", 5, 5)]


def test_no_lines_make_no_sentences() -> None:
    assert cut([[], []], 1) == []
