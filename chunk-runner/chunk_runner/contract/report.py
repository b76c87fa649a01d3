"""Reports: what a pod tells the operator in its termination message. `report_json` reads and writes them.

Standard library only, as all of the contract.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chunk_runner.contract.stats import Stats, Tokens


if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Failure:
    """The failure of a stage, a chunk or a job.

    Attributes:
        reason: One of `Reason` (kept as text: reports cross versions).
        message: One sentence that says what is wrong and what to do.
    """

    reason: str
    message: str


@dataclass(frozen=True)
class FailedChunk:
    """A chunk without a result.

    Attributes:
        index: 0-based.
        pages: Its pages as ranges: `"61-90"`.
        reason: See `Failure`.
        message: See `Failure`.
    """

    index: int
    pages: str
    reason: str
    message: str


@dataclass(frozen=True)
class Memory:
    """Peak memory of the processes that made the results.

    Attributes:
        peak: The highest of any chunk, in bytes.
        peak_chunk: The chunk with that peak.
        mean: The mean over all chunks, in bytes.
    """

    peak: int
    peak_chunk: int
    mean: int


@dataclass(frozen=True)
class Merged:
    """A merged job.

    Attributes:
        output: The file name of the output in the workspace; `None` if every chunk failed.
        sha256: The checksum of the output, in hexadecimal.
        bytes: The size of the output.
        sentences: Sentences in the output.
        failed: The number of chunks without a result.
        ledger: The number of pages in each state.
        failed_pages: The pages in state `failed`, as ranges, cut at `RANGES_LIMIT`.
        page_reasons: The pages that failed alone, in a chunk with a result: ranges by reason.
        failed_chunks: The first `FAILED_CHUNKS_LIMIT` chunks without a result.
        tokens: Tokens of all attempts.
        memory: Peak memory; `None` if no chunk has a result.
        stats: Statistics of this round; `None` from a version without them.
        answers: Structured answers in the output, which then has no sentences.
        dropped_lines: Lines that were left out of the output: running headers and footers.
        unmapped_characters: Characters without a usable Unicode mapping in the source.
        is_retryable: Another attempt may recover pages that are missing.
    """

    output: str | None
    sha256: str
    bytes: int
    sentences: int
    failed: int
    ledger: Mapping[str, int] = field(default_factory=dict)
    failed_pages: str = ""
    page_reasons: Mapping[str, str] = field(default_factory=dict)
    failed_chunks: tuple[FailedChunk, ...] = ()
    tokens: Tokens = field(default_factory=Tokens)
    memory: Memory | None = None
    stats: Stats | None = None
    answers: int = 0
    dropped_lines: int = 0
    unmapped_characters: int = 0
    is_retryable: bool = False


@dataclass(frozen=True)
class Volume:
    """The volume of a workspace.

    Attributes:
        bytes: Its size.
        free: Bytes of it that are free.
    """

    bytes: int
    free: int


@dataclass(frozen=True)
class Swept:
    """The result of a sweep.

    Attributes:
        removed: Workspaces that were removed.
        workspaces: Workspaces that remain.
        stale: Remaining workspaces that belong to no PdfJob, and cannot be removed.
        bytes: Size of the remaining workspaces.
    """

    removed: int
    workspaces: int
    stale: int
    bytes: int


@dataclass(frozen=True)
class Report:
    """The report of a stage.

    Attributes:
        pages: Pages of the source, once prepare knows them.
        chunks: Chunks of the job.
        todo: The chunks that have no result yet, as ranges; `None` if the list is too long, so that all are run (a
            chunk that already has a result costs a pod and nothing else).
        warnings: Anomalies found in the source, such as repairs: at most `WARNINGS_LIMIT` sentences.
        merged: Set by merge, and by the prepare of a job with one chunk.
        failure: Set if the stage failed for good.
        volume: The volume of the workspace when the pod ended.
        swept: Set by sweep.
    """

    pages: int | None = None
    chunks: int | None = None
    todo: str | None = None
    warnings: tuple[str, ...] = ()
    merged: Merged | None = None
    failure: Failure | None = None
    volume: Volume | None = None
    swept: Swept | None = None
