"""The merge stage: results in order, seams closed, ledger proved, output written, the rest removed.

Idempotent: run again after its work is done, it reads its report off the output.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chunk_runner import output
from chunk_runner.contract import (
    FAILED_CHUNKS_LIMIT,
    OUTPUT,
    FailedChunk,
    Failure,
    Memory,
    Merged,
    Reason,
    Report,
    Tokens,
    parse_ranges,
)
from chunk_runner.ledger import Ledger
from chunk_runner.manifest import Manifest
from chunk_runner.processors.base import ChunkResult
from chunk_runner.sentences import Gap, Seam
from chunk_runner.workspace import CHUNKS, CorruptFileError, result_file


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chunk_runner.manifest import Chunk
    from chunk_runner.workspace import Workspace

log = logging.getLogger(__name__)


@dataclass
class _Findings:
    """What a first look at all results finds; the second look writes the sentences."""

    ledger: Ledger = field(default_factory=Ledger)
    failed: dict[int, FailedChunk] = field(default_factory=dict)
    tokens: Tokens = field(default_factory=Tokens)
    peaks: dict[int, int] = field(default_factory=dict)
    """Peak memory in bytes, by chunk."""

    def memory(self) -> Memory | None:
        """The peaks in short."""
        if not self.peaks:
            return None
        chunk = max(self.peaks, key=self.peaks.__getitem__)
        return Memory(self.peaks[chunk], chunk, sum(self.peaks.values()) // len(self.peaks))


OUT_OF_MEMORY = Failure(
    Reason.OUT_OF_MEMORY,
    "The chunk's pod was killed for using more memory than its limit: make the chunks smaller, or raise the operator's"
    " limit.",
)


def merge(workspace: Workspace, unfinished: Failure, out_of_memory: frozenset[int] = frozenset()) -> Report:
    """Merge a job's results and leave only what is still needed.

    After full success that is the output alone; otherwise the manifest, results and attempts stay too, for a retry of
    the failed chunks. Chunk PDFs always go.

    Args:
        workspace: The job's workspace.
        unfinished: What to record for a chunk that left neither a result nor a reason.
        out_of_memory: Chunks whose last attempt was killed for using too much memory.

    Returns:
        A report with the output; without one when every chunk failed, or when there was nothing to merge.

    Raises:
        LedgerError: The pages do not add up.
        WorkspaceError: The workspace cannot be written.
        CorruptFileError: The manifest was altered.
    """
    try:
        manifest = Manifest.read(workspace)
    except FileNotFoundError:
        return _already_merged(workspace) or _nothing_to_merge(workspace, unfinished)
    findings = _look(manifest, workspace, unfinished, out_of_memory)
    findings.ledger.prove(manifest.pages)
    try:
        if findings.ledger.has_only_failures():
            report = _all_failed(manifest, findings, unfinished)
            Manifest.read(workspace)
        else:
            report = _written(manifest, findings, workspace)
    except FileNotFoundError:  # another merge was first, and what this one found was already being removed
        return _already_merged(workspace) or _nothing_to_merge(workspace, unfinished)
    _clean(findings, workspace)
    return report


def _look(manifest: Manifest, workspace: Workspace, unfinished: Failure, out_of_memory: frozenset[int]) -> _Findings:
    findings = _Findings()
    for chunk in manifest.chunks:
        attempts = workspace.attempts(chunk.index)
        for attempt in attempts:
            findings.tokens += Tokens(**attempt.get("tokens", {}))
        result = _result(workspace, chunk)
        if isinstance(result, ChunkResult):
            findings.ledger.enter(result.states)
            findings.peaks[chunk.index] = result.peak_memory
            continue
        findings.ledger.enter_failed(chunk.pages)
        last = attempts[-1] if attempts else {}
        if chunk.index in out_of_memory:
            failure = OUT_OF_MEMORY
        elif last.get("event") == "started":
            failure = Failure(Reason.CRASHED, "The process died without a word: killed, or out of memory.")
        elif last.get("event") == "failed":
            failure = Failure(last["reason"], last["message"])
        else:
            failure = result or unfinished
        findings.failed[chunk.index] = FailedChunk(chunk.index, chunk.page_range, failure.reason, failure.message)
    return findings


def _result(workspace: Workspace, chunk: Chunk) -> ChunkResult | Failure | None:
    """The chunk's result; a failure when it cannot be trusted; `None` when there is none."""
    name = result_file(chunk.index)
    try:
        raw = workspace.read_json(name)
    except FileNotFoundError:
        return None
    except CorruptFileError as error:
        return Failure(Reason.RESULT_CORRUPT, f"{error}.")
    if raw.get("key") != chunk.key:
        return Failure(Reason.RESULT_CORRUPT, f"{name} is the result of other pages or settings.")
    return ChunkResult.load(raw)


