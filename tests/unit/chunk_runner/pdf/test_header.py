from pathlib import Path

import pytest

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import SourceError
from chunk_runner.pdf import header


@pytest.mark.parametrize("before", [0, 1, 1024, 2**20 - 3, 2**20, 3 * 2**20])
def test_a_header_is_found_wherever_it_is(tmp_path: Path, before: int) -> None:
    (tmp_path / "a.pdf").write_bytes(b"\0" * before + b"%PDF-1.7\n%%EOF")

    assert header.offset(tmp_path / "a.pdf", "a.pdf") == before


def test_of_two_headers_the_first_counts(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"From: me\n%PDF-1.7\n%PDF-1.4\n")

    assert header.offset(tmp_path / "a.pdf", "a.pdf") == 9


def test_a_pdf_without_a_header_begins_at_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\nstartxref\n0\n")

    assert header.offset(tmp_path / "a.pdf", "a.pdf") == 0


@pytest.mark.parametrize("content", [b"", b"%PD", b"<html>a page that says PDF-1.7</html>", b"PK\x03\x04" * 2**19])
def test_another_file_is_no_pdf(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pdf").write_bytes(content)

    with pytest.raises(SourceError, match=r"“a\.pdf” is not a PDF") as error:
        header.offset(tmp_path / "a.pdf", "a.pdf")

    assert error.value.reason is Reason.NOT_A_PDF
