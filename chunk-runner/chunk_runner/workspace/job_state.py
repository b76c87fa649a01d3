"""The state of a job as its files prove it: prepared, merged for good, or neither.

A file that is found proves something. One that is not found proves nothing, since another node may have written it a
moment ago; so whoever knows that a job is prepared looks again, and nobody removes anything on such grounds.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from chunk_runner.contract import report_json
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import LostWorkspaceError
from chunk_runner.source import sha256_of
from chunk_runner.workspace.file_names import ATTEMPTS, REPORT
from chunk_runner.workspace.files import CorruptFileError
from chunk_runner.workspace.manifest import Manifest


if TYPE_CHECKING:
    from chunk_runner.contract.report import Report
    from chunk_runner.workspace.files import Workspace

log = logging.getLogger(__name__)


def manifest_or_report(workspace: Workspace, *, is_prepared: bool) -> Manifest | Report | None:
    """Return the manifest, or the report of a job that is merged for good, or `None` if prepare never finished.

    Args:
        workspace: The job's workspace.
        is_prepared: The caller knows that the job was prepared; records of attempts prove it as well.

    Raises:
        LostWorkspaceError: The job was prepared, but there is neither.
        CorruptFileError: One of them was altered.
    """

    def look() -> Manifest | Report:
        try:
            return Manifest.read(workspace)
        except FileNotFoundError:
            if (report := report_of_merged(workspace)) is None:
                raise
            return report

    is_prepared = is_prepared or workspace.path(ATTEMPTS).is_dir()
    try:
        return workspace.expect(look) if is_prepared else look()
    except FileNotFoundError as error:
        if not is_prepared:
            return None
        raise LostWorkspaceError(
            Reason.WORKSPACE_UNAVAILABLE,
            "The workspace has no manifest: it was removed, or another volume is mounted. Check the claim, then raise"
            " spec.retryFailed or create another PdfJob.",
        ) from error


def report_of_merged(workspace: Workspace) -> Report | None:
    """Return the report of a merge after which no page could be retried; `None` if there is none.

    Raises:
        CorruptFileError: A report is there, but was altered.
    """
    try:
        report = report_json.loads(workspace.path(REPORT).read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return None
    if report is None:
        raise CorruptFileError(f"{REPORT} was altered after it was written")
    # Another round may follow a merge that left something to retry, so that its report proves nothing.
    return report if report.merged is not None and not report.merged.is_retryable else None


def has_output(workspace: Workspace, report: Report) -> bool:
    """Return whether the output of a report is there, with the checksum that the report says."""
    merged = report.merged
    if merged is None or merged.output is None:
        return False
    try:
        return sha256_of(workspace.path(merged.output)) == merged.sha256
    except OSError as error:
        log.warning("cannot read %s: %s", merged.output, error.strerror)
        return False
