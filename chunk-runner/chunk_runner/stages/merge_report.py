"""The reports of merge: of a job with an output, and of one whose chunks all failed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from chunk_runner.contract.limits import FAILED_CHUNKS_LIMIT, WARNINGS_LIMIT, shorten
from chunk_runner.contract.ranges import parse_ranges
from chunk_runner.contract.report import Failure, Merged, Report
from chunk_runner.pdf.page import PageState


if TYPE_CHECKING:
    from chunk_runner.output.writer import Written
    from chunk_runner.stages.findings import Findings
    from chunk_runner.workspace.manifest import Manifest

_RANGES = 60
"""Characters of page ranges in a warning; the ledger has them all."""


def success(manifest: Manifest, findings: Findings, name: str, written: Written) -> Report:
    """Return the report of a job with an output, whole or partial.

    Args:
        manifest: The job.
        findings: What merge found.
        name: The file name of the output.
        written: The output.
    """
    merged = replace(
        _merged(findings),
        output=name,
        sha256=written.sha256,
        bytes=written.bytes,
        sentences=written.sentences,
        answers=written.answers,
        memory=findings.memory(),
    )
    warnings = (*_no_text_layer(findings), *manifest.warnings)[:WARNINGS_LIMIT]
    return Report(pages=manifest.pages, warnings=warnings, merged=merged)


def failure(manifest: Manifest, findings: Findings, unfinished: Failure) -> Report:
    """Return the report of a job without an output: its reason is the most common one among the chunks that were begun.

    Args:
        manifest: The job.
        findings: What merge found: failures only.
        unfinished: The reason of chunks that left none.
    """
    chunks = list(findings.failed.values())
    if chunks:
        begun = [chunk for chunk in chunks if chunk.reason != unfinished.reason] or chunks
        reason, count = Counter(chunk.reason for chunk in begun).most_common(1)[0]
        message = next(chunk.message for chunk in chunks if chunk.reason == reason)
        if len(chunks) > 1:
            message = f"All {len(chunks)} chunks failed, {count} of them for this reason: {message}"
    else:
        reason = max(findings.pages_by_reason, key=lambda reason: len(findings.pages_by_reason[reason]))
        message = "No page could be read: the file is damaged or hostile; export it again."
    return Report(
        pages=manifest.pages,
        warnings=manifest.warnings,
        merged=_merged(findings),
        failure=Failure(reason, message),
    )


def _no_text_layer(findings: Findings) -> list[str]:
    """Return a sentence about pages that show something, but have no text layer; none if there are no such pages."""
    ranges = findings.ledger.ranges()[PageState.NO_TEXT]
    count = sum(map(len, parse_ranges(ranges)))
    if not count:
        return []
    subject = f"Page {ranges} has" if count == 1 else f"{count:,} pages ({shorten(ranges, _RANGES)}) have"
    return [
        f"{subject} no text layer: try --processor gemini (spec.processor.gemini) with input pdf, which reads scans."
    ]


def _merged(findings: Findings) -> Merged:
    """Return what every report has, of a job without an output."""
    ledger = findings.ledger.ranges()
    return Merged(
        output=None,
        sha256="",
        bytes=0,
        sentences=0,
        failed=len(findings.failed),
        ledger={state: sum(map(len, parse_ranges(ranges))) for state, ranges in ledger.items()},
        failed_pages=ledger[PageState.FAILED],
        dropped_lines=findings.dropped_lines,
        unmapped_characters=findings.unmapped_characters,
        page_reasons=findings.page_reasons(),
        failed_chunks=tuple(findings.failed.values())[:FAILED_CHUNKS_LIMIT],
        tokens=findings.tokens,
        stats=findings.stats.build(),
        is_retryable=findings.is_retryable,
    )
