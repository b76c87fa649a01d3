"""Books whose every sentence is known: what comes out is compared with what went in."""

import json
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.report import Failure
from chunk_runner.source import identify
from chunk_runner.stages.merge import merge
from chunk_runner.stages.prepare import prepare
from chunk_runner.stages.process import process
from chunk_runner.workspace.files import Workspace
from tools.synthetic_books.book import Book, write
from tools.synthetic_books.vocabulary import LANGUAGES


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
    "without headers": {"seed": 40, "language": "es", "headers": "", "numbers": "none"},
}

# What does not come out exactly, and why. Each is a sentence as the book has it.
MISSES: dict[str, list[str]] = {}


def sentences(source: Path, pages_per_chunk: int, folder: Path) -> Found:
    """What a job makes of a source."""
    workspace = Workspace(folder / f"{source.stem}-{pages_per_chunk}", "attempt")
    manifest = prepare(JobSpec(source.name, pages_per_chunk=pages_per_chunk), identify(source), workspace).manifest
    for chunk in manifest.chunks:
        process(manifest, chunk.index, workspace)
    report = merge(workspace, Failure("Crashed", "never"))
    assert report.merged is not None
    assert report.merged.failed_pages == ""
    output = json.loads(workspace.path("output.json").read_bytes())
    return [(it["text"], *it["pages"]) for it in output["sentences"]]


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


@pytest.mark.parametrize("name", BOOKS)
def test_at_least_99_of_100_sentences_come_out_exactly(name: str, tmp_path: Path) -> None:
    book = write(tmp_path / "book.pdf", **BOOKS[name])

    found = sentences(book.path, 30, tmp_path)

    misses = missed(book, found)
    assert sorted(misses) == sorted(MISSES.get(name, []))
    assert len(misses) <= len(book.sentences) / 100
    # And nothing else comes out: no header, no page number.
    assert len(found) - len(book.sentences) <= len(misses)


layouts = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10**6),
        "language": st.sampled_from(LANGUAGES),
        "pages": st.integers(1, 12),
        "columns": st.sampled_from([1, 1, 2]),
        "headers": st.booleans(),
        "numbers": st.sampled_from(["foot", "head", "none"]),
        "front_pages": st.sampled_from([0, 3]),
        "footnotes": st.booleans(),
        "dialogue": st.booleans(),
        "compounds_break": st.booleans(),
        "justified": st.booleans(),
        "indent": st.booleans(),
        "rotated": st.booleans(),
        "interruptions": st.booleans(),
        "hyphen": st.sampled_from(["-", "\xad"]),
        "by_rows": st.booleans(),
    }
)


@settings(max_examples=settings().max_examples // 10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layout=layouts)
def test_no_chunk_size_changes_the_sentences_of_any_book(layout: dict[str, Any], tmp_path: Path) -> None:
    number = len(list(tmp_path.iterdir()))
    book = write(tmp_path / f"book{number}.pdf", **layout)

    outputs: Sequence[Found] = [sentences(book.path, size, tmp_path) for size in PAGES_PER_CHUNK]

    assert all(output == outputs[0] for output in outputs)
