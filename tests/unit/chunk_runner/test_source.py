import hashlib
from pathlib import Path

import pytest

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import SourceError
from chunk_runner.source import identify, locate


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    root = tmp_path / "volume"
    (root / "books").mkdir(parents=True)
    (root / "pdfjobs" / "other-uid").mkdir(parents=True)
    (root / "books" / "a.pdf").write_bytes(b"%PDF-1.4")
    (root / "pdfjobs" / "other-uid" / "output.json").write_text("another job's")
    (tmp_path / "secret").write_text("not on the volume")
    return root


def test_a_file_on_the_volume_is_found(volume: Path) -> None:
    assert locate(volume, "books/a.pdf") == volume / "books" / "a.pdf"


@pytest.mark.parametrize(
    "path", ["../secret", "/etc/passwd", "books/../../secret", ".", "books/..", "pdfjobs/other-uid/output.json", "a\0b"]
)
def test_a_path_that_leads_elsewhere_is_refused(volume: Path, path: str) -> None:
    with pytest.raises(SourceError) as error:
        locate(volume, path)

    assert error.value.reason is Reason.PATH_REFUSED


@pytest.mark.parametrize("target", ["../secret", "/etc/passwd", "pdfjobs/other-uid/output.json"])
def test_a_link_that_leads_elsewhere_is_refused(volume: Path, target: str) -> None:
    (volume / "link.pdf").symlink_to(target)

    with pytest.raises(SourceError) as error:
        locate(volume, "link.pdf")

    assert error.value.reason is Reason.PATH_REFUSED


def test_a_loop_of_links_is_refused(volume: Path) -> None:
    (volume / "one").symlink_to("two")
    (volume / "two").symlink_to("one")

    with pytest.raises(SourceError) as error:
        locate(volume, "one")

    assert error.value.reason in (Reason.PATH_REFUSED, Reason.SOURCE_NOT_FOUND)


def test_a_missing_file_is_said_to_be_missing(volume: Path) -> None:
    with pytest.raises(SourceError, match=r"There is no file “books/b\.pdf” on the volume") as error:
        locate(volume, "books/b.pdf")

    assert error.value.reason is Reason.SOURCE_NOT_FOUND


def test_a_source_is_identified_by_checksum_and_size(volume: Path) -> None:
    source = identify(volume / "books" / "a.pdf")

    assert (source.name, source.bytes, source.sha256) == ("a.pdf", 8, hashlib.sha256(b"%PDF-1.4").hexdigest())


def test_another_checksum_than_promised_is_refused(volume: Path) -> None:
    with pytest.raises(SourceError) as error:
        identify(volume / "books" / "a.pdf", sha256="00" * 32)

    assert error.value.reason is Reason.CHECKSUM_MISMATCH


def test_a_promised_checksum_may_be_in_capitals(volume: Path) -> None:
    path = volume / "books" / "a.pdf"

    assert identify(path, sha256=hashlib.sha256(b"%PDF-1.4").hexdigest().upper()).bytes == 8


@pytest.mark.parametrize(("name", "reason"), [("books", Reason.SOURCE_UNREADABLE), ("none", Reason.SOURCE_NOT_FOUND)])
def test_what_is_no_file_is_refused(volume: Path, name: str, reason: Reason) -> None:
    with pytest.raises(SourceError) as error:
        identify(volume / name)

    assert error.value.reason is reason


def test_an_empty_file_is_refused(volume: Path) -> None:
    (volume / "empty.pdf").touch()

    with pytest.raises(SourceError) as error:
        identify(volume / "empty.pdf")

    assert error.value.reason is Reason.SOURCE_EMPTY
