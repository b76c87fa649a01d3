from pathlib import Path

import pytest

from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import SourceError
from chunk_runner.source import identify
from chunk_runner.stages import prepare as stage
from chunk_runner.workspace.files import Workspace
from processes.running import until
from tools.documents import pdfs


def test_a_prepare_that_fails_removes_what_the_child_has_written_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = pdfs.write_numbered(tmp_path / "a.pdf", 6)
    workspace = Workspace(tmp_path / "workspace", "attempt")

    def refuse(*_: object) -> None:
        until(lambda: any("00002.pdf" in path.name for path in workspace.path("chunks").iterdir()))
        raise SourceError(Reason.STORAGE_LIMIT_EXCEEDED, "The first chunk is too large.")

    monkeypatch.setattr(stage, "require_room_for_chunks", refuse)

    with pytest.raises(SourceError):
        stage.prepare(JobSpec(source.name, pages_per_chunk=1), identify(source), workspace)

    assert [path for path in workspace.root.rglob("*") if path.is_file()] == []
