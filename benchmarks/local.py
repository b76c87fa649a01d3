"""Splitting and text on this machine, each against the barest loop over the same library that could do it."""

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pikepdf
import pypdfium2

import pdfs
from chunk_runner.contract import JobSpec, Report
from chunk_runner.manifest import Chunk
from chunk_runner.prepare import prepare
from chunk_runner.source import identify
from chunk_runner.workspace import Workspace
from pdfjob_cli import local


RUNS = 5
PAGES_PER_CHUNK = 30


class Silent:
    """An observer that shows nothing."""

    def prepared(self, pages: int, chunks: int, done: int) -> None:
        """Nothing."""

    def advanced(self, pages: int) -> None:
        """Nothing."""

    def finished(self, chunk: Chunk, problem: str | None) -> None:
        """Nothing."""


def bare_split(source: Path, folder: Path) -> None:
    """Consecutive pages into files, and nothing else."""
    with pikepdf.open(source) as pdf:
        for start in range(0, len(pdf.pages), PAGES_PER_CHUNK):
            with pikepdf.new() as part:
                part.add_pages_from(pdf, list(range(start, min(start + PAGES_PER_CHUNK, len(pdf.pages)))))
                part.save(folder / f"{start}.pdf")


def split(source: Path, folder: Path) -> None:
    """The prepare stage."""
    prepare(JobSpec(source.name, pages_per_chunk=PAGES_PER_CHUNK), identify(source), Workspace(folder, "benchmark"))


def bare_text(source: Path, _folder: Path) -> None:
    """The text of every page, thrown away."""
    document = pypdfium2.PdfDocument(source)
    for page in document:
        page.get_textpage().get_text_range()
    document.close()


def run(workers: int) -> Callable[[Path, Path], Report]:
    """A whole job: split, text, sentences, ledger, output."""

    def whole(source: Path, folder: Path) -> Report:
        spec = JobSpec(source.name, pages_per_chunk=PAGES_PER_CHUNK)
        return local.run(spec, source, folder / "out.json", workers=workers, resume=False, observer=Silent())

    return whole


def seconds(work: Callable[[Path, Path], object], source: Path) -> float:
    """How long it takes, in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        work(source, Path(folder))
        return time.perf_counter() - started


def compare(
    name: str, source: Path, work: Callable[[Path, Path], object], bare: Callable[[Path, Path], object]
) -> None:
    """Take turns, so that what else the machine does meets both."""
    pairs = [(seconds(work, source), seconds(bare, source)) for _ in range(RUNS)]
    ours, theirs = (median(column) for column in zip(*pairs, strict=True))
    sys.stdout.write(f"| {name} | {ours:.2f} s | {theirs:.2f} s | {ours / theirs:.2f} |\n")


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        sentences = [f"Sentence {number} of a book that is long enough to measure." for number in range(170_000)]
        source = pdfs.write_prose(Path(folder) / "book.pdf", sentences)
        with pikepdf.open(source) as pdf:
            pages = len(pdf.pages)
        sys.stdout.write(f"{pages} pages of text, {multiprocessing.cpu_count()} cores, median of {RUNS}\n\n")
        sys.stdout.write("| what | this project | bare loop | ratio |\n| --- | --- | --- | --- |\n")
        compare("split into chunks of 30", source, split, bare_split)
        compare("whole job, 1 worker, against a PDFium text loop", source, run(1), bare_text)
        compare("whole job, 2 workers, against the same loop", source, run(2), bare_text)


if __name__ == "__main__":
    main()
