"""Waiting for the last results, so that a process that has started before merges them as soon as they are there.

Accepts only a complete set: every chunk has its result, proved by its checksum and its key, and nothing is left to
retry. Whatever merges such a set writes the same output, however late, and however many do so at once. Knows nothing of
pods: whoever started it decides how long it waits.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from chunk_runner.contract.report import Failure
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.stages.findings import has_succeeded
from chunk_runner.workspace.file_names import MANIFEST
from chunk_runner.workspace.job_state import manifest_or_report
from chunk_runner.workspace.manifest import Manifest
from chunk_runner.workspace.results import has_result, read_result


if TYPE_CHECKING:
    from chunk_runner.workspace.files import Workspace
    from chunk_runner.workspace.manifest import Chunk

PAUSE_SECONDS = 0.2
"""Pause between two looks for a result."""

_DAMAGED_LOOKS = 25
"""How many looks at a damaged result prove that it is the one that the attempt has written, and not an older one."""


def wait_for_results(workspace: Workspace) -> range | None:
    """Wait until every chunk has its result, and return the chunks; none if another merge was first.

    Returns `None` as soon as a result is damaged, or has pages that another attempt may recover: what is removed after
    a merge, and what stays, then depends on the round.

    Raises:
        LostWorkspaceError: There is no manifest.
        CorruptFileError: The manifest was altered.
    """
    manifest = manifest_or_report(workspace, is_prepared=True)
    if not isinstance(manifest, Manifest):
        return range(0)
    for chunk in reversed(manifest.chunks):  # the last ones are likely to finish last
        damaged = 0
        while not isinstance(result := _result(workspace, chunk), ChunkResult):
            damaged += isinstance(result, Failure)
            if damaged == _DAMAGED_LOOKS:
                return None
            if not workspace.path(MANIFEST).exists():  # another merge was first, or the workspace is gone
                return range(0)
            time.sleep(PAUSE_SECONDS)
        if result.is_retryable:
            return None
    return range(len(manifest.chunks))


def _result(workspace: Workspace, chunk: Chunk) -> ChunkResult | Failure | None:
    """Return the result of a chunk in this round, or its damage; `None` if it is not there.

    The records of its attempts tell first: to look for a result that is not there yet would make NFS remember that.
    """
    successes = [record for record in workspace.attempts(chunk.index) if has_succeeded(record)]
    if not successes:
        return None
    if has_result(workspace, chunk):
        return read_result(workspace, chunk)
    is_of_this_round = successes[-1].get("round") == workspace.round_number
    result = read_result(workspace, chunk) if is_of_this_round else None
    return result if isinstance(result, Failure) else None
