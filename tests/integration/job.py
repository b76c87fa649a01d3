"""A job whose stages all run in this process."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from chunk_runner.contract.job_spec import OUTPUTS, JobSpec
from chunk_runner.contract.report import Failure, Merged
from chunk_runner.source import identify
from chunk_runner.stages.merge import merge
from chunk_runner.stages.prepare import prepare
from chunk_runner.stages.process import process
from chunk_runner.workspace.files import Workspace


class Done(NamedTuple):
    """What a job leaves: its output, and what its merge reports."""

    output: bytes
    merged: Merged


def run(source: Path, pages_per_chunk: int, *, is_reversed: bool = False, **spec: Any) -> Done:
    """Run a job with this specification; it must succeed.

    Args:
        source: The file.
        pages_per_chunk: The pages of a chunk.
        is_reversed: True to process the last chunk first: with several workers, chunks end in any order.
        spec: More of the specification.
    """
    job = JobSpec(source.name, pages_per_chunk=pages_per_chunk, **spec)
    with TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder), "attempt")
        manifest = prepare(job, identify(source), workspace).manifest
        for chunk in reversed(manifest.chunks) if is_reversed else manifest.chunks:
            process(manifest, chunk.index, workspace)
        report = merge(workspace, Failure("Crashed", "never"))
        assert report.failure is None
        assert report.merged is not None
        assert report.merged.output == OUTPUTS[job.format]
        return Done(workspace.path(OUTPUTS[job.format]).read_bytes(), report.merged)
