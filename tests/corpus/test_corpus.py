"""Real PDFs: none brings a traceback, none loses a page, and the words are those that poppler reads."""

import statistics
from collections.abc import Callable

from chunk_runner.contract.reasons import Reason
from corpus.conftest import SUMMARY
from tools.corpus import known, sources, table
from tools.corpus.sources import THIRDS
from tools.corpus.survey import Finding


FILES = 100
"""What the corpus has at least: fewer would mean that something was not unpacked. A part is processed."""

ALIKE = 0.9
"""F1 of a file that is not in the list of known ones."""

MEDIAN = 0.99
"""Precision and recall of the file in the middle."""


def test_the_corpus_is_there(findings: list[Finding], record_property: Callable[[str, object], None]) -> None:
    record_property(SUMMARY, "\n".join(table.summary(findings)))
    names = {finding.name for finding in findings}

    assert len(sources.files(sources.LIBRARIES)) >= FILES
    assert len(names) >= FILES // THIRDS
    assert names >= known.PASSWORDS.keys() | known.REFUSED.keys() | known.OTHER_TEXT.keys()


def test_every_file_ends_in_time_with_an_exit_code_of_ours(findings: list[Finding]) -> None:
    codes = {one.name: one.run.exit_code for one in findings if one.run.exit_code not in {0, 1, 3}}

    assert not codes


def test_no_file_brings_a_traceback_or_another_sign_of_a_bug(findings: list[Finding]) -> None:
    signs = ("Traceback (most recent call last)", "this is a bug", Reason.UNEXPECTED.lower())
    told = {one.name: f"{one.run.said}\n{one.run.summary}" for one in findings}
    bugs = {name: text for name, text in told.items() if any(sign.lower() in text.lower() for sign in signs)}

    assert not bugs


def test_a_file_without_output_has_a_reason(findings: list[Finding]) -> None:
    silent = [one.name for one in findings if not one.run.output and not one.run.failure]

    assert not silent


def test_every_page_is_in_exactly_one_state(findings: list[Finding]) -> None:
    wrong = {
        one.name: one.run.ledger
        for one in findings
        if one.run.output
        and sorted(page for pages in one.run.ledger.values() for page in pages)
        != list(range(1, (one.run.pages or 0) + 1))
    }

    assert not wrong


def test_the_page_count_is_popplers(findings: list[Finding]) -> None:
    other = {
        one.name: (one.run.pages, one.reading.pages)
        for one in findings
        if one.run.output and one.reading.pages not in {None, one.run.pages}
    }

    assert not other


def test_what_poppler_opens_is_refused_for_a_known_reason_only(findings: list[Finding]) -> None:
    refused = {one.name: one.run.said for one in findings if one.reading.pages is not None and not one.run.output}

    assert refused.keys() <= known.REFUSED.keys(), refused


def test_the_words_are_popplers_except_in_known_files(findings: list[Finding]) -> None:
    far = {one.name: one.likeness for one in findings if one.likeness and one.likeness.f1 < ALIKE}

    assert far.keys() <= known.OTHER_TEXT.keys(), far


def test_the_words_of_most_files_are_popplers_almost_to_the_last(findings: list[Finding]) -> None:
    compared = [one.likeness for one in findings if one.likeness and one.likeness.theirs >= table.MANY_WORDS]

    assert len(compared) >= FILES // 2 // THIRDS
    assert statistics.median(one.precision for one in compared) >= MEDIAN
    assert statistics.median(one.recall for one in compared) >= MEDIAN


def test_no_chunk_size_changes_the_output_of_any_file(findings: list[Finding]) -> None:
    split = [one for one in findings if one.seams]
    changed = {one.name: one.seams for one in split if not all(one.seams.values())}

    assert len(split) >= FILES // 4 // THIRDS
    assert not changed
