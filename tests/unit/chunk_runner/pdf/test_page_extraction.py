import tempfile
from contextlib import nullcontext
from pathlib import Path

import pytest

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import WorkspaceError
from chunk_runner.pdf import page_extraction
from chunk_runner.sandbox import landlock
from tools.documents import pdfs


def test_pages_are_extracted_and_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    source = pdfs.write_numbered(tmp_path / "a.pdf", 3)

    assert page_extraction.extract(source, 3, [2]).startswith(b"%PDF-")
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.usefixtures("new_template")
def test_a_full_disk_is_no_fault_of_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = pdfs.write_numbered(tmp_path / "a.pdf", 3)
    (tmp_path / "part.pdf").symlink_to("/dev/full")
    monkeypatch.setattr(landlock, "version", lambda: 0)  # or the link would lead nowhere
    monkeypatch.setattr(tempfile, "TemporaryDirectory", lambda **_: nullcontext(str(tmp_path)))

    with pytest.raises(WorkspaceError, match=r"Cannot write a temporary file \(No space left on device\)") as error:
        page_extraction.extract(source, 3, [2])

    assert error.value.reason is Reason.WORKSPACE_UNAVAILABLE


def test_a_missing_folder_for_temporary_files_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))

    with pytest.raises(WorkspaceError, match="TMPDIR"):
        page_extraction.extract(pdfs.write_numbered(tmp_path / "a.pdf", 3), 3, [2])
