"""The files of packages: PdfJob shows every word that poppler shows, or the reason is known."""

from collections.abc import Callable

from corpus.conftest import SUMMARY
from tools.corpus import known, lost_table, sources
from tools.corpus.lost import Kind
from tools.corpus.packages import Comparison
from tools.corpus.sources import THIRDS


FILES = 100
"""What the packages have at least: fewer would mean that something was not unpacked. A part is compared."""

WORDS = 500_000
"""Words that poppler shows at least in any third: fewer would mean that it did not read the files."""


def test_the_packages_are_there(comparisons: list[Comparison], record_property: Callable[[str, object], None]) -> None:
    record_property(SUMMARY, "\n".join(lost_table.summary(comparisons)))

    assert len(sources.files(sources.PACKAGES)) >= FILES
    assert len(comparisons) >= FILES // THIRDS
    assert sum(one.words for one in comparisons) >= WORDS
    assert {one.name for one in comparisons} >= known.LOST.keys()


def test_what_poppler_opens_is_processed_with_as_many_pages(comparisons: list[Comparison]) -> None:
    other = {
        one.name: (one.pages, one.reading.pages)
        for one in comparisons
        if one.reading.pages is not None and one.pages != one.reading.pages
    }

    assert not other


def test_no_word_is_lost_without_a_reason(comparisons: list[Comparison]) -> None:
    unexplained = {
        one.name: [(word.page, word.word, word.line) for word in lost]
        for one in comparisons
        if (lost := one.by_reason().get(Kind.UNEXPLAINED))
    }

    assert not unexplained


def test_no_file_with_a_known_reason_loses_more_words_than_that_explains(comparisons: list[Comparison]) -> None:
    more = {
        one.name: count
        for one in comparisons
        if (count := sum(word.count for word in one.lost if word.kind is Kind.UNEXPLAINED))
        > known.LOST.get(one.name, ("", count))[1]
    }

    assert not more
