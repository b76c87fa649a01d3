"""Whole runs over files with forms, notes and layers: no chunk size and no way of reading changes the entries."""

import json
from collections.abc import Sequence
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pikepdf import Array

from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.report import Failure
from chunk_runner.source import identify
from chunk_runner.stages.merge import merge
from chunk_runner.stages.prepare import prepare
from chunk_runner.stages.process import process
from chunk_runner.workspace.files import Workspace
from pdf_files.annotated import AnnotatedPdf
from tools.documents.hostile_pdfs import pdf_objects


HALVES = ("It was late when the old ferry left", "the harbour for the last time that year.")

ICON = (500, 750, 520, 770)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a sentence across pages, a note, a stamp, and a page that has nothing but a form."""
    made = AnnotatedPdf("The first page.", *HALVES, "", "The fifth page.", "The sixth page.", "", "The eighth page.")
    made.annotate("Link", Dest=Array([0]))
    made.annotate("Text", page=2, Contents="Ask Anna first. Then go.", rect=ICON)
    made.field("Tx", page=3, V="Bad Neustadt")
    for at, value in enumerate(("Anna Weber", "beans and tomatoes,", "for the garden", "She would like to grow them.")):
        made.field("Tx", page=4, V=value, rect=(72, 600 - 30 * at, 372, 620 - 30 * at))
    made.annotate("Stamp", page=6, AP=made.appearance("PAID"))
    return made.save(tmp_path_factory.mktemp("source") / "a.pdf")


ENTRIES = [
    ("The first page.", [1, 1]),
    (" ".join(HALVES), [2, 3]),
    ("Ask Anna first.", [2, 2]),
    ("Then go.", [2, 2]),
    ("Bad Neustadt", [3, 3]),
    ("Anna Weber", [4, 4]),
    ("beans and tomatoes,", [4, 4]),
    ("for the garden", [4, 4]),
    ("She would like to grow them.", [4, 4]),
    ("The fifth page.", [5, 5]),
    ("The sixth page.", [6, 6]),
    ("PAID", [6, 6]),
    ("The eighth page.", [8, 8]),
]


def run(source: Path, folder: Path, pages_per_chunk: int, *, direct: bool = False) -> bytes:
    """The output of a job, all stages run in this process."""
    workspace = Workspace(folder, "attempt")
    spec = JobSpec(source.name, pages_per_chunk=pages_per_chunk)
    manifest = prepare(spec, identify(source), workspace, direct=direct).manifest
    for chunk in manifest.chunks:
        process(manifest, chunk.index, workspace, source=source if direct else None)
    report = merge(workspace, Failure("Crashed", "never"))
    assert report.failure is None
    return workspace.path("output.json").read_bytes()


def test_each_value_note_and_stamp_is_an_entry_and_spoils_no_sentence(source: Path, tmp_path: Path) -> None:
    found = json.loads(run(source, tmp_path, 30))

    assert [(entry["text"], entry["pages"]) for entry in found["sentences"]] == ENTRIES
    assert (found["ledger"]["ok"], found["ledger"]["empty"]) == ("1-6,8", "7")


@settings(max_examples=max(settings().max_examples // 4, 1))
@given(pages_per_chunk=st.integers(1, 9), direct=st.booleans())
def test_no_chunk_size_and_no_way_of_reading_changes_the_output(
    source: Path, tmp_path_factory: pytest.TempPathFactory, pages_per_chunk: int, *, direct: bool
) -> None:
    whole = run(source, tmp_path_factory.mktemp("whole"), 30)

    assert run(source, tmp_path_factory.mktemp("parts"), pages_per_chunk, direct=direct) == whole


def copied_chunks(source: Path, folder: Path, pages_per_chunk: int = 1) -> Sequence[str]:
    """The pages of the chunks that a local run copies."""
    manifest = prepare(
        JobSpec(source.name, pages_per_chunk=pages_per_chunk),
        identify(source),
        Workspace(folder, "attempt"),
        direct=True,
    ).manifest
    return [chunk.page_range for chunk in manifest.chunks if chunk.sha256]


def test_a_local_run_copies_only_chunks_with_something_to_draw(source: Path, tmp_path: Path) -> None:
    assert copied_chunks(source, tmp_path) == ["2", "3", "4", "6"]


def test_a_local_run_copies_all_chunks_if_a_layer_is_off(tmp_path: Path) -> None:
    made = AnnotatedPdf("The first page.", "The second page.")
    hidden = {"Off": made.layer("off", is_off=True)}
    made.draw("/OC /Off BDC BT /F1 12 Tf 72 600 Td (Hidden.) Tj ET EMC", page=2, properties=hidden)
    source = made.save(tmp_path / "a.pdf")
    (tmp_path / "workspace").mkdir()
    (tmp_path / "run").mkdir()

    assert copied_chunks(source, tmp_path / "workspace") == ["1", "2"]
    found = json.loads(run(source, tmp_path / "run", 1, direct=True))
    assert [entry["text"] for entry in found["sentences"]] == ["The first page.", "The second page."]


@pytest.mark.parametrize("is_on", [False, True])
def test_a_file_of_links_and_layers_that_are_on_is_read_directly(tmp_path: Path, *, is_on: bool) -> None:
    made = AnnotatedPdf("The first page.")
    made.annotate("Link", Dest=Array([0]))
    made.annotate("Popup")
    if is_on:
        made.layer("on")

    assert copied_chunks(made.save(tmp_path / "a.pdf"), tmp_path) == []


def test_what_cannot_be_drawn_is_named_in_a_warning(tmp_path: Path) -> None:
    made = AnnotatedPdf("The first page.", "The second page.", "The third page.")
    for page in (2, 3):
        made.annotate("Text", page=page, Contents="Ask Anna first. " * 2000, rect=ICON)

    source = made.save(tmp_path / "a.pdf")
    manifest = prepare(JobSpec(source.name), identify(source), Workspace(tmp_path, "attempt")).manifest

    (warning,) = manifest.warnings
    assert "pages 2-3" in warning


def test_a_damaged_file_that_another_library_copies_keeps_its_values(tmp_path: Path) -> None:
    book = pdf_objects.sound_book() | {pdf_objects.BAD: b"null"}
    number, _, third, *_ = pdf_objects.page_numbers(5)
    assert third == pdf_objects.BAD
    widget = b"<< /Type /Annot /Subtype /Widget /FT /Tx /V (Anna Weber) /Rect [60 60 160 80] >>"
    book[number] = pdf_objects.page_object(b"%d 0 R" % (number + 1), entries=b"/Annots [%s]" % widget)

    found = json.loads(run(pdf_objects.save(tmp_path / "a.pdf", book), tmp_path, 30))

    texts = [entry["text"] for entry in found["sentences"]]
    assert texts[:3] == ["This is page 1 of the book.", "Anna Weber", "This is page 2 of the book."]
    assert found["ledger"]["failed"] == "3"


def test_an_encrypted_form_is_read(tmp_path: Path) -> None:
    made = AnnotatedPdf("The first page.")
    made.field("Tx", V="Anna Weber", AP=made.appearance("Anna Weber"))
    made.field("Tx", V="Bad Neustadt", rect=(72, 500, 372, 520))
    source = made.save(tmp_path / "a.pdf", encryption=pikepdf.Encryption(owner="owner"))

    found = json.loads(run(source, tmp_path, 1, direct=True))

    assert [entry["text"] for entry in found["sentences"]] == ["The first page.", "Anna Weber", "Bad Neustadt"]


def test_flattened_chunks_of_a_large_form_stay_small(tmp_path: Path) -> None:
    made = AnnotatedPdf(*(f"This is page {number} of the form." for number in range(1, 61)))
    for page in range(1, 61):
        for row in range(20):
            rect = (72, 100 + 30 * row, 372, 120 + 30 * row)
            made.field("Tx", page=page, V=f"Value {row}", rect=rect, AP=made.appearance(f"Value {row}"))
    source = made.save(tmp_path / "a.pdf")
    workspace = Workspace(tmp_path, "attempt")

    manifest = prepare(JobSpec(source.name, pages_per_chunk=5), identify(source), workspace).manifest

    assert sum(chunk.bytes for chunk in manifest.chunks) <= 2 * source.stat().st_size
