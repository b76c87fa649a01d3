"""The summary of a run, for people and for programs."""

import json

import pytest

from builders import REPORT_WITH_FAILED_PAGES, make_merged
from chunk_runner.contract.report import Report
from pdfjob_cli.display import remarks, summary_json, summary_text


def test_people_are_told_of_warnings_and_of_pages_that_failed_alone() -> None:
    assert REPORT_WITH_FAILED_PAGES.merged is not None
    lines = [
        line.strip()
        for line in summary_text(
            REPORT_WITH_FAILED_PAGES, REPORT_WITH_FAILED_PAGES.merged, "book.pdf", "book.json", 1.0
        ).splitlines()
    ]

    assert lines[-3:] == [
        "failed: pages 7,12: PageUnreadable",
        "failed: page 20: TimeLimitExceeded",
        "warning: The file was damaged, and repaired.",
    ]


@pytest.mark.parametrize(
    ("sentences", "answers", "said"), [(1, 0, "1 sentence in"), (0, 3, "3 answers in"), (0, 0, "0 sentences in")]
)
def test_people_are_told_what_the_output_has(sentences: int, answers: int, said: str) -> None:
    merged = make_merged(sentences=sentences, answers=answers)

    assert said in summary_text(Report(pages=9, merged=merged), merged, "book.pdf", "book.json", 1.0)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({}, []),
        (
            {"dropped_lines": 1},
            ["left out: 1 line of running headers and footers: --running-lines keep keeps them"],
        ),
        (
            {"dropped_lines": 1234, "unnamed_characters": 5},
            [
                "left out: 1,234 lines of running headers and footers: --running-lines keep keeps them",
                "unnamed: 5 characters whose meaning the file does not say: the output has them as they are",
            ],
        ),
    ],
)
def test_people_are_told_what_is_left_out(counts: dict[str, int], said: list[str]) -> None:
    assert remarks(Report(pages=9, merged=make_merged(**counts))) == said


def test_programs_are_told_what_is_left_out() -> None:
    summary = summary_json(Report(pages=9, merged=make_merged(dropped_lines=4, unnamed_characters=2)), "book.json", 1.0)

    assert (summary["droppedLines"], summary["unnamedCharacters"]) == (4, 2)


def test_programs_are_told_of_of_warnings_and_of_pages_that_failed_alone() -> None:
    summary = json.loads(json.dumps(summary_json(REPORT_WITH_FAILED_PAGES, "book.json", 1.0)))

    assert summary["warnings"] == ["The file was damaged, and repaired."]
    assert summary["pageReasons"] == {"PageUnreadable": "7,12", "TimeLimitExceeded": "20"}
