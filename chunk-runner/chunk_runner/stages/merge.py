"""The merge stage: results in order, seams closed, ledger proved, output written, everything else removed.

Idempotent: run again after its work is done, it repeats its report. Each result is read once: the sentences are spooled
while the head of the output, which comes first, is still being found out.
"""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING

from chunk_runner.contract import report_json
from chunk_runner.contract.job_spec import OUTPUTS
from chunk_runner.contract.ranges import parse_ranges
from chunk_runner.contract.report import Failure, Report
from chunk_runner.output import pieces, writer
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.stages import merge_report
from chunk_runner.stages.findings import Findings, outcome_of
from chunk_runner.text.entries import Gap
from chunk_runner.text.seams import SeamJoiner
from chunk_runner.text.sentences import are_adjacent
from chunk_runner.workspace.files import CHUNKS, REPORT, USAGE, CorruptFileError, Workspace
from chunk_runner.workspace.manifest import Chunk, Manifest
from chunk_runner.workspace.stats_builder import StatsBuilder


if TYPE_CHECKING:
    from collections.abc import Sequence

    from chunk_runner.text.entries import Entry

_KEPT = frozenset({*OUTPUTS.values(), REPORT, USAGE})


def merge(workspace: Workspace, unfinished: Failure, out_of_memory: frozenset[int] = frozenset()) -> Report:
    """Merge a job's results and leave only what is still needed.

    After a full success, that is the output and the report. Otherwise the manifest, results and attempts stay too, for
    a retry of the failed chunks. Chunk PDFs are always removed.

    Args:
        workspace: The job's workspace.
        unfinished: The reason to record for a chunk that left neither a result nor a reason.
        out_of_memory: Chunks whose last attempt was killed because it used too much memory.

    Returns:
        A report with the output; without one if every chunk failed, or if there was nothing to merge.

    Raises:
        LedgerError: The ledger has not exactly one entry for each page.
        WorkspaceError: The workspace cannot be written.
        CorruptFileError: The manifest was altered.
    """
    try:
        manifest = Manifest.read(workspace)
    except FileNotFoundError:
        return _already_merged(workspace) or _nothing_to_merge(workspace, unfinished)
    findings = Findings(StatsBuilder(workspace.round_number))
    with workspace.spool() as spool:
        body = writer.BodyWriter(spool, manifest.form)
        assembly = _Assembly(manifest, body)
        for chunk in manifest.chunks:
            attempts = workspace.attempts(chunk.index)
            outcome = outcome_of(workspace, chunk, attempts, unfinished, out_of_memory)
            findings.add(chunk, attempts, outcome)
            assembly.add(chunk, outcome)
        assembly.end()
        findings.ledger.enter_skipped(chain.from_iterable(parse_ranges(manifest.selected)), manifest.pages)
        findings.ledger.prove(manifest.pages)
        try:
            if findings.ledger.has_only_failures():
                report = merge_report.failure(manifest, findings, unfinished)
                Manifest.read(workspace)
            else:
                report = _write(manifest, findings, workspace, body)
        except FileNotFoundError:  # another merge was first, and removed results while this one read them
            return _already_merged(workspace) or _nothing_to_merge(workspace, unfinished)
    _clean_up(findings, workspace)
    return report


class _Assembly:
    """Puts the chunks' sentences together in order, with a gap in place of each missing chunk.

    Args:
        manifest: The job.
        body: Writes the entries of the output.
    """

    def __init__(self, manifest: Manifest, body: writer.BodyWriter) -> None:
        self._form = manifest.form
        self._seam = SeamJoiner(manifest.profile.joiner)
        self._body = body
        self._last_page = 0

    def add(self, chunk: Chunk, outcome: ChunkResult | Failure) -> None:
        """Add the next chunk: its result, or the reason why it has none."""
        if not are_adjacent(self._last_page, chunk.pages[0]):
            self.end()
        self._last_page = chunk.pages[-1]
        if isinstance(outcome, ChunkResult):
            self._put(self._seam.join(outcome.sentences))
            self._body.put(outcome.piece)
        else:
            gaps = [Gap(run[0], run[-1], outcome.reason) for run in parse_ranges(chunk.page_range)]
            self._put([*self._seam.close(), *gaps])

    def end(self) -> None:
        """End the sentence that the last chunk left open, if there is one."""
        self._put(self._seam.close())

    def _put(self, entries: Sequence[Entry]) -> None:
        self._body.put(pieces.render(entries, self._form))


def _write(manifest: Manifest, findings: Findings, workspace: Workspace, body: writer.BodyWriter) -> Report:
    """Write the output, the usage of each chunk, and the report of an output."""
    head = writer.Head(
        source=manifest.source,
        processor=manifest.processor,
        ledger=findings.ledger.ranges(),
        dropped_lines=findings.dropped_lines,
        unmapped_characters=findings.unmapped_characters,
        failed_chunks=tuple(findings.failed.values()),
        tokens=findings.tokens,
        page_reasons=findings.page_reasons(),
        entries="answers" if manifest.answers else "sentences",
    )
    name = OUTPUTS[manifest.form]
    with workspace.replacing(name) as file:
        written = writer.write(file, head, body)
        # Results are removed only after the manifest: while it is there, this merge read all results.
        Manifest.read(workspace)
    report = merge_report.success(manifest, findings, name, written)
    if findings.usage:
        with workspace.replacing(USAGE) as file:
            file.writelines(json.dumps(line).encode() + b"\n" for line in findings.usage)
    with workspace.replacing(REPORT) as file:  # for a merge that is run again, and for readers of the output
        file.write(report_json.dumps(report).encode())
    return report


def _clean_up(findings: Findings, workspace: Workspace) -> None:
    """Remove what is not needed, the manifest first: a merge that is interrupted here resumes the clean-up later."""
    if findings.ledger.has_only_failures() or findings.is_retryable:
        workspace.remove(CHUNKS)
        workspace.remove_temporary()
    else:
        workspace.seal()
        workspace.clear(keep=_KEPT)


def _already_merged(workspace: Workspace) -> Report | None:
    """Return the report of a merge whose pod was lost after the clean-up, which only a full success reaches."""
    try:
        report = report_json.loads(workspace.path(REPORT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if report is None:  # no reason to take the output for a leftover
        raise CorruptFileError(f"{REPORT} was altered after it was written")
    workspace.clear(keep=_KEPT)
    return report


def _nothing_to_merge(workspace: Workspace, unfinished: Failure) -> Report:
    """Remove what a prepare that never finished left, and return the report of that."""
    workspace.clear()
    return Report(failure=unfinished)
