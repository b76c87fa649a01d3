"""Running headers and footers: left out, or kept as entries of their own, whatever the chunk size."""

import json
from pathlib import Path
from typing import Any

import pytest

from chunk_runner.contract.job_spec import OUTPUTS
from integration.job import run
from tools.documents import pdfs
from tools.documents.synthetic_books.book import Book, write


BOOKS: dict[str, dict[str, Any]] = {
    "headers and numbers": {"seed": 31},
    "numbers in the header": {"seed": 32, "numbers": "head"},
    "footnotes and a preface with Roman numbers": {"seed": 33, "footnotes": True, "front_pages": 4},
}

Entry = tuple[str, int, int]


def entries(output: bytes) -> list[Entry]:
    return [(it["text"], *it["pages"]) for it in json.loads(output)["sentences"]]


@pytest.fixture(params=BOOKS)
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Book:
    return write(tmp_path / "book.pdf", pages=12, **BOOKS[request.param])


@pytest.mark.parametrize("running_lines", ["drop", "keep"])
@pytest.mark.parametrize("pages_per_chunk", [1, 5])
def test_no_chunk_size_changes_the_output(book: Book, running_lines: str, pages_per_chunk: int) -> None:
    whole = run(book.path, 10**6, running_lines=running_lines)

    assert run(book.path, pages_per_chunk, running_lines=running_lines).output == whole.output


def test_kept_lines_are_entries_of_their_own_and_spoil_no_sentence(book: Book) -> None:
    wanted = [(it.text, it.first_page, it.last_page) for it in book.sentences]
    dropped, kept = (run(book.path, 5, running_lines=it) for it in ("drop", "keep"))

    running = [entry for entry in entries(kept.output) if entry not in wanted]
    assert entries(dropped.output) == wanted
    assert [entry for entry in entries(kept.output) if entry not in running] == wanted
    assert all(first == last and len(text) < 60 for text, first, last in running)


@pytest.mark.parametrize("form", OUTPUTS)
def test_lines_that_are_left_out_are_counted(form: str, tmp_path: Path) -> None:
    pages = [[f"The Sales of the Year {page}", "", *pdfs.sales(page)] for page in range(1, 9)]
    source = pdfs.write_pages(tmp_path / "book.pdf", pages)

    dropped, kept = (run(source, 3, format=form, running_lines=it) for it in ("drop", "keep"))

    assert (dropped.merged.dropped_lines, kept.merged.dropped_lines) == (8, 0)
    assert kept.merged.sentences - dropped.merged.sentences == 8
    if form == "json":
        assert [json.loads(it.output)["droppedLines"] for it in (dropped, kept)] == [8, 0]


def test_nothing_is_kept_of_a_book_without_running_lines(tmp_path: Path) -> None:
    book = write(tmp_path / "book.pdf", seed=34, headers=False, numbers="none", pages=12)

    assert run(book.path, 5, running_lines="keep").output == run(book.path, 5).output
