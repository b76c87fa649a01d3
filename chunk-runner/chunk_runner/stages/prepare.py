"""The prepare stage: turns a source into a manifest and one PDF per chunk. It can be run again at any time."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.limits import CHUNKS_LIMIT, WARNINGS_LIMIT, shorten
from chunk_runner.contract.page_ranges import SelectionError, select
from chunk_runner.contract.ranges import format_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure
from chunk_runner.errors import ChunkError, ConfigurationError, SourceError
from chunk_runner.pdf import header, reader
from chunk_runner.pdf.document import SourceDocument, inspect
from chunk_runner.pdf.page import Page, PageRef
from chunk_runner.pdf.splitter import PartSpec, write_parts
from chunk_runner.processors.registry import processor_for
from chunk_runner.source import Source, sha256_of
from chunk_runner.stages.chunk_plan import plan
from chunk_runner.stages.storage_limit import require_room_for_chunks
from chunk_runner.text.document_profile import build_profile, choose_sample, sample_warnings
from chunk_runner.workspace.file_names import CHUNKS, SAMPLE, SOURCE, chunk_file
from chunk_runner.workspace.files import Workspace
from chunk_runner.workspace.manifest import Chunk, Manifest
from chunk_runner.workspace.results import has_result


log = logging.getLogger(__name__)

_SAMPLE_SECONDS = 5
"""Time limit for reading one page of the sample; a slower page is left out."""

_PAGES_SHOWN = 60
"""Characters of a list of pages in a warning."""


class Prepared(NamedTuple):
    """A prepared job: its manifest, and the chunks that have no result yet."""

    manifest: Manifest
    todo: tuple[Chunk, ...]


def prepare(
    spec: JobSpec,
    source: Source,
    workspace: Workspace,
    *,
    password: str = "",
    direct: bool = False,
    storage_limit: int | None = None,
) -> Prepared:
    """Count the pages, write a PDF for each chunk that has no result yet, and then the manifest.

    Args:
        spec: The specification of the job.
        source: The file.
        workspace: The job's workspace.
        password: The password of the source, if it is encrypted.
        direct: Write no PDFs of chunks that can be read from the source directly. That is none if it is encrypted or
            damaged, since libraries might then disagree about its pages; otherwise all but those with pages that need
            to be flattened.
        storage_limit: See `storage_limit`.

    Raises:
        SourceError: The source cannot be processed; nothing needs to be kept.
        ConfigurationError: The processor or its settings are invalid, or there would be too many chunks.
        WorkspaceError: The workspace cannot be written.
    """
    with _document(source, password, workspace) as document:
        return _prepare(spec, source, document, workspace, direct=direct, storage_limit=storage_limit)


def _prepare(
    spec: JobSpec,
    source: Source,
    document: SourceDocument,
    workspace: Workspace,
    *,
    direct: bool,
    storage_limit: int | None,
) -> Prepared:
    processor = processor_for(spec.processor, spec.api_key_secret)
    info = inspect(document)
    try:
        selected = select(spec.pages, info.page_count)
    except SelectionError as error:
        raise SourceError(Reason.PAGES_OUT_OF_RANGE, f"“{shorten(source.name, 120)}”: {error}") from error
    planned = plan(
        spec,
        source,
        info.page_count,
        selected,
        processor,
        lost=format_ranges(sorted(info.lost_pages)),
        warnings=info.warnings,
    )
    if len(planned.chunks) > CHUNKS_LIMIT:
        raise ConfigurationError(
            Reason.CONFIGURATION_ERROR,
            f"{len(selected)} pages would make {len(planned.chunks)} chunks, but the maximum is {CHUNKS_LIMIT}:"
            " use more pages per chunk.",
        )
    log.info("%s: %d pages, %d chunks", source.name, info.page_count, len(planned.chunks))
    direct = direct and not (info.is_encrypted or info.warnings)
    sampled = choose_sample(selected)
    todo = [chunk for chunk in planned.chunks if not has_result(workspace, chunk)]
    to_write = [chunk for chunk in todo if not direct or not info.pages_to_flatten.isdisjoint(chunk.pages_of_pdf)]
    folder = workspace.create_folder(CHUNKS)
    to_begin = [
        PartSpec(sampled, folder, partial(workspace.writing, SAMPLE)),
        *(
            PartSpec(chunk.pages_of_pdf, folder, partial(workspace.writing, chunk_file(chunk.index)))
            for chunk in to_write
        ),
    ]
    parts: dict[int, Chunk] = {}
    lost = set(info.lost_pages)
    incomplete: set[int] = set()
    used = 0
    published: list[str] = []
    with _undone_on_errors(workspace, published), closing(write_parts(document, info.page_count, to_begin)) as written:
        if readable := next(written).failure is None:
            _publish(SAMPLE, workspace, published)
        for chunk, outcome in zip(to_write, written, strict=True):
            if outcome.failure is None:
                _publish(chunk_file(chunk.index), workspace, published)
            parts[chunk.index] = _with_file(chunk, outcome.failure, workspace)
            used += parts[chunk.index].bytes
            require_room_for_chunks(used, storage_limit, source)
            lost |= outcome.lost_pages & {*chunk.pages}
            incomplete |= outcome.incomplete_pages & {*chunk.pages}
    sample = _sample(workspace, sampled) if readable else []
    # A model reads the pages, and compares its answers with a text layer only if that is language.
    found = [] if processor.returns_sentences else sample_warnings(sample)
    manifest = replace(
        planned,
        lost=format_ranges(sorted(lost)),
        warnings=_with_warning([*found, *planned.warnings][:WARNINGS_LIMIT], incomplete),
        chunks=tuple(parts.get(chunk.index, chunk) for chunk in planned.chunks),
        profile=build_profile(
            sample,
            spec.language,
            keeps_running_lines=spec.running_lines == "keep",
            is_segmented=processor.returns_sentences,
        ),
        direct=direct,
    )
    manifest.write(workspace)
    return Prepared(manifest, tuple(manifest.chunks[chunk.index] for chunk in todo))


def _with_warning(warnings: Sequence[str], incomplete: Collection[int]) -> tuple[str, ...]:
    """Return warnings with one, before all others, about pages that could not be flattened."""
    if not incomplete:
        return tuple(warnings)
    pages = shorten(format_ranges(sorted(incomplete)), _PAGES_SHOWN)
    warning = (
        f"Some form fields, notes or layers could not be read (pages {pages}): check whether their text is missing, or"
        " hidden text is in the output."
    )
    return (warning, *warnings)[:WARNINGS_LIMIT]


@contextmanager
def _document(source: Source, password: str, workspace: Workspace) -> Iterator[SourceDocument]:
    """Yield the document; if its header is far from its beginning, it is a copy without everything before."""
    start = header.offset(source.path, source.name)
    if start < header.WINDOW:
        yield SourceDocument(source.path, source.name, password)
        return
    try:
        with source.path.open("rb") as whole, workspace.replacing(SOURCE) as copy:
            whole.seek(start)
            shutil.copyfileobj(whole, copy)
        yield SourceDocument(workspace.path(SOURCE), source.name, password, skipped=start)
    finally:
        workspace.remove(SOURCE)


@contextmanager
def _undone_on_errors(workspace: Workspace, published: Sequence[str]) -> Iterator[None]:
    """Remove on errors what this attempt has written, and nothing else.

    That includes temporary files, since the child process that writes them is killed and cannot do so itself. The child
    may be some files ahead, so that it gives no file its name.
    """
    try:
        yield
    except BaseException:  # SystemExit included: SIGTERM raises it
        workspace.remove_temporary(own=True)
        for name in published:
            workspace.remove(name)
        raise


def _publish(name: str, workspace: Workspace, published: list[str]) -> None:
    published.append(name)  # before the file is there: a signal may come in between
    workspace.publish(name)


def _with_file(chunk: Chunk, failure: Failure | None, workspace: Workspace) -> Chunk:
    if failure is not None:
        log.warning("chunk %d: %s", chunk.index, failure.message)
        return replace(chunk, failure=failure)
    path = workspace.path(chunk_file(chunk.index))
    return replace(chunk, sha256=sha256_of(path), bytes=path.stat().st_size)


def _sample(workspace: Workspace, pages: Sequence[int]) -> list[Page]:
    """Return the pages of the sample; none if it cannot be read."""
    refs = [PageRef(number, position) for position, number in enumerate(pages, start=1)]
    try:
        return list(reader.read(workspace.path(SAMPLE), refs, seconds=_SAMPLE_SECONDS))
    except ChunkError as error:
        log.warning("cannot read the sample: %s", error)
        return []
    finally:
        workspace.remove(SAMPLE)
