"""The merge stage: results in order, seams closed, ledger proved, output written, the rest removed.

Idempotent: run again after its work is done, it repeats its report.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from chunk_runner import output
from chunk_runner.contract.job_spec import OUTPUTS
from chunk_runner.contract.limits import FAILED_CHUNKS_LIMIT, shorten
from chunk_runner.contract.ranges import format_ranges, parse_ranges
from chunk_runner.contract.reasons import RETRYABLE, Reason
from chunk_runner.contract.report import FailedChunk, Failure, Memory, Merged, Report
from chunk_runner.contract.stats import Tokens
from chunk_runner.pdf.page import PageState
from chunk_runner.processors.base import ChunkResult
from chunk_runner.text.sentences import Gap, Seam
from chunk_runner.workspace.answer_store import is_request, tokens_of
from chunk_runner.workspace.files import CHUNKS, REPORT, USAGE, CorruptFileError, Workspace, result_file
from chunk_runner.workspace.ledger import Ledger
from chunk_runner.workspace.manifest import Chunk, Manifest
from chunk_runner.workspace.stats_builder import OK, StatsBuilder


log = logging.getLogger(__name__)


@dataclass
class _Findings:
    """What a first look at all results finds; the second look writes the sentences."""

    ledger: Ledger = field(default_factory=Ledger)
    failed: dict[int, FailedChunk] = field(default_factory=dict)
    tokens: Tokens = field(default_factory=Tokens)
    peaks: dict[int, int] = field(default_factory=dict)
    """Peak memory in bytes, by chunk."""
    usage: list[dict[str, Any]] = field(default_factory=list)
    """What each chunk was asked and paid, for chunks that were asked about."""
    reasons: dict[str, list[int]] = field(default_factory=dict)
    """Pages that failed alone, by reason."""
    stats: StatsBuilder = field(default_factory=lambda: StatsBuilder(0))
    """What this round used."""

    def page_reasons(self) -> dict[str, str]:
        """Pages as ranges, by reason."""
        return {reason: format_ranges(pages) for reason, pages in self.reasons.items()}

    def can_be_mended(self) -> bool:
        """Whether a retry may find what is missing."""
        return bool(self.failed or (self.ledger.pages[PageState.FAILED] and not RETRYABLE.isdisjoint(self.reasons)))

    def memory(self) -> Memory | None:
        """The peaks in short."""
        if not self.peaks:
            return None
        chunk = max(self.peaks, key=self.peaks.__getitem__)
        return Memory(self.peaks[chunk], chunk, sum(self.peaks.values()) // len(self.peaks))


_KEPT = frozenset({*OUTPUTS.values(), REPORT, USAGE})

OUT_OF_MEMORY = Failure(
    Reason.OUT_OF_MEMORY,
    "The chunk's pod was killed for using more memory than its limit: make the chunks smaller, or raise the operator's"
    " limit.",
)


def merge(workspace: Workspace, unfinished: Failure, out_of_memory: frozenset[int] = frozenset()) -> Report:
    """Merge a job's results and leave only what is still needed.

    After full success that is the output and the report; otherwise the manifest, results and attempts stay too, for a
    retry of the failed chunks. Chunk PDFs always go.

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
    findings.ledger.enter_skipped(chain.from_iterable(parse_ranges(manifest.selected)), manifest.pages)
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
    findings = _Findings(stats=StatsBuilder(workspace.round))
    for chunk in manifest.chunks:
        attempts = workspace.attempts(chunk.index)
        tokens = tokens_of(attempts)
        findings.tokens += tokens
        if requests := sum(map(is_request, attempts)):
            findings.usage.append(
                {"chunk": chunk.index, "pages": chunk.page_range, "requests": requests, **vars(tokens)}
            )
        result = _result(workspace, chunk)
        if isinstance(result, ChunkResult):
            findings.ledger.enter(result.states)
            findings.stats.add_chunk(attempts, OK, result.states.values())
            findings.peaks[chunk.index] = result.peak_memory
            for page, reason in result.reasons.items():
                findings.reasons.setdefault(reason, []).append(page)
            continue
        findings.ledger.enter_failed(chunk.pages)
        last: dict[str, Any] = next((it for it in reversed(attempts) if not is_request(it)), {})
        if chunk.index in out_of_memory:
            failure = OUT_OF_MEMORY
        elif unfinished.reason == Reason.JOB_STOPPED and _was_ended(last):
            failure = unfinished
        elif last.get("event") == "started":
            failure = Failure(Reason.CRASHED, "The process died without a word: killed, or out of memory.")
        elif last.get("event") == "failed":
            failure = Failure(shorten(str(last.get("reason"))), shorten(str(last.get("message"))))
        else:
            failure = result or unfinished
        findings.stats.add_chunk(attempts, failure.reason, [PageState.FAILED] * len(chunk.pages))
        findings.failed[chunk.index] = FailedChunk(chunk.index, chunk.page_range, failure.reason, failure.message)
    return findings


def _was_ended(last: Mapping[str, Any]) -> bool:
    """Whether somebody else ended the last attempt."""
    return last.get("event") == "started" or last.get("reason") == Reason.INTERRUPTED


