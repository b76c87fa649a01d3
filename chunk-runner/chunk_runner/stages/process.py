"""The process stage: turns one chunk into one result. It can be run again, and several times at once."""

from __future__ import annotations

import logging
import resource
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path

from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.limits import shorten
from chunk_runner.contract.ranges import parse_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ChunkError, MoreMemoryError, StageError
from chunk_runner.pdf.page import PageRef
from chunk_runner.processors.base import Task
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.processors.registry import processor_for
from chunk_runner.sandbox import sandbox
from chunk_runner.sandbox.limits import max_rss_bytes
from chunk_runner.source import sha256_of
from chunk_runner.stages.storage_limit import require_room_for_result
from chunk_runner.workspace.answer_store import WorkspaceAnswerStore
from chunk_runner.workspace.file_names import MANIFEST, chunk_file
from chunk_runner.workspace.files import Workspace
from chunk_runner.workspace.manifest import Chunk, Manifest
from chunk_runner.workspace.results import has_result, write_result
from chunk_runner.workspace.token_budget import TokenBudget


log = logging.getLogger(__name__)

_PROC = Path("/proc/self")


def process(
    manifest: Manifest,
    index: int,
    workspace: Workspace,
    on_page: Callable[[], None] = lambda: None,
    source: Path | None = None,
    *,
    more_memory: bool = False,
    storage_limit: int | None = None,
) -> None:
    """Process one chunk: write its result durably, then remove its PDF. Each attempt is recorded in the workspace.

    Args:
        manifest: The prepared job.
        index: The chunk.
        workspace: The job's workspace.
        on_page: Called after each page, for progress.
        source: The source, if chunks can be read from it directly.
        more_memory: The chunk can be processed again with more memory.
        storage_limit: See `storage_limit`.

    Raises:
        ChunkError: The chunk cannot be processed.
        MoreMemoryError: A page needs more memory, and `more_memory` is set.
        UnavailableError: The model's service does not answer.
        ConfigurationError: The configuration of the job is wrong.
        WorkspaceError: The workspace cannot be read or written.
    """
    chunk = manifest.chunks[index]
    if has_result(workspace, chunk):
        log.info("chunk %d already has a result", index)
        workspace.remove(chunk_file(index))
        return
    started = time.monotonic()
    _reset_peak_memory()
    try:
        workspace.append_attempt(index, {"event": "started", "waited": _waited(workspace)})
        result = _result(manifest, chunk, workspace, on_page, source)
        _require_memory(result, more_memory=more_memory)
        require_room_for_result(result, storage_limit, chunk, manifest)
    except Exception as error:
        if has_result(workspace, chunk):  # another attempt was faster, and removed the PDF
            workspace.append_attempt(index, {"event": "superseded", **_figures(started)})
            return
        workspace.append_attempt(index, {"event": "failed", **_figures(started), **_why(error)})
        raise
    except BaseException as error:  # SystemExit included: SIGTERM raises it
        workspace.append_attempt(index, {"event": "failed", **_figures(started), **_why(error)})
        raise
    # The record before the result: the cost is counted even if the result is lost.
    figures = _figures(started)
    workspace.append_attempt(index, {"event": "ok", **figures})
    write_result(workspace, chunk, result, form=manifest.form, figures=figures)
    workspace.remove(chunk_file(index))
    log.info("chunk %d: pages %s done", index, chunk.page_range)


def _result(
    manifest: Manifest, chunk: Chunk, workspace: Workspace, on_page: Callable[[], None], source: Path | None
) -> ChunkResult:
    if chunk.failure is not None:
        raise ChunkError(Reason(chunk.failure.reason), chunk.failure.message)
    path, numbers = _file_to_read(manifest, chunk, workspace, source)
    lost = frozenset(chain.from_iterable(parse_ranges(manifest.lost)))

    def ref(number: int) -> PageRef:
        return PageRef(number, numbers.index(number) + 1, is_lost=number in lost)

    answers = WorkspaceAnswerStore(workspace, chunk.index)
    task = Task(
        index=chunk.index,
        path=path,
        page_count=len(numbers),
        is_source=path == source,
        pages=[ref(number) for number in chunk.pages],
        before=ref(chunk.before) if chunk.before else None,
        after=ref(chunk.after) if chunk.after else None,
        profile=manifest.profile,
        source_sha256=manifest.source["sha256"],
        answers=answers,
        require_budget=partial(_require_means, _budget(manifest, chunk.index, workspace), answers),
    )
    result = processor_for(manifest.settings, manifest.api_key_secret).process(task, on_page)
    if list(result.outcomes) != chunk.pages:
        raise ChunkError(
            Reason.CHUNK_UNREADABLE,
            f"The chunk is damaged: it has {len(result.outcomes)} pages instead of {len(chunk.pages)}.",
        )
    return result


