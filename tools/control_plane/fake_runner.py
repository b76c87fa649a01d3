"""The chunk runner, played by plan: exit codes and reports of the pods of a PdfJob. Pure; knows no clock and no API.

For a control plane without a kubelet and for the simulation, which decide when a pod ends.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from chunk_runner.contract.ranges import format_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import FailedChunk, Failure, Merged, Report


NOT_A_PDF = Failure(Reason.NOT_A_PDF, "The source is not a PDF: export it again.")

REPORTED_CHUNKS = 20
"""Failed chunks that a report names at most, as the real one does."""

CHUNK_MESSAGE = "A chunk that cannot be read. " * 9
"""As long as a message may get."""


@dataclass(frozen=True)
class Plan:
    """What happens to one PdfJob.

    Exit codes are those of one attempt after the other; the last one is repeated.

    Attributes:
        pages: Of its source.
        prepare: Exit codes of prepare.
        chunks: Exit codes of chunks, by index; the others succeed.
        merge: Exit codes of merge.
        out_of_memory: Chunks that are killed unless their memory was doubled.
        refusal: What prepare reports when it exits with `ExitCode.SOURCE`.
        warnings: What prepare finds odd about the source.
    """

    pages: int = 120
    prepare: tuple[int, ...] = (0,)
    chunks: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    merge: tuple[int, ...] = (0,)
    out_of_memory: frozenset[int] = frozenset()
    refusal: Failure = NOT_A_PDF
    warnings: tuple[str, ...] = ()

    def exit_code(self, stage: str, index: int, attempt: int) -> int:
        """Return how an attempt at a stage ends, counted from 0."""
        codes = {"prepare": self.prepare, "merge": self.merge}.get(stage) or self.chunks.get(index, (0,))
        return codes[min(attempt, len(codes) - 1)]

    @property
    def failing(self) -> set[int]:
        """The chunks that fail in the end."""
        return {index for index, codes in self.chunks.items() if codes[-1]}

    def prepared(self, pages_per_chunk: int) -> Report:
        """Return the report of a prepare pod that succeeds; it does a single chunk itself."""
        chunks = self.count(pages_per_chunk)
        if chunks == 1:
            return self.merged(pages_per_chunk, {0} if any(self.chunks.get(0, ())) else set(), Reason.CHUNK_UNREADABLE)
        return Report(pages=self.pages, chunks=chunks, warnings=self.warnings)

    def merged(self, pages_per_chunk: int, failed: Collection[int], reason: str) -> Report:
        """Return the report of a merge pod: the chunks that failed did so for this reason."""
        total = self.count(pages_per_chunk)
        lost = {index: self._pages(index, pages_per_chunk) for index in sorted(failed)}
        pages = sum(map(len, lost.values()))
        output = "output.json" if len(lost) < total else None
        merged = Merged(
            output=output,
            sha256="ab" * 32 if output else "",
            bytes=1000 if output else 0,
            sentences=10 * (self.pages - pages),
            failed=len(lost),
            ledger={"ok": self.pages - pages, "failed": pages},
            dropped_lines=2 * (self.pages - pages),
            failed_pages=format_ranges(page for of_chunk in lost.values() for page in of_chunk),
            failed_chunks=tuple(
                FailedChunk(index, format_ranges(of_chunk), reason, CHUNK_MESSAGE)
                for index, of_chunk in list(lost.items())[:REPORTED_CHUNKS]
            ),
        )
        failure = None if output else Failure(reason, f"All {total} chunks failed.")
        return Report(pages=self.pages, chunks=total, warnings=self.warnings, merged=merged, failure=failure)

    def refused(self) -> Report:
        """Return the report of a prepare pod that refuses the source."""
        return Report(failure=self.refusal)

    def count(self, pages_per_chunk: int) -> int:
        """Return how many chunks there are."""
        return -(-self.pages // pages_per_chunk)

    def _pages(self, index: int, pages_per_chunk: int) -> range:
        return range(index * pages_per_chunk + 1, min((index + 1) * pages_per_chunk, self.pages) + 1)
