"""The results of chunks: writing one, reading one that can be trusted, and whether a chunk still needs processing."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure
from chunk_runner.contract.stats import count
from chunk_runner.processors.chunk_result import ChunkResult
from chunk_runner.workspace.file_names import result_file
from chunk_runner.workspace.files import CorruptFileError


if TYPE_CHECKING:
    from chunk_runner.workspace.files import Workspace
    from chunk_runner.workspace.manifest import Chunk

log = logging.getLogger(__name__)


def has_result(workspace: Workspace, chunk: Chunk) -> bool:
    """Return true if the chunk needs no processing: its result is there, whole, and of the same pages and settings.

    A result with pages worth another attempt counts only in the round that produced it; it stays in place until there
    is a better one.
    """
    try:
        content, body = workspace.read_document(result_file(chunk.index))
    except FileNotFoundError:
        return False
    except CorruptFileError as error:
        log.warning("%s; processing chunk %d again", error, chunk.index)
        return False
    if content.get("key") != chunk.key:
        return False
    try:
        return count(content.get("round")) >= workspace.round_number or not ChunkResult.load(content, body).is_retryable
    except ValueError:
        log.warning("%s is not a result; processing chunk %d again", result_file(chunk.index), chunk.index)
        return False


def read_result(workspace: Workspace, chunk: Chunk) -> ChunkResult | Failure | None:
    """Return the chunk's result, a failure if it cannot be trusted, or `None` if there is none."""
    name = result_file(chunk.index)
    try:
        content, body = workspace.read_document(name)
    except FileNotFoundError:
        return None
    except CorruptFileError as error:
        return Failure(Reason.RESULT_CORRUPT, f"{error}.")
    if content.get("key") != chunk.key:
        return Failure(Reason.RESULT_CORRUPT, f"{name} is the result of other pages or settings.")
    try:
        return ChunkResult.load(content, body)
    except ValueError:
        return Failure(Reason.RESULT_CORRUPT, f"{name} is not a result.")


def write_result(
    workspace: Workspace, chunk: Chunk, result: ChunkResult, *, form: str, figures: Mapping[str, Any]
) -> None:
    """Write the chunk's result, durably.

    Args:
        workspace: The job's workspace.
        chunk: The chunk.
        result: Its result.
        form: The format of the output.
        figures: What the attempt used.

    Raises:
        WorkspaceError: The workspace cannot be written.
    """
    content, body = result.dump(form)
    identity = {"key": chunk.key, "index": chunk.index, "round": workspace.round_number, "figures": figures}
    workspace.write_document(result_file(chunk.index), {**identity, **content}, body)
