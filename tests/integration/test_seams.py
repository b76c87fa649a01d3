"""The promise of the README: no chunk size changes what comes out."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pdfs
from chunk_runner.contract import Failure, JobSpec
from chunk_runner.merge import merge
from chunk_runner.prepare import prepare
from chunk_runner.process import process
from chunk_runner.source import identify
from chunk_runner.workspace import Workspace


SAMPLES = Path(__file__).parents[2] / "samples"


def output(source: Path, pages_per_chunk: int) -> bytes:
    """The output of a job, all stages run in this process."""
    with TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder), "attempt")
        manifest = prepare(JobSpec(source.name, pages_per_chunk=pages_per_chunk), identify(source), workspace)
        for chunk in manifest.chunks:
            process(manifest, chunk.index, workspace)
        report = merge(workspace, Failure("Crashed", "never"))
        assert report.failure is None
        return workspace.path("output.json").read_bytes()


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A book whose sentences cross lines and pages, with blank pages in between; and its output in one chunk."""
    lines = [f"and then came line {number}" + ("." if number % 7 == 0 else ",") for number in range(300)]
    pages = [lines[start : start + 11] if start % 5 else [] for start in range(0, len(lines), 11)]
    path = pdfs.write_pages(tmp_path_factory.mktemp("book") / "book.pdf", pages)
    return path, output(path, 10**6)


@settings(max_examples=25, deadline=None)
@given(pages_per_chunk=st.integers(1, 40))
def test_no_chunk_size_changes_the_output(book: tuple[Path, bytes], pages_per_chunk: int) -> None:
    path, whole = book

    assert output(path, pages_per_chunk) == whole


@pytest.mark.parametrize("pages_per_chunk", [1, 7, 30, 10**6])
def test_no_chunk_size_changes_the_sample(pages_per_chunk: int) -> None:
    sample = SAMPLES / "lighthouse.pdf"

    assert output(sample, pages_per_chunk) == output(sample, 47)


def test_the_sample_is_what_its_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(SAMPLES), *sys.path])
    import lighthouse  # type: ignore[import-not-found]  # noqa: PLC0415 (it lies beside its PDF, not on the path)

    lighthouse.write(tmp_path / "again.pdf")

    assert (tmp_path / "again.pdf").read_bytes() == (SAMPLES / "lighthouse.pdf").read_bytes()
