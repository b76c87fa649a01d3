"""The prepare stage: from a source to a manifest and one PDF per chunk. Safe to run again at any time."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from chunk_runner import manifest as manifests
from chunk_runner import pdf
from chunk_runner.contract import CHUNKS_LIMIT, Reason
from chunk_runner.errors import ConfigurationError
from chunk_runner.processors import processor_for
from chunk_runner.workspace import CorruptFileError, chunk_file, result_file, sha256_of


if TYPE_CHECKING:
    from collections.abc import Iterator

    from chunk_runner.contract import JobSpec
    from chunk_runner.manifest import Chunk, Manifest
    from chunk_runner.source import Source
    from chunk_runner.workspace import Workspace

log = logging.getLogger(__name__)


def prepare(spec: JobSpec, source: Source, workspace: Workspace) -> Manifest:
    """Count the pages, write a PDF for every chunk that has no result yet, then the manifest.

    Raises:
        SourceError: The source cannot be processed; nothing needs to be kept.
        ConfigurationError: There is no such processor, or there would be too many chunks.
        WorkspaceError: The workspace cannot be written.
    """
    processor = processor_for(spec.processor)
    with pdf.opened(source.path, source.name) as document:
        planned = manifests.plan(spec, source, len(document.pages), processor.version)
        if len(planned.chunks) > CHUNKS_LIMIT:
            raise ConfigurationError(
                Reason.CONFIGURATION_ERROR,
                f"{planned.pages} pages make {len(planned.chunks)} chunks, and {CHUNKS_LIMIT} are the most:"
                " ask for more pages per chunk.",
            )
        log.info("%s: %d pages, %d chunks", source.name, planned.pages, len(planned.chunks))
        manifest = replace(planned, chunks=tuple(_written(planned, document, workspace)))
    manifest.write(workspace)
    return manifest


def _written(planned: Manifest, document: pdf.Document, workspace: Workspace) -> Iterator[Chunk]:
    """The planned chunks with checksum and size, their PDFs on disk unless their results already are."""
    for chunk in planned.chunks:
        if has_result(workspace, chunk):
            yield chunk
            continue
        name = chunk_file(chunk.index)
        with workspace.replacing(name) as file:
            pdf.write_pages(document, chunk.first_page, chunk.last_page, file)
        path = workspace.path(name)
        yield replace(chunk, sha256=sha256_of(path), bytes=path.stat().st_size)


def has_result(workspace: Workspace, chunk: Chunk) -> bool:
    """Whether the chunk's result is there, whole, and of the same pages and settings."""
    try:
        return workspace.read_json(result_file(chunk.index)).get("key") == chunk.key
    except FileNotFoundError:
        return False
    except CorruptFileError as error:
        log.warning("%s; chunk %d is processed again", error, chunk.index)
        return False
