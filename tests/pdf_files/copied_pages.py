"""Pages of a PDF, copied and read as the pages of a chunk are."""

from functools import partial
from pathlib import Path
from typing import BinaryIO

import pypdfium2

from chunk_runner.pdf import reader
from chunk_runner.pdf.document import SourceDocument
from chunk_runner.pdf.page import Page, PageRef
from chunk_runner.pdf.splitter import PartOutcome, PartSpec, write_parts


def open_file(path: Path) -> BinaryIO:
    """Open the file of a part for writing."""
    return path.open("w+b")


def copy_all(source: Path, folder: Path) -> PartOutcome:
    """Copy all pages of a PDF to `part.pdf`."""
    with pypdfium2.PdfDocument(source) as document:
        count = len(document)
    part = PartSpec(range(1, count + 1), folder, partial(open_file, folder / "part.pdf"))
    (outcome,) = write_parts(SourceDocument(source, source.name), count, [part])
    return outcome


def copied(source: Path, folder: Path) -> list[Page]:
    """Copy all pages of a PDF to `part.pdf`, and read them."""
    assert copy_all(source, folder) == PartOutcome()
    with pypdfium2.PdfDocument(folder / "part.pdf") as document:
        count = len(document)
    return list(reader.read(folder / "part.pdf", [PageRef(number, number) for number in range(1, count + 1)]))
