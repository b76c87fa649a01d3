"""The chunks stage: one chunk in, one result out. Safe to run again, and safe to run twice at once."""

from __future__ import annotations

import logging
import resource
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path

from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.limits import shorten
from chunk_runner.contract.ranges import parse_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ChunkError, MoreMemoryError, StageError, WorkspaceError
from chunk_runner.pdf import sandbox
from chunk_runner.processors.base import ChunkResult, Task
from chunk_runner.processors.registry import processor_for
from chunk_runner.source import sha256_of
from chunk_runner.workspace.answer_store import WorkspaceAnswerStore, tokens_of
from chunk_runner.workspace.files import MANIFEST, Workspace, chunk_file
from chunk_runner.workspace.manifest import Chunk, Manifest
from chunk_runner.workspace.results import has_result, write_result


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
) -> None:
    """Process one chunk: durable result first, then its PDF goes. Every attempt leaves its figures in the workspace.

    Args:
        manifest: The prepared job.
        index: The chunk.
        workspace: The job's workspace.
        on_page: Called after each page, for progress.
        source: The source, for a job whose chunks are read from it directly.
        more_memory: Whether the chunk can be processed again with more memory than there is here.

    Raises:
        ChunkError: The chunk fails for good.
        MoreMemoryError: A page needs more memory, and it can be had.
        UnavailableError: A model's service does not answer.
        ConfigurationError: This version has no such processor.
        WorkspaceError: The workspace cannot be read or written; another attempt may help.
    """
    chunk = manifest.chunks[index]
    if has_result(workspace, chunk):
        log.info("chunk %d: its result is already there", index)
        workspace.remove(chunk_file(index))
        return
    started = time.monotonic()
    _forget_peak_memory()
    try:
        workspace.append_attempt(index, {"event": "started", "waited": _waited(workspace)})
        result = _result(manifest, chunk, workspace, on_page, source)
        _require_memory(result, more_memory)
    except Exception as error:
        if has_result(workspace, chunk):  # another attempt at this chunk was faster, and took its PDF away
            workspace.append_attempt(index, {"event": "superseded", **_figures(started)})
            return
        failure = error
        if isinstance(error, FileNotFoundError):
            failure = WorkspaceError(Reason.WORKSPACE_UNAVAILABLE, f"{chunk_file(index)} is missing.")
        workspace.append_attempt(index, {"event": "failed", **_figures(started), **_why(failure)})
        raise failure from error
    except BaseException as error:  # an interruption ends an attempt too
        workspace.append_attempt(index, {"event": "failed", **_figures(started), **_why(error)})
        raise
    # The figures first: what was paid for is counted even if the result is lost.
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
    if manifest.direct and source is not None:
        path, size, places, before, after = source, manifest.pages, chunk.pages, chunk.before, chunk.after
    else:
        path = workspace.path(chunk_file(chunk.index))
        if sha256_of(path) != chunk.sha256:
            raise ChunkError(Reason.CHUNK_UNREADABLE, f"{chunk_file(chunk.index)} was altered after it was written.")
        before, size = int(bool(chunk.before)), len(chunk.pages_of_pdf)
        places, after = [before + at for at in range(1, len(chunk.pages) + 1)], size if chunk.after else 0
    task = Task(
        path,
        chunk.pages,
        places,
        manifest.decisions,
        lost=frozenset(chain.from_iterable(parse_ranges(manifest.lost))),
        shared=path == source,
        size=size,
        before=before,
        after=after,
        source=manifest.source["sha256"],
        answers=WorkspaceAnswerStore(workspace, chunk.index),
        index=chunk.index,
        require_budget=partial(_require_budget, manifest, workspace),
    )
    result = processor_for(manifest.settings, manifest.api_key_secret).process(task, on_page)
    if list(result.states) != chunk.pages:
        raise ChunkError(
            Reason.CHUNK_UNREADABLE,
            f"The chunk has {len(result.states)} pages, not {len(chunk.pages)}: it is damaged.",
        )
    return result


def _require_budget(manifest: Manifest, workspace: Workspace) -> None:
    """Nothing more is bought once the job has used its tokens."""
    limit = manifest.settings.get("maxTotalTokens")
    if limit is None:
        return
    used = sum(tokens_of(workspace.attempts(chunk.index)).total for chunk in manifest.chunks)
    if used >= limit:
        raise ChunkError(
            Reason.TOKEN_BUDGET_REACHED,
            f"The job has used {used:,} tokens, and maxTotalTokens is {limit:,}: raise it and retry them.",
        )


def _require_memory(result: ChunkResult, more_memory: bool) -> None:  # noqa: FBT001 (said on, as it came)
    if more_memory and Reason.MEMORY_LIMIT_EXCEEDED in result.reasons.values():
        raise MoreMemoryError(Reason.OUT_OF_MEMORY, "A page needs more memory than its pod may use.")


def _waited(workspace: Workspace) -> float:
    """For how many seconds this round's chunks have been there to be processed: since its manifest was written."""
    written = workspace.path(MANIFEST).stat().st_mtime
    return round(max(time.time() - written, 0), 3)


def _figures(started: float) -> dict[str, float]:
    """What an attempt used: wall-clock seconds, and the peak memory of the larger of its two processes in bytes."""
    peak = max(_peak_memory(), sandbox.peak_memory())
    return {"seconds": round(time.monotonic() - started, 3), "peakMemoryBytes": peak}


def _peak_memory() -> int:
    """The most memory that was resident since `_forget_peak_memory`, in bytes."""
    try:
        status = _PROC.joinpath("status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    except (OSError, IndexError, ValueError):
        # Without /proc: since the process began, and on Linux even what its parent had then.
        return sandbox.max_rss_bytes(resource.getrusage(resource.RUSAGE_SELF))


def _forget_peak_memory() -> None:
    """A process of a local run works on many chunks; each is measured by itself (proc(5), clear_refs)."""
    sandbox.reset_peak_memory()
    with suppress(OSError):
        _PROC.joinpath("clear_refs").write_text("5")


def _why(error: BaseException) -> dict[str, str]:
    if isinstance(error, StageError):
        return {"reason": error.reason.value, "message": error.message}
    if isinstance(error, SystemExit) and error.code == ExitCode.INTERRUPTED:
        return {"reason": Reason.INTERRUPTED.value, "message": "The pod was told to stop."}
    if isinstance(error, MemoryError):
        return {"reason": Reason.CRASHED.value, "message": "The chunk needs more memory than there is."}
    return {"reason": Reason.UNEXPECTED.value, "message": shorten(f"{type(error).__name__}: {error}")}
