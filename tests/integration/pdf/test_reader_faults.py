"""Faults of the PDF library at one page: it costs that page at most."""

import faulthandler
import os
import signal
from pathlib import Path

import pytest
from pypdfium2 import PdfDocument

from chunk_runner.contract.reasons import Reason
from chunk_runner.pdf import reader
from chunk_runner.pdf.page import Page, PageRef
from chunk_runner.pdf.text_layer import pdfium_page
from tools.documents import pdfs


pytestmark = pytest.mark.usefixtures("new_template")

PAGES = [PageRef(number, number) for number in range(1, 6)]


def sentence(page: int) -> str:
    return f"This is page {page} of the book."


def on_page_3(monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    """Instead of reading page 3 with PDFium, call this: no file is known that makes PDFium hang or crash."""
    read = pdfium_page.read_page

    def faulty(document: PdfDocument, path: Path, ref: PageRef) -> Page:
        if ref.position == 3:
            {"hang": signal.pause, "crash": _crash}[act]()
        return read(document, path, ref)

    monkeypatch.setattr(pdfium_page, "read_page", faulty)


def _crash() -> None:
    faulthandler.disable()  # pytest enables it, and it would write about a crash that is meant
    os.kill(os.getpid(), signal.SIGILL)  # as PDFium ends when an assertion of its own fails


def test_a_page_on_which_the_library_hangs_costs_that_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = pdfs.write_numbered(tmp_path / "a.pdf", 5)
    on_page_3(monkeypatch, "hang")

    found = list(reader.read(source, PAGES, seconds=1))

    assert found[2] == Page.failed(PageRef(3, 3), Reason.TIME_LIMIT_EXCEEDED)
    assert [page.lines for page in found] == [[sentence(1)], [sentence(2)], [], [sentence(4)], [sentence(5)]]


def test_a_page_on_which_the_library_crashes_is_read_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = pdfs.write_numbered(tmp_path / "a.pdf", 5)
    on_page_3(monkeypatch, "crash")

    found = list(reader.read(source, PAGES))

    assert [page.lines for page in found] == [[sentence(page)] for page in range(1, 6)]
    assert [len(page.boxes) > 0 for page in found] == [True, True, False, True, True]  # the other knows no places
