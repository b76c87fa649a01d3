"""The chunk plan: divides the selected pages of a source into chunks, and names what each result depends on. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from chunk_runner.contract.ranges import format_ranges
from chunk_runner.output.pieces import MARKDOWN
from chunk_runner.workspace.manifest import Chunk, Manifest


if TYPE_CHECKING:
    from chunk_runner.contract.job_spec import JobSpec
    from chunk_runner.processors.base import Processor
    from chunk_runner.source import Source


def plan(
    spec: JobSpec,
    source: Source,
    pages: int,
    selected: Sequence[int],
    processor: Processor,
    *,
    lost: str,
    warnings: Sequence[str],
) -> Manifest:
    """Return the manifest of a job whose chunks have no PDFs yet; all chunks but the last have the same size.

    Args:
        spec: The specification of the job.
        source: The file.
        pages: Its page count, 1 or more.
        selected: The pages to process, ascending.
        processor: The processor of the job.
        lost: See `Manifest`.
        warnings: See `Manifest`.
    """
    shown = {"name": processor.name, "version": processor.version}
    if "model" in processor.decisive_settings:
        shown["model"] = processor.decisive_settings["model"]
    ranges = format_ranges(selected)
    # Everything that may change a result; what is decided from the sample follows from these.
    settings = [
        source.sha256,
        ranges,
        spec.language,
        spec.running_lines,
        spec.format == MARKDOWN,
        {**processor.decisive_settings, **shown},
    ]
    neighbors = frozenset(selected) if processor.uses_neighbors else frozenset()
    return Manifest(
        source={"name": source.name, "sha256": source.sha256, "bytes": source.bytes, "pages": pages},
        processor=shown,
        settings=dict(spec.processor),
        api_key_secret=spec.api_key_secret,
        form=spec.format,
        selected=ranges,
        lost=lost,
        warnings=tuple(warnings),
        chunks=tuple(
            Chunk(
                index,
                format_ranges(run),
                _key([format_ranges(run), *settings]),
                before=run[0] - 1 if run[0] - 1 in neighbors else 0,
                after=run[-1] + 1 if run[-1] + 1 in neighbors else 0,
            )
            for index, run in enumerate(_runs(selected, spec.pages_per_chunk))
        ),
    )


def _runs(pages: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for first in range(0, len(pages), size):
        yield pages[first : first + size]


def _key(inputs: Sequence[Any]) -> str:
    """Return a name for the result of these inputs."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
