"""What a chunk PDF holds: its pages and what they need, and nothing else of the document."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pikepdf
import pytest

from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.pdf import reader, splitter
from chunk_runner.pdf.page import PageRef
from chunk_runner.sandbox import sandbox
from chunk_runner.source import identify
from chunk_runner.stages.prepare import prepare
from chunk_runner.workspace.file_names import chunk_file
from chunk_runner.workspace.files import Workspace
from tools.documents import pdfs
from tools.documents.hostile_pdfs import splitting


def sentence(page: int) -> str:
    return f"This is page {page} of the book."


def split(source: Path, folder: Path, pages_per_chunk: int) -> list[Path]:
    """The chunk PDFs that prepare writes."""
    folder.mkdir()
    workspace = Workspace(folder, "attempt")
    manifest = prepare(JobSpec(source.name, pages_per_chunk=pages_per_chunk), identify(source), workspace).manifest
    return [workspace.path(chunk_file(chunk.index)) for chunk in manifest.chunks]


def marks(path: Path) -> set[bytes]:
    """The marks that any object of a PDF holds, referred to or not."""
    with pikepdf.open(path) as pdf:
        found = path.read_bytes()
        for it in pdf.objects:
            if isinstance(it, pikepdf.Stream):
                found += it.stream_dict.unparse(resolved=True) + it.read_bytes()
            else:
                found += it.unparse(resolved=True)
    return set(re.findall(rb"MARKER-\w+", found))


@pytest.mark.parametrize("on_page", [False, True], ids=["of the document", "of a page too"])
def test_no_script_attachment_form_or_outline_travels_with_a_chunk(tmp_path: Path, *, on_page: bool) -> None:
    source = splitting.with_trees(tmp_path / "a.pdf", on_page=on_page)
    assert marks(source) == {b"MARKER-JAVASCRIPT", b"MARKER-ATTACHMENT", b"MARKER-FORM", b"MARKER-OUTLINE"}

    chunks = split(source, tmp_path / "workspace", 2)

    assert [marks(chunk) for chunk in chunks] == [set(), set(), set()]
    assert texts(chunks, [2, 2, 1]) == [sentence(page) for page in range(1, 6)]


def test_chunks_share_what_is_in_the_source_and_do_not_each_carry_all(tmp_path: Path) -> None:
    source = splitting.shared_images(tmp_path / "a.pdf")

    chunks = split(source, tmp_path / "workspace", 30)

    # Each of the 300 images is drawn on two pages, 300 pages from each other.
    assert sum(chunk.stat().st_size for chunk in chunks) <= 2.1 * source.stat().st_size
    assert texts(chunks, [30] * 20) == [sentence(page) for page in range(1, 601)]


def test_a_child_writes_only_so_much_before_the_parent_has_looked_at_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would fill the volume with chunks whose size is not counted yet."""
    source = pdfs.write_numbered(tmp_path / "a.pdf", 4)
    expected = [without_id(chunk) for chunk in split(source, tmp_path / "at once", 1)]
    children: list[object] = []

    def run(*arguments: Any) -> Iterator[Any]:
        children.append(arguments)
        return sandbox.run(*arguments)

    monkeypatch.setattr(splitter, "sandbox", SimpleNamespace(run=run))
    monkeypatch.setattr(splitter, "_AHEAD_BYTES", 1)

    chunks = split(source, tmp_path / "workspace", 1)

    assert [without_id(chunk) for chunk in chunks] == expected
    assert len(children) == 5  # the sample is a part, too


def without_id(chunk: Path) -> bytes:
    """A chunk PDF but for its identifier, which qpdf makes from the time, in seconds."""
    content, identifiers = re.subn(rb"/ID \[<[0-9a-f]{32}><[0-9a-f]{32}>\]", b"", chunk.read_bytes())
    assert identifiers == 1
    return content


def texts(chunks: list[Path], counts: list[int]) -> list[str]:
    """The text of all pages of chunks that have so many pages each."""
    found: list[str] = []
    for chunk, count in zip(chunks, counts, strict=True):
        with pikepdf.open(chunk) as pdf:
            assert len(pdf.pages) == count
        found += [
            " ".join(page.lines)
            for page in reader.read(chunk, [PageRef(number, number) for number in range(1, count + 1)])
        ]
    return found