def _file_to_read(
    manifest: Manifest, chunk: Chunk, workspace: Workspace, source: Path | None
) -> tuple[Path, Sequence[int]]:
    """Return the PDF that holds a chunk's pages, and the pages of the source that it holds, in order."""
    if manifest.direct and source is not None and not chunk.sha256:
        return source, range(1, manifest.pages + 1)
    name = chunk_file(chunk.index)
    path = workspace.path(name)
    try:
        checksum = workspace.expect(partial(_checksum_unless_done, path, workspace, chunk))
    except FileNotFoundError as error:
        raise ChunkError(
            Reason.WORKSPACE_UNAVAILABLE, f"{name} is missing: check the volume, then raise spec.retryFailed."
        ) from error
    if checksum != chunk.sha256:
        raise ChunkError(Reason.CHUNK_UNREADABLE, f"{name} was altered after it was written.")
    return path, chunk.pages_of_pdf


def _checksum_unless_done(path: Path, workspace: Workspace, chunk: Chunk) -> str:
    """Return the checksum of a chunk's PDF; an empty text if another attempt has its result, and removed the PDF."""
    try:
        return sha256_of(path)
    except FileNotFoundError:
        if has_result(workspace, chunk):
            return ""
        raise


def _require_means(budget: TokenBudget | None, answers: WorkspaceAnswerStore) -> None:
    """Check that an answer may be bought, and can be kept.

    Raises:
        ChunkError: The job has used all tokens that it may use.
        UnwritableError: The workspace cannot be written.
    """
    answers.require_room()
    if budget is not None:
        budget.require()


def _budget(manifest: Manifest, index: int, workspace: Workspace) -> TokenBudget | None:
    limit = manifest.settings.get("maxTotalTokens")
    return None if limit is None else TokenBudget(workspace, manifest.chunks, index, limit)


def _require_memory(result: ChunkResult, *, more_memory: bool) -> None:
    """Raise `MoreMemoryError` if a page needs more memory, and a pod with more can follow."""
    if more_memory and Reason.MEMORY_LIMIT_EXCEEDED in result.pages_by_reason():
        raise MoreMemoryError(Reason.OUT_OF_MEMORY, "A page needs more memory than the pod may use.")


def _waited(workspace: Workspace) -> float:
    """Return how long the chunks of this round have been ready, in seconds: since the manifest was written."""
    written = workspace.path(MANIFEST).stat().st_mtime
    return round(max(time.time() - written, 0), 3)


def _figures(started: float) -> dict[str, float]:
    """Return what an attempt used: seconds by the clock, and bytes of peak memory of the larger of its processes."""
    peak = max(_peak_memory(), sandbox.peak_memory())
    return {"seconds": round(time.monotonic() - started, 3), "peakMemoryBytes": peak}


def _peak_memory() -> int:
    """Return the peak of the resident memory since `_reset_peak_memory`, in bytes."""
    try:
        status = _PROC.joinpath("status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    except (OSError, IndexError, ValueError):
        # Without /proc: the peak since the process started; on Linux, what its parent had at the time counts, too.
        return max_rss_bytes(resource.getrusage(resource.RUSAGE_SELF))


def _reset_peak_memory() -> None:
    """Start a new measurement, since a worker of a local run processes many chunks (proc(5), clear_refs)."""
    sandbox.reset_peak_memory()
    with suppress(OSError):
        _PROC.joinpath("clear_refs").write_text("5")


def _why(error: BaseException) -> dict[str, str]:
    if isinstance(error, StageError):
        return {"reason": error.reason.value, "message": error.message}
    if isinstance(error, SystemExit) and error.code == ExitCode.INTERRUPTED:
        return {"reason": Reason.INTERRUPTED.value, "message": "The pod was told to stop."}
    if isinstance(error, OSError):
        message = shorten(f"The file system returned an error: {error}.")
        return {"reason": Reason.WORKSPACE_UNAVAILABLE.value, "message": message}
    if isinstance(error, MemoryError):
        return {"reason": Reason.CRASHED.value, "message": "The chunk needs more memory than the process may use."}
    return {"reason": Reason.UNEXPECTED.value, "message": shorten(f"{type(error).__name__}: {error}")}
