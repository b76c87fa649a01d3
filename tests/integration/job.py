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


def run(source: Path, pages_per_chunk: int, **spec: Any) -> Done:
    """Run a job with this specification; it must succeed."""
    job = JobSpec(source.name, pages_per_chunk=pages_per_chunk, **spec)
    with TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder), "attempt")
        manifest = prepare(job, identify(source), workspace).manifest
        for chunk in manifest.chunks:
            process(manifest, chunk.index, workspace)
        report = merge(workspace, Failure("Crashed", "never"))
        assert report.failure is None
        assert report.merged is not None
        assert report.merged.output == OUTPUTS[job.format]
        return Done(workspace.path(OUTPUTS[job.format]).read_bytes(), report.merged)
