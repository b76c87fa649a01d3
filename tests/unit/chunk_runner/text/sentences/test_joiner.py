from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunk_runner.pdf.page import SOFT_HYPHEN
from chunk_runner.text.entries import Entry, Gap, Sentence
from chunk_runner.text.layout.line import Line
from chunk_runner.text.sentences.joiner import Item, MissingPage, SentenceJoiner, UnselectedPages
from chunk_runner.text.sentences.seams import SeamJoiner


ENGLISH = SentenceJoiner("en")

Stream = Sequence[Item]


def joined(chunks: Iterable[tuple[Stream, Sequence[Line]]], *, joiner: SentenceJoiner = ENGLISH) -> list[Entry]:
    """The entries of chunks, each with its text and its notes, in the order in which the output has them."""
    seam = SeamJoiner(joiner)
    found: list[Entry] = []
    for stream, notes in chunks:
        sentences = joiner.segment(stream, notes)
        found += seam.join(sentences)
        found += sentences.entries
    return found + seam.close()


def cut(
    pages: Sequence[Stream], pages_per_chunk: int, *, notes: Sequence[Line] = (), joiner: SentenceJoiner = ENGLISH
) -> list[Entry]:
    """The entries of a book, cut in chunks of this size and joined again."""
    return joined(
        (
            (
                [it for page in pages[start : start + pages_per_chunk] for it in page],
                [note for note in notes if start < note.page <= start + pages_per_chunk],
            )
            for start in range(0, len(pages), pages_per_chunk)
        ),
        joiner=joiner,
    )


def of_text(pages: Sequence[Sequence[str]]) -> list[list[Line]]:
    """Pages of these lines, none of which is known to start anything."""
    return [[Line(number, text) for text in page] for number, page in enumerate(pages, start=1)]


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
        "“No.",
        "Yes.”",
        "(It",
        "is.)",
        "end.3",
        "3.14",
        "e.g.",
        "end.",
        "half-",
        f"won{SOFT_HYPHEN}",
        "well-",
        "known",
        "• a",
        "It",
        "1.",
        "…",
    ]
)
texts = st.lists(words, min_size=1, max_size=6).map(" ".join)
page = st.lists(st.tuples(texts, st.booleans()), max_size=4)


@st.composite
def books(draw: st.DrawFn) -> tuple[list[Stream], list[Line]]:
    """A book, of which some pages could not be read; and its notes."""
    pages: list[Stream] = []
    notes: list[Line] = []
    for number, lines in enumerate(draw(st.lists(page | st.none(), min_size=1, max_size=8)), start=1):
        if lines is None:
            pages.append([MissingPage(number, "PageUnreadable")])
            continue
        pages.append([Line(number, text, starts) for text, starts in lines])
        notes += [
            Line(number, f"{mark} {text}", starts=True) for mark, text in enumerate(draw(st.lists(texts, max_size=2)))
        ]
    return pages, notes


@given(books(), st.integers(1, 8), st.sampled_from(["en", "fr", "de"]))
def test_no_chunk_size_changes_what_comes_out(
    book: tuple[list[Stream], list[Line]], pages_per_chunk: int, language: str
) -> None:
    pages, notes = book
    joiner = SentenceJoiner(language, frozenset({"half-known"}))

    in_chunks = cut(pages, pages_per_chunk, notes=notes, joiner=joiner)

    assert in_chunks == cut(pages, len(pages), notes=notes, joiner=joiner)


@given(books(), st.integers(1, 8), st.data())
def test_a_hole_in_the_selection_is_the_same_inside_a_chunk_and_between_two(
    book: tuple[list[Stream], list[Line]], pages_per_chunk: int, data: st.DataObject
) -> None:
    pages, notes = book
    selected = sorted(data.draw(st.sets(st.integers(1, len(pages)), min_size=1)))

    def of_chunks(size: int) -> list[Entry]:
        seam, found, before = SeamJoiner(ENGLISH), [], 0
        for first in range(0, len(selected), size):
            chunk = selected[first : first + size]
            stream: list[Item] = []
            for at, number in enumerate(chunk):
                if number != before + 1:
                    if at:
                        stream.append(UnselectedPages())
                    else:
                        found += seam.close()
                stream += pages[number - 1]
                before = number
            sentences = ENGLISH.segment(stream, [note for note in notes if note.page in chunk])
            found += [*seam.join(sentences), *sentences.entries]
        return [*found, *seam.close()]

    assert of_chunks(pages_per_chunk) == of_chunks(len(pages))