def _result(workspace: Workspace, chunk: Chunk) -> ChunkResult | Failure | None:
    """The chunk's result; a failure when it cannot be trusted; `None` when there is none."""
    name = result_file(chunk.index)
    try:
        raw, body = workspace.read_document(name)
    except FileNotFoundError:
        return None
    except CorruptFileError as error:
        return Failure(Reason.RESULT_CORRUPT, f"{error}.")
    if raw.get("key") != chunk.key:
        return Failure(Reason.RESULT_CORRUPT, f"{name} is the result of other pages or settings.")
    return ChunkResult.load(raw, body)


def _written(manifest: Manifest, findings: _Findings, workspace: Workspace) -> Report:
    head = output.Head(
        source=manifest.source,
        processor=manifest.processor,
        ledger=findings.ledger.ranges(),
        failed_chunks=tuple(findings.failed.values()),
        tokens=findings.tokens,
        page_reasons=findings.page_reasons(),
        entries="answers" if manifest.answers else "sentences",
    )
    name = OUTPUTS[manifest.form]
    with workspace.replacing(name) as file:
        writer = output.Writer(file, head, manifest.form)
        for piece in _pieces(manifest, findings, workspace):
            writer.put(piece)
        written = writer.end()
        # Results go only after the manifest: while it is there, what was read was all there is.
        Manifest.read(workspace)
    report = _report(name, head, written, findings, manifest.warnings)
    if findings.usage:
        with workspace.replacing(USAGE) as file:
            file.writelines(json.dumps(line).encode() + b"\n" for line in findings.usage)
    with workspace.replacing(REPORT) as file:  # for a merge that is run again, and for whoever reads the output
        file.write(report.dumps().encode())
    return report


def _pieces(manifest: Manifest, findings: _Findings, workspace: Workspace) -> Iterator[output.Piece | None]:
    """The sentences in order, and a gap where a chunk is missing."""
    seam = Seam(manifest.decisions.joiner)
    before = 0
    for chunk in manifest.chunks:
        failed = findings.failed.get(chunk.index)
        if chunk.pages[0] != before + 1:  # pages in between were not selected
            yield output.render(seam.close(), manifest.form)
        before = chunk.pages[-1]
        if failed is None:
            result = ChunkResult.load(*workspace.read_document(result_file(chunk.index)))
            yield output.render(seam.join(result.segments), manifest.form)
            yield result.piece
        else:
            gaps = [Gap(run[0], run[-1], failed.reason) for run in parse_ranges(chunk.page_range)]
            yield output.render([*seam.close(), *gaps], manifest.form)
    yield output.render(seam.close(), manifest.form)


def _report(
    name: str, head: output.Head, written: output.Written, findings: _Findings, warnings: tuple[str, ...]
) -> Report:
    return Report(
        pages=head.source["pages"],
        warnings=warnings,
        merged=Merged(
            output=name,
            sha256=written.sha256,
            bytes=written.bytes,
            sentences=written.sentences,
            answers=written.answers,
            failed=len(head.failed_chunks),
            ledger=_counts(head.ledger),
            failed_pages=head.ledger["failed"],
            page_reasons=head.page_reasons,
            failed_chunks=head.failed_chunks[:FAILED_CHUNKS_LIMIT],
            tokens=head.tokens,
            memory=findings.memory(),
            stats=findings.stats.build(),
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
        reason, _ = max(findings.reasons.items(), key=lambda it: len(it[1]))
        message = "Not one page could be read: the file is damaged or hostile, export it again."
    return Report(
        pages=manifest.pages,
        warnings=manifest.warnings,
        merged=Merged(
            output=None,
            sha256="",
            bytes=0,
            sentences=0,
            failed=len(chunks),
            ledger=_counts(findings.ledger.ranges()),
            failed_pages=findings.ledger.ranges()["failed"],
            page_reasons=findings.page_reasons(),
            failed_chunks=tuple(chunks[:FAILED_CHUNKS_LIMIT]),
            tokens=findings.tokens,
            stats=findings.stats.build(),
        ),
        failure=Failure(reason, message),
    )


def _counts(ledger: Mapping[str, str]) -> dict[str, int]:
    """Pages in each state."""
    return {state: sum(len(run) for run in parse_ranges(ranges)) for state, ranges in ledger.items()}


def _clean(findings: _Findings, workspace: Workspace) -> None:
    """The manifest first: a merge that is interrupted here finds the job merged, and goes on cleaning."""
    if findings.ledger.has_only_failures() or findings.can_be_mended():
        workspace.remove(CHUNKS)
        workspace.remove_temporary()
    else:
        workspace.seal()
        workspace.clear(keep=_KEPT)


def _already_merged(workspace: Workspace) -> Report | None:
    """The report of a merge whose pod was lost after the clean-up; only a full success is cleaned up so far."""
    try:
        report = Report.loads(workspace.path(REPORT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if report is None:  # no reason to take the output for a leftover
        raise CorruptFileError(f"{REPORT} was altered after it was written")
    workspace.clear(keep=_KEPT)
    return report


def _nothing_to_merge(workspace: Workspace, unfinished: Failure) -> Report:
    """Prepare never finished: remove what it left."""
    workspace.clear()
    return Report(failure=unfinished)