def _written(manifest: Manifest, findings: _Findings, workspace: Workspace) -> Report:
    head = output.Head(
        source=manifest.source,
        processor=manifest.processor,
        ledger=findings.ledger.ranges(),
        failed_chunks=tuple(findings.failed.values()),
        tokens=findings.tokens,
    )
    memory = findings.memory()
    with workspace.replacing(OUTPUT) as file:
        written = output.write(file, head, _entries(manifest, findings, workspace))
        # Results go only after the manifest: while it is there, what was read was all there is.
        Manifest.read(workspace)
    return _report(head, written, memory)


def _entries(manifest: Manifest, findings: _Findings, workspace: Workspace) -> Iterator[output.Entry]:
    """The sentences in order, and a gap where a chunk is missing."""
    seam = Seam()
    for chunk in manifest.chunks:
        failed = findings.failed.get(chunk.index)
        if failed is None:
            yield from seam.join(ChunkResult.load(workspace.read_json(result_file(chunk.index))).segments)
        else:
            yield from seam.close()
            yield Gap(chunk.first_page, chunk.last_page, failed.reason)
    yield from seam.close()


def _report(head: output.Head, written: output.Written, memory: Memory | None = None) -> Report:
    return Report(
        pages=head.source["pages"],
        merged=Merged(
            output=OUTPUT,
            sha256=written.sha256,
            bytes=written.bytes,
            sentences=written.sentences,
            failed=len(head.failed_chunks),
            ledger=_counts(head.ledger),
            failed_pages=head.ledger["failed"],
            failed_chunks=head.failed_chunks[:FAILED_CHUNKS_LIMIT],
            tokens=head.tokens,
            memory=memory,
        ),
    )


def _all_failed(manifest: Manifest, findings: _Findings, unfinished: Failure) -> Report:
    """A report without an output: the reason is the most common one among the chunks that had their turn."""
    chunks = list(findings.failed.values())
    if chunks:
        own = [chunk for chunk in chunks if chunk.reason != unfinished.reason] or chunks
        reason, count = Counter(chunk.reason for chunk in own).most_common(1)[0]
        message = next(chunk.message for chunk in chunks if chunk.reason == reason)
        if len(chunks) > 1:
            message = f"All {len(chunks)} chunks failed, {count} of them like this: {message}"
    else:
        reason, message = Reason.PAGE_UNREADABLE, "Not one page could be read: the file is damaged, export it again."
    return Report(
        pages=manifest.pages,
        merged=Merged(
            output=None,
            sha256="",
            bytes=0,
            sentences=0,
            failed=len(chunks),
            ledger=_counts(findings.ledger.ranges()),
            failed_pages=findings.ledger.ranges()["failed"],
            failed_chunks=tuple(chunks[:FAILED_CHUNKS_LIMIT]),
            tokens=findings.tokens,
        ),
        failure=Failure(reason, message),
    )


def _counts(ledger: Mapping[str, str]) -> dict[str, int]:
    """Pages in each state."""
    return {state: sum(len(run) for run in parse_ranges(ranges)) for state, ranges in ledger.items()}


def _clean(findings: _Findings, workspace: Workspace) -> None:
    """The manifest first: a merge that is interrupted here finds the job merged, and goes on cleaning."""
    if findings.failed:
        workspace.remove(CHUNKS)
        workspace.remove_temporary()
    else:
        workspace.seal()
        workspace.clear(keep=frozenset({OUTPUT}))


def _already_merged(workspace: Workspace) -> Report | None:
    """The report of a merge whose pod was lost after the clean-up; only a full success is cleaned up so far."""
    path = workspace.path(OUTPUT)
    if not path.is_file():
        return None
    head, written = output.read(path)
    workspace.clear(keep=frozenset({OUTPUT}))
    return _report(head, written)


def _nothing_to_merge(workspace: Workspace, unfinished: Failure) -> Report:
    """Prepare never finished: remove what it left."""
    workspace.clear()
    return Report(failure=unfinished)