@given(books(), st.integers(1, 8))
def test_every_note_comes_out_whole_and_after_what_starts_before_its_page(
    book: tuple[list[Stream], list[Line]], pages_per_chunk: int
) -> None:
    pages, notes = book
    alone = list(ENGLISH.segment_notes(notes))

    found = cut(pages, pages_per_chunk, notes=notes)

    without = cut(pages, pages_per_chunk)
    assert sorted(found, key=repr) == sorted([*without, *alone], key=repr)
    assert [it.first_page for it in found] == sorted(it.first_page for it in found)


def test_a_sentence_across_pages_is_whole_and_carries_both() -> None:
    pages = of_text([["One is here. Two begins"], ["and ends here. Three."]])

    assert cut(pages, 1) == [
        Sentence("One is here.", 1, 1),
        Sentence("Two begins and ends here.", 1, 2),
        Sentence("Three.", 2, 2),
    ]


def test_a_sentence_may_run_over_several_chunks() -> None:
    pages = of_text([["It begins"], ["goes on"], [], ["and ends."]])

    assert cut(pages, 1) == [Sentence("It begins goes on and ends.", 1, 4)]


def test_a_quotation_of_two_sentences_is_two_sentences() -> None:
    pages = of_text([["He said: “It is late. We", "must go.” Then he left."]])

    assert [it.text for it in cut(pages, 1) if isinstance(it, Sentence)] == [
        "He said: “It is late.",
        "We must go.”",
        "Then he left.",
    ]


def test_what_the_layout_starts_is_a_sentence_of_its_own() -> None:
    pages: list[Stream] = [
        [Line(1, "Chapter One"), Line(1, "The lamp was lit.", starts=True), Line(1, "It was late.", starts=True)]
    ]

    assert cut(pages, 1) == [
        Sentence("Chapter One", 1, 1),
        Sentence("The lamp was lit.", 1, 1, starts_paragraph=True),
        Sentence("It was late.", 1, 1, starts_paragraph=True),
    ]


@pytest.mark.parametrize(
    ("line", "following"),
    [("the lamp", "was lit."), ("It was won-", "Derful."), ("the lamp, the table,", "The chair")],
    ids=["small letter", "hyphen", "comma"],
)
def test_what_goes_on_goes_on_wherever_it_stands(line: str, following: str) -> None:
    assert not ENGLISH.ends_between(Line(1, line), Line(2, following, starts=True))


def test_notes_come_after_the_last_sentence_that_starts_on_their_page() -> None:
    pages = of_text([["One. Two begins"], ["and ends. Three."]])
    notes = [Line(1, "1 See above.", starts=True), Line(2, "2 See below.", starts=True)]

    for pages_per_chunk in (1, 2):
        assert cut(pages, pages_per_chunk, notes=notes) == [
            Sentence("One.", 1, 1),
            Sentence("Two begins and ends.", 1, 2),
            Sentence("1 See above.", 1, 1, starts_paragraph=True),
            Sentence("Three.", 2, 2),
            Sentence("2 See below.", 2, 2, starts_paragraph=True),
        ]


def test_an_abbreviation_at_a_line_end_ends_no_sentence() -> None:
    assert not ENGLISH.ends_between(Line(1, "He met Mr."), Line(1, "Quick at noon."))


def test_a_list_item_begins_a_sentence() -> None:
    assert ENGLISH.ends_between(Line(1, "Bring the following"), Line(1, "• oil"))


@given(st.integers(1, 5))
def test_no_sentence_crosses_a_page_that_could_not_be_read(pages_per_chunk: int) -> None:
    pages: list[Stream] = [
        [Line(1, "Alice went")],
        [MissingPage(2, "PageUnreadable")],
        [MissingPage(3, "PageUnreadable")],
        [Line(4, "to Bob.")],
        [Line(5, "End.")],
    ]

    gaps = [Gap(2, 2, "PageUnreadable"), Gap(3, 3, "PageUnreadable")]
    assert cut(pages, pages_per_chunk) == [
        Sentence("Alice went", 1, 1),
        *gaps,
        Sentence("to Bob.", 4, 4),
        Sentence("End.", 5, 5),
    ]


def test_no_sentence_crosses_pages_that_were_not_selected() -> None:
    found = joined([([Line(1, "Alice went"), UnselectedPages(), Line(3, "to Bob.")], ())])

    assert found == [Sentence("Alice went", 1, 1), Sentence("to Bob.", 3, 3)]


def test_no_lines_make_no_sentences() -> None:
    assert cut([[], []], 1) == []
