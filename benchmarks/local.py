"""Measures split, text and merge of a local run, each against a bare loop over the same library."""

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import pikepdf
import pypdfium2

from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.report import Failure
from chunk_runner.source import identify
from chunk_runner.stages.merge import merge
from chunk_runner.stages.prepare import prepare
from chunk_runner.stages.process import process
from chunk_runner.workspace.files import Workspace
from chunk_runner.workspace.manifest import Chunk
from pdfjob_cli.run import local_runner
from tools.documents import pdfs
from tools.documents.hostile_pdfs import splitting
from tools.documents.synthetic_books import book


RUNS = 3
PAGES_PER_CHUNK = 30

Work = Callable[[Path, Path], object]


class Silent:
    """An observer that ignores all progress."""

    def prepared(self, pages: int, chunks: int, done: int) -> None:
        """Ignore the event."""

    def advanced(self, pages: int) -> None:
        """Ignore the event."""

    def finished(self, chunk: Chunk, problem: str | None) -> None:
        """Ignore the event."""

    def stopping(self) -> None:
        """Ignore the event."""


def bare_split(source: Path, folder: Path) -> None:
    """Copy runs of consecutive pages into files, and do nothing else."""
    with pikepdf.open(source) as pdf:
        for start in range(0, len(pdf.pages), PAGES_PER_CHUNK):
            with pikepdf.new() as part:
                part.pages.extend(pdf.pages[start : start + PAGES_PER_CHUNK])
                part.save(folder / f"{start}.pdf")


def split(source: Path, folder: Path) -> None:
    """Run the prepare stage."""
    prepare(JobSpec(source.name, pages_per_chunk=PAGES_PER_CHUNK), identify(source), Workspace(folder, "benchmark"))


def bare_text(source: Path, _folder: Path) -> None:
    """Read the text of every page and discard it."""
    document = pypdfium2.PdfDocument(source)
    for page in document:
        page.get_textpage().get_text_range()
    document.close()


def run(workers: int) -> Work:
    """Return a function that runs a whole job with this number of workers."""

    def whole(source: Path, folder: Path) -> None:
        spec = JobSpec(source.name, pages_per_chunk=PAGES_PER_CHUNK)
        local_runner.run(spec, source, folder / "out.json", workers=workers, resume=False, observer=Silent())

    return whole


def seconds(work: Work, source: Path) -> float:
    """Return the seconds that the work takes in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        work(source, Path(folder))
        return time.perf_counter() - started


def peak(work: Work, source: Path) -> float:
    """Return the peak resident memory of the largest process of the work, in MiB; measured in a fresh process."""
    receiving, sending = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_measure, args=(work, source, sending))
    process.start()
    mebibytes: float = receiving.recv()
    process.join()
    return mebibytes


def _measure(work: Work, source: Path, sending: Connection) -> None:
    with tempfile.TemporaryDirectory() as folder:
        work(source, Path(folder))
    # Not RUSAGE_SELF, which on Linux includes the memory that the process had before exec.
    own = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
    sending.send(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024)


def compare(name: str, source: Path, work: Work, bare: Work) -> None:
    """Print a row: median seconds of both, run alternately so that other load on the machine affects both."""
    pairs = [(seconds(work, source), seconds(bare, source)) for _ in range(RUNS)]
    ours, theirs = (median(column) for column in zip(*pairs, strict=True))
    say(name, f"{ours:.2f} s", f"{theirs:.2f} s", f"{ours / theirs:.2f}")


def stages(source: Path) -> None:
    """Print the share of the merge in a whole job whose stages run one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder), "benchmark")
        started = time.perf_counter()
        manifest = prepare(JobSpec(source.name), identify(source), workspace, direct=True).manifest
        for chunk in manifest.chunks:
            process(manifest, chunk.index, workspace, source=source)
        processed = time.perf_counter()
        merge(workspace, Failure("Crashed", "never"))
        ended = time.perf_counter()
    say(
        "merge, of a whole job",
        f"{ended - processed:.2f} s",
        f"{ended - started:.2f} s",
        f"{(ended - processed) / (ended - started):.3f}",
    )


def sizes(source: Path) -> None:
    """Print the size of all chunks of a source whose pages share their resources, against the source."""
    with tempfile.TemporaryDirectory() as folder:
        split(source, Path(folder))
        ours = sum(path.stat().st_size for path in Path(folder, "chunks").iterdir())
    say(
        "chunks of shared resources, size",
        f"{ours / 1e6:.1f} MB",
        f"{source.stat().st_size / 1e6:.1f} MB",
        f"{ours / source.stat().st_size:.2f}",
    )


def say(*cells: str) -> None:
    """Print a row of a table to stdout."""
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


def main() -> None:
    """Print the tables to stdout."""
    with tempfile.TemporaryDirectory() as folder:
        short = [f"Sentence {number} of a book that is long enough to measure." for number in range(160_500)]
        plain = pdfs.write_prose(Path(folder) / "plain.pdf", short)
        novel = book.write(Path(folder) / "novel.pdf", seed=1, pages=3000).path
        shared = splitting.shared_images(Path(folder) / "shared.pdf", pages=600, images=300, kilobytes=60)
        long = pdfs.write_prose(Path(folder) / "long.pdf", short * 3 + short[:40_000])
        for source in (plain, novel, shared, long):
            with pikepdf.open(source) as pdf:
                sys.stdout.write(f"{source.name}: {len(pdf.pages)} pages, {source.stat().st_size / 1e6:.1f} MB\n")
        sys.stdout.write(f"{multiprocessing.cpu_count()} cores, median of {RUNS}\n\n")
        say("what", "this project", "bare loop", "ratio")
        say("---", "---", "---", "---")
        for source in (plain, novel):
            name = source.stem
            compare(f"{name}: prepare, with the split into chunks of 30", source, split, bare_split)
            compare(f"{name}: whole job, 1 worker, against a PDFium text loop", source, run(1), bare_text)
            compare(f"{name}: whole job, 2 workers, against the same loop", source, run(2), bare_text)
        sizes(shared)
        stages(long)
        sys.stdout.write("\n")
        say("peak memory of the largest process", "MiB")
        say("---", "---")
        say("prepare, plain", f"{peak(split, plain):.0f}")
        say("prepare, shared", f"{peak(split, shared):.0f}")
        say("bare PDFium text loop, plain", f"{peak(bare_text, plain):.0f}")
        say("whole job, plain, 1 worker", f"{peak(_run_with_one, plain):.0f}")
        say("whole job, long, 1 worker", f"{peak(_run_with_one, long):.0f}")


def _run_with_one(source: Path, folder: Path) -> None:
    run(1)(source, folder)


if __name__ == "__main__":
    main()
