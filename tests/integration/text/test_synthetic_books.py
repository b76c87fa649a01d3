"""Books whose every sentence is known: what comes out is compared with what went in."""

import json
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chunk_runner.contract.job_spec import JobSpec
from integration.job import run
from pdfjob_cli.run import local_runner
from pdfjob_cli.run.worker_pool import Observer
from tools.documents.synthetic_books.book import Book, write
from tools.documents.synthetic_books.vocabulary import LANGUAGES


Found = list[tuple[str, int, int]]

PAGES_PER_CHUNK = (1, 7, 30, 10**6)

# What each book is like.
BOOKS: dict[str, dict[str, Any]] = {
    "plain English": {"seed": 1},
    "French dialogue": {"seed": 2, "language": "fr", "dialogue": True},
    "German with footnotes": {"seed": 3, "language": "de", "footnotes": True},
    "Spanish, paragraphs set apart": {"seed": 4, "language": "es", "indent": False, "dialogue": True},
    "Italian, numbers in the header": {
        "seed": 5,
        "language": "it",
        "numbers": "head",
        "footnotes": True,
        "dialogue": True,
    },
    "two columns": {"seed": 6, "columns": 2},
    "two columns, drawn row by row": {"seed": 3, "columns": 2, "by_rows": True},
    "two columns, drawn row by row, Spanish dialogue": {
        "seed": 10,
        "language": "es",
        "columns": 2,
        "by_rows": True,
        "dialogue": True,
    },
    "two columns with footnotes in German": {"seed": 29, "language": "de", "columns": 2, "footnotes": True},
    "turned pages, pictures, a preface": {"seed": 8, "rotated": True, "interruptions": True, "front_pages": 4},
    "soft hyphens, ragged, French footnotes": {
        "seed": 9,
        "language": "fr",
        "hyphen": "\xad",
        "justified": False,
        "interruptions": True,
        "footnotes": True,
    },
    "compounds that break at their own hyphen": {"seed": 23, "language": "fr", "compounds_break": True},
    "changing titles, footnotes, turned and sideways pages": {
        "seed": 51,
        "pages": 20,
        "headers": "chapters",
        "chapter_pages": (3, 6),
        "footnotes": True,
        "rotated": True,
        "sideways": True,
    },
    "titles beside their numbers, lists, initials, filled fields": {
        "seed": 52,
        "pages": 20,
        "language": "fr",
        "headers": "joined",
        "chapter_pages": (3, 6),
        "lists": True,
        "drop_caps": True,
        "forms": True,
    },
    "guide words, notes in the margin, a stamp": {
        "seed": 53,
        "pages": 20,
        "language": "es",
        "headers": "guide words",
        "margin_notes": True,
        "stamp": "margin",
    },
    "tables, figures and section headings in two columns": {
        "seed": 54,
        "pages": 16,
        "language": "de",
        "columns": 2,
        "headers": "chapters",
        "numbers": "head",
        "tables": True,
        "figures": True,
        "sections": True,
    },
    "line numbers and a watermark": {"seed": 55, "pages": 16, "line_numbers": 1, "stamp": "watermark"},
    "lists, tables, figures, footnotes, paragraphs set apart": {
        "seed": 56,
        "pages": 20,
        "language": "it",
        "headers": "joined",
        "footnotes": True,
        "lists": True,
        "tables": True,
        "figures": True,
        "sections": True,
        "indent": False,
    },
    "without headers": {"seed": 40, "language": "es", "headers": "", "numbers": "none"},
}

# What does not come out exactly, and why. Each is a sentence as the book has it.
MISSES: dict[str, list[str]] = {}


def entries(output: bytes) -> Found:
    """The entries of an output."""
    return [(it["text"], *it["pages"]) for it in json.loads(output)["sentences"]]


def missed(book: Book, found: Found) -> list[str]:
    """The sentences of the book that are not among what was found, with exactly their pages, in order."""
    wanted = [(it.text, it.first_page, it.last_page) for it in book.sentences]
    matcher = SequenceMatcher(None, wanted, found, autojunk=False)
    return [
        text
        for kind, first, last, _, _ in matcher.get_opcodes()
        if kind != "equal"
        for text, _, _ in wanted[first:last]
    ]


def misplaced(book: Book, found: Found) -> Found:
    """What was found that the book has, but not on these pages; a header may have the words of a heading."""
    texts = {it.text for it in book.sentences} - book.headers
    wanted = Counter((it.text, it.first_page, it.last_page) for it in book.sentences)
    return [entry for entry in Counter(found) - wanted if entry[0] in texts]


@pytest.mark.parametrize("name", BOOKS)
def test_at_least_99_of_100_sentences_come_out_exactly(name: str, tmp_path: Path) -> None:
    book = write(tmp_path / "book.pdf", **BOOKS[name])

    found = entries(run(book.path, 30).output)

    misses = missed(book, found)
    assert sorted(misses) == sorted(MISSES.get(name, []))
    assert len(misses) <= len(book.sentences) / 100
    # And nothing else comes out: no page number, and no header but guide words, which may be the first line of a text.
    others = [text for text, _, _ in found if text not in book.headers or "–" not in text]
    assert len(others) - len(book.sentences) <= len(misses)


# Columns that are drawn row by row are told apart only if nothing else is drawn beside their lines.
PLAIN = dict.fromkeys(("figures", "lists", "margin_notes", "rotated", "sections", "sideways", "tables"), False)

layouts = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10**6),
        "language": st.sampled_from(LANGUAGES),
        "pages": st.integers(1, 12),
        "columns": st.sampled_from([1, 1, 2]),
        "headers": st.sampled_from(["titles", "chapters", "joined", "guide words", ""]),
        "numbers": st.sampled_from(["foot", "head", "none"]),
        "chapter_pages": st.sampled_from([(2, 4), (5, 12)]),
        "front_pages": st.sampled_from([0, 3]),
        "line_numbers": st.sampled_from([0, 0, 1, 5]),
        "stamp": st.sampled_from(["", "watermark", "margin"]),
        "hyphen": st.sampled_from(["-", "\xad"]),
        **dict.fromkeys(
            (
                "by_rows",
                "compounds_break",
                "dialogue",
                "drop_caps",
                "figures",
                "footnotes",
                "forms",
                "indent",
                "interruptions",
                "justified",
                "lists",
                "margin_notes",
                "rotated",
                "sections",
                "sideways",
                "tables",
            ),
            st.booleans(),
        ),
    }
).map(lambda layout: {**layout, **PLAIN} if layout["by_rows"] else layout)


@settings(max_examples=settings().max_examples // 10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layout=layouts)
def test_no_chunk_size_changes_the_output_of_any_book(layout: dict[str, Any], tmp_path: Path) -> None:
    book = write(tmp_path / "book.pdf", **layout)

    outputs = {run(book.path, size, is_reversed=size == 1).output for size in PAGES_PER_CHUNK}

    [output] = outputs
    assert misplaced(book, entries(output)) == []


def test_no_number_of_workers_changes_the_output(tmp_path: Path) -> None:
    options = BOOKS["lists, tables, figures, footnotes, paragraphs set apart"]
    book = write(tmp_path / "book.pdf", **options)
    outputs = set()

    for workers in (1, 2, 5):
        out = tmp_path / f"{workers}.json"
        spec = JobSpec(book.path.name, pages_per_chunk=3)
        local_runner.run(spec, book.path, out, workers=workers, resume=False, observer=Mock(spec=Observer))
        outputs.add(out.read_bytes())

    assert outputs == {run(book.path, 10**6).output}
