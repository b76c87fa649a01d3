"""Running headers and footers: left out, or kept as entries of their own, whatever the chunk size."""

import json
from pathlib import Path
from typing import Any

import pytest

from integration.job import run
from tools.synthetic_books.book import Book, write


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
    dropped, kept = (entries(run(book.path, 5, running_lines=it).output) for it in ("drop", "keep"))

    running = [entry for entry in kept if entry not in wanted]
    assert dropped == wanted
    assert [entry for entry in kept if entry not in running] == wanted
    assert all(first == last and len(text) < 60 for text, first, last in running)


def test_nothing_is_kept_of_a_book_without_running_lines(tmp_path: Path) -> None:
    book = write(tmp_path / "book.pdf", seed=34, headers=False, numbers="none", pages=12)

    assert run(book.path, 5, running_lines="keep").output == run(book.path, 5).output
