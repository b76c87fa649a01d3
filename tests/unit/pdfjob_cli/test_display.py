"""The progress of a run, and its summary, for people and for programs."""

import json
from io import StringIO

import pytest
from rich.console import Console

from builders import REPORT_WITH_FAILED_PAGES, make_merged
from chunk_runner.contract.report import Failure, Report
from chunk_runner.workspace.manifest import Chunk
from pdfjob_cli.display import Display, remarks, summary_json, summary_line, summary_text, totals_line


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
            {"dropped_lines": 1234, "unmapped_characters": 5},
            [
                "left out: 1,234 lines of running headers and footers: --running-lines keep keeps them",
                "unmapped: 5 characters without a usable Unicode mapping: --processor gemini can read them",
            ],
        ),
    ],
)
def test_people_are_told_what_is_left_out(counts: dict[str, int], said: list[str]) -> None:
    assert remarks(Report(pages=9, merged=make_merged(**counts))) == said


def test_programs_are_told_what_is_left_out() -> None:
    summary = summary_json(
        Report(pages=9, merged=make_merged(dropped_lines=4, unmapped_characters=2)), "book.json", 1.0
    )

    assert (summary["droppedLines"], summary["unmappedCharacters"]) == (4, 2)


def test_programs_are_told_of_of_warnings_and_of_pages_that_failed_alone() -> None:
    summary = json.loads(json.dumps(summary_json(REPORT_WITH_FAILED_PAGES, "book.json", 1.0)))

    assert summary["warnings"] == ["The file was damaged, and repaired."]
    assert summary["pageReasons"] == {"PageUnreadable": "7,12", "TimeLimitExceeded": "20"}


FAILED = Report(failure=Failure("NotAPdf", "“b.pdf” is not a PDF."))


def test_a_file_of_several_has_a_line_and_its_remarks_below_it() -> None:
    lines = summary_line(REPORT_WITH_FAILED_PAGES, "book.pdf", "texts/book.json").splitlines()

    assert lines[0].startswith("book.pdf: ")
    assert lines[0].endswith(" in texts/book.json")
    assert "  failed: page 20: TimeLimitExceeded" in lines
    assert summary_line(FAILED, "b.pdf", "texts/b.json") == "b.pdf: NotAPdf: “b.pdf” is not a PDF."


@pytest.mark.parametrize(
    ("reports", "incomplete", "said"),
    [
        ([Report(pages=9), Report(pages=1)], 0, "2 files (2 complete): 10 pages in 1.5 s"),
        (
            [Report(pages=9), FAILED, Report(pages=1)],
            1,
            "3 files (1 complete, 1 incomplete, 1 failed): 10 pages in 1.5 s",
        ),
        ([FAILED, FAILED], 0, "2 files (2 failed): 0 pages in 1.5 s"),
    ],
)
def test_several_files_are_counted(reports: list[Report], incomplete: int, said: str) -> None:
    assert totals_line(reports, incomplete, 1.5) == said


@pytest.mark.parametrize(
    ("seconds_per_page", "said"),
    [(1, "chunk 1 (pages 4-6) done, about 14 s left"), (30, "about 7 min left"), (600, "about 2 h 20 min left")],
)
def test_the_time_left_follows_from_the_speed_so_far(seconds_per_page: int, said: str) -> None:
    now, written = 0.0, StringIO()
    display = Display(Console(file=written, width=200), "a.pdf", clock=lambda: now)

    with display:
        display.prepared(pages=20, chunks=7, done=0)
        for page in range(7):
            display.advanced(page)
            now += seconds_per_page
        display.finished(Chunk(1, "4-6", "key"), None)

    assert said in written.getvalue()


def test_nothing_is_said_of_the_time_left_at_the_end() -> None:
    written = StringIO()
    display = Display(Console(file=written, width=200), "a.pdf")

    with display:
        display.prepared(pages=3, chunks=1, done=0)
        display.advanced(3)
        display.finished(Chunk(0, "1-3", "key"), None)

    assert written.getvalue() == "a.pdf: 3 pages, 1 chunk\nchunk 0 (pages 1-3) done\n"
