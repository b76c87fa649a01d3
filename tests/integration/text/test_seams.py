"""The promise of the README: no chunk size changes what comes out."""

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chunk_runner.contract.job_spec import OUTPUTS
from chunk_runner.contract.ranges import format_ranges
from integration.job import run
from sizes import cases
from tools.documents import pdfs


SAMPLES = Path(__file__).parents[3] / "samples"
EXAMPLES = settings().max_examples
"""The number of examples for tests of no great length."""


def output(source: Path, pages_per_chunk: int, form: str = "json", pages: str | None = None) -> bytes:
    """The output of a job."""
    return run(source, pages_per_chunk, format=form, pages=pages).output


Book = tuple[Path, dict[str, bytes]]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """A book whose sentences cross lines and pages, with blank pages in between; and its outputs in one chunk."""
    lines = [f"and then came line {number}" + ("." if number % 7 == 0 else ",") for number in range(300)]
    pages = [lines[start : start + 11] if start % 5 else [] for start in range(0, len(lines), 11)]
    path = pdfs.write_pages(tmp_path_factory.mktemp("book") / "book.pdf", pages)
    return path, {form: output(path, 10**6, form) for form in OUTPUTS}


@pytest.mark.parametrize("form", cases(OUTPUTS, quick=["json"]))
@settings(max_examples=EXAMPLES // 4)
@given(pages_per_chunk=st.integers(1, 40))
def test_no_chunk_size_changes_the_output(book: Book, form: str, pages_per_chunk: int) -> None:
    path, whole = book

    assert output(path, pages_per_chunk, form) == whole[form]


def test_the_book_has_what_makes_seams_hard(book: Book) -> None:
    _, whole = book

    found = json.loads(whole["json"])
    assert found["ledger"]["empty"]
    assert any(first < last for first, last in (entry["pages"] for entry in found["sentences"]))


@pytest.mark.parametrize("form", cases(OUTPUTS, quick=["json"]))
@settings(max_examples=EXAMPLES // 6)
@given(pages_per_chunk=st.integers(1, 28), selected=st.sets(st.integers(1, 28), min_size=1))
def test_no_chunk_size_changes_the_output_of_a_selection_with_holes(
    book: Book, form: str, pages_per_chunk: int, selected: set[int]
) -> None:
    path, _ = book
    pages = format_ranges(sorted(selected))

    assert output(path, pages_per_chunk, form, pages) == output(path, 10**6, form, pages)


@pytest.mark.parametrize("pages_per_chunk", cases([1, 2, 3, 5, 7], quick=[3]))
def test_no_chunk_size_changes_the_sample(pages_per_chunk: int) -> None:
    sample = SAMPLES / "lighthouse.pdf"

    assert output(sample, pages_per_chunk) == output(sample, 10**6)


def test_the_sample_is_what_its_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(SAMPLES), *sys.path])
    import lighthouse  # type: ignore[import-not-found]  # noqa: PLC0415 (it lies beside its PDF, not on the path)

    lighthouse.write(tmp_path / "again.pdf")

    assert (tmp_path / "again.pdf").read_bytes() == (SAMPLES / "lighthouse.pdf").read_bytes()
