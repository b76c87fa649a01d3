"""The merge stage: results in order, seams closed, ledger proved, output written, everything else removed.

Idempotent: run again after its work is done, it repeats its report. Each result is read once: the sentences are spooled
while the head of the output, which comes first, is still being found out. Only a merge that holds an output made of all
results removes results, attempts and answers.
"""

from __future__ import annotations

import json
import logging
from itertools import chain
from typing import TYPE_CHECKING

from chunk_runner.contract import report_json
from chunk_runner.contract.job_spec import OUTPUTS
from chunk_runner.contract.ranges import parse_ranges
from chunk_runner.contract.report import Failure, Report
from chunk_runner.output import pieces, writer
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.stages import merge_report
from chunk_runner.stages.findings import Findings, find_chunk, outcome_of
from chunk_runner.text.entries import Gap
from chunk_runner.text.sentences.joiner import are_adjacent
from chunk_runner.text.sentences.seams import SeamJoiner
from chunk_runner.workspace.claim_mark import MARK
from chunk_runner.workspace.file_names import CHUNKS, REPORT, SAMPLE, SOURCE, TICKETS, USAGE
from chunk_runner.workspace.files import Workspace
from chunk_runner.workspace.job_state import has_output, manifest_or_report
from chunk_runner.workspace.manifest import Chunk, Manifest
from chunk_runner.workspace.stats_builder import StatsBuilder


if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from chunk_runner.text.entries import Entry

log = logging.getLogger(__name__)

_KEPT = frozenset({*OUTPUTS.values(), REPORT, USAGE, MARK})


def merge(
    workspace: Workspace,
    unfinished: Failure,
    out_of_memory: frozenset[int] = frozenset(),
    completed: Container[int] | None = None,
) -> Report:
    """Merge a job's results and leave only what is still needed.

    After a full success, that is the output and the report. Otherwise the manifest, results and attempts stay too, for
    a retry of the failed chunks. Chunk PDFs are always removed.

    Args:
        workspace: The job's workspace.
        unfinished: The reason to record for a chunk that left neither a result nor a reason.
        out_of_memory: Chunks whose last attempt was killed because it used too much memory.
        completed: Chunks that have a result, as Kubernetes says; `None` if the job may not even be prepared.

    Returns:
        A report with the output; without one if every chunk failed, or if there was nothing to merge.

    Raises:
        LedgerError: The ledger has not exactly one entry for each page.
        LostWorkspaceError: The job was prepared, but there is no manifest.
        WorkspaceError: The workspace cannot be written, or a result is not there yet.
        CorruptFileError: The manifest was altered.
    """
    found = manifest_or_report(workspace, is_prepared=completed is not None)
    if found is None:
        return _nothing_to_merge(workspace, unfinished)
    if isinstance(found, Report):
        return _already_merged(workspace, found)
    try:
        return _merge(found, workspace, unfinished, out_of_memory, () if completed is None else completed)
    except FileNotFoundError:  # another merge was first, and removed results while this one read them
        found = manifest_or_report(workspace, is_prepared=True)
        if isinstance(found, Report):
            return _already_merged(workspace, found)
        raise


def _merge(
    manifest: Manifest,
    workspace: Workspace,
    unfinished: Failure,
    out_of_memory: frozenset[int],
    completed: Container[int],
) -> Report:
    findings = Findings(StatsBuilder(workspace.round_number))
    with workspace.spool() as spool:
        body = writer.BodyWriter(spool, manifest.form)
        assembly = _Assembly(manifest, body)
        for chunk in manifest.chunks:
            found = find_chunk(workspace, chunk, must_have_result=chunk.index in completed)
            outcome = outcome_of(chunk, found, unfinished, out_of_memory)
            findings.add(chunk, found.attempts, outcome)
            assembly.add(chunk, outcome)
        assembly.end()
        findings.ledger.enter_skipped(chain.from_iterable(parse_ranges(manifest.selected)), manifest.pages)
        findings.ledger.prove(manifest.pages)
        if findings.ledger.has_only_failures():
            report = merge_report.failure(manifest, findings, unfinished)
            Manifest.read(workspace)
        else:
            report = _write(manifest, findings, workspace, body)
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
        workspace.remove(TICKETS)
        workspace.remove_temporary()
        return
    try:
        workspace.seal()
    except OSError as error:  # the output is complete; the rest goes with the PdfJob
        log.warning("cannot remove the manifest: %s", error.strerror)
    else:
        workspace.clear(keep=_KEPT)


def _already_merged(workspace: Workspace, report: Report) -> Report:
    """Complete the clean-up of a merge whose pod was lost, if its output is there, and return its report."""
    if has_output(workspace, report):
        workspace.clear(keep=_KEPT)
    return report


def _nothing_to_merge(workspace: Workspace, unfinished: Failure) -> Report:
    """Remove what a prepare that never finished left, and return the report of that; nothing else is removed."""
    for name in (CHUNKS, SAMPLE, SOURCE):
        workspace.remove(name)
    workspace.remove_temporary()
    return Report(failure=unfinished)
