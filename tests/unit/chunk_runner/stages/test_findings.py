"""The reason that merge records for a chunk, and what it says of a retry."""

from pathlib import Path
from typing import Any

import pytest

from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure
from chunk_runner.pdf.page import PageOutcome, PageState
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.stages.findings import Findings, FoundChunk, find_chunk, outcome_of
from chunk_runner.workspace.files import Workspace
from chunk_runner.workspace.manifest import Chunk
from chunk_runner.workspace.results import write_result
from chunk_runner.workspace.stats_builder import StatsBuilder


CHUNK = Chunk(index=1, page_range="4-5", key="key")
OK = PageOutcome(PageState.OK)
REFUSED_BUT_OK = PageOutcome(PageState.OK, Reason.RECITATION)
"""A page with the text of its text layer."""
UNREADABLE_PAGE = PageOutcome(PageState.FAILED, Reason.PAGE_UNREADABLE)
REFUSED_PAGE = PageOutcome(PageState.FAILED, Reason.RECITATION)
UNFINISHED = Failure("DeadlineExceeded", "The chunk was not finished.")
STOPPED = Failure("JobStopped", "The job was stopped.")
FULL = Failure("WorkspaceUnavailable", "Nothing could be written to the workspace.")

STARTED = {"event": "started"}
REQUEST = {"event": "request", "tokens": {}}
KEPT = {"event": "kept", "key": "abc"}
UNREADABLE = {"event": "failed", "reason": "ChunkUnreadable", "message": "It was altered."}
INTERRUPTED = {"event": "failed", "reason": "Interrupted", "message": "The pod was told to stop."}


@pytest.mark.parametrize(
    ("attempts", "unfinished", "out_of_memory", "reason"),
    [
        ([], UNFINISHED, set(), "DeadlineExceeded"),
        ([STARTED], UNFINISHED, set(), "Crashed"),
        ([STARTED, REQUEST], UNFINISHED, set(), "Crashed"),
        ([STARTED, KEPT, REQUEST, KEPT], UNFINISHED, set(), "Crashed"),
        ([STARTED, UNREADABLE], UNFINISHED, set(), "ChunkUnreadable"),
        ([STARTED, UNREADABLE, STARTED], UNFINISHED, {1}, "OutOfMemory"),
        ([STARTED, UNREADABLE], UNFINISHED, {2}, "ChunkUnreadable"),
        ([STARTED], STOPPED, set(), "JobStopped"),
        ([STARTED, INTERRUPTED], STOPPED, set(), "JobStopped"),
        ([STARTED, UNREADABLE], STOPPED, set(), "ChunkUnreadable"),
        ([], FULL, set(), "WorkspaceUnavailable"),
        ([STARTED], FULL, set(), "WorkspaceUnavailable"),
        ([STARTED, UNREADABLE], FULL, set(), "ChunkUnreadable"),
    ],
)
def test_a_chunk_without_a_result_has_the_best_known_reason(
    attempts: list[dict[str, Any]], unfinished: Failure, out_of_memory: set[int], reason: str
) -> None:
    outcome = outcome_of(CHUNK, FoundChunk(attempts, None), unfinished, frozenset(out_of_memory))

    assert isinstance(outcome, Failure)
    assert outcome.reason == reason


def test_a_result_counts_whatever_its_attempts_say(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, "merge")
    write_result(workspace, CHUNK, ChunkResult({4: OK, 5: OK}), form="json", figures={})
    workspace.path("manifest.json").touch()

    found = find_chunk(workspace, CHUNK, must_have_result=False)

    assert isinstance(outcome_of(CHUNK, found, UNFINISHED, frozenset({1})), ChunkResult)


def found(outcome: ChunkResult | Failure) -> Findings:
    findings = Findings(StatsBuilder(0))
    findings.add(CHUNK, [], outcome)
    return findings


@pytest.mark.parametrize(
    ("outcome", "retryable"),
    [
        (UNFINISHED, True),
        (ChunkResult({4: OK, 5: OK}), False),
        (ChunkResult({4: OK, 5: UNREADABLE_PAGE}), False),
        (ChunkResult({4: OK, 5: REFUSED_PAGE}), True),
        (ChunkResult({4: REFUSED_BUT_OK, 5: UNREADABLE_PAGE}), False),
    ],
)
def test_a_retry_is_worth_it_where_a_chunk_or_a_page_may_yet_succeed(
    outcome: ChunkResult | Failure, *, retryable: bool
) -> None:
    assert found(outcome).is_retryable is retryable


def test_what_is_left_out_is_added_up_over_all_results() -> None:
    findings = found(ChunkResult({4: OK, 5: OK}, dropped_lines=3, unmapped_characters=1))
    findings.add(Chunk(2, "6-7", "key"), [], ChunkResult({6: OK, 7: OK}, dropped_lines=4, unmapped_characters=5))
    findings.add(Chunk(3, "8-9", "key"), [], UNFINISHED)

    assert (findings.dropped_lines, findings.unmapped_characters) == (7, 6)


def test_pages_of_several_chunks_never_make_a_retry_worth_it_together() -> None:
    """One chunk has a page that nobody can read, another one a page with the text of its text layer."""
    findings = found(ChunkResult({4: OK, 5: UNREADABLE_PAGE}))
    findings.add(Chunk(2, "6-7", "key"), [], ChunkResult({6: REFUSED_BUT_OK, 7: OK}))

    assert not findings.is_retryable
    assert findings.page_reasons() == {"PageUnreadable": "5", "Recitation": "6"}
