"""Sources that are refused, and sources of which some pages cannot be read."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest

from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.job_spec import JobSpec
from integration.pods.job import LEFT, SPEC, output
from processes.pods import Pods
from processes.running import until
from tools.documents import pdfs
from tools.documents.hostile_pdfs import bombs


def not_a_pdf(path: Path) -> None:
    path.write_text("This is a text file.")


def encrypted(path: Path) -> None:
    pdfs.write_pages(path, [["secret"]], password="swordfish")


def garbage(path: Path) -> None:
    path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 40)


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (not_a_pdf, "NotAPdf"),
        (Path.touch, "SourceEmpty"),
        (pdfs.write_without_pages, "NoPages"),
        (encrypted, "PasswordRequired"),
        (garbage, "SourceUnreadable"),
        (Path.mkdir, "SourceUnreadable"),
        (lambda _path: None, "SourceNotFound"),
    ],
)
def test_a_bad_source_is_refused_with_a_reason(pods: Pods, write: Callable[[Path], object], reason: str) -> None:
    write(pods.volume / "bad.pdf")

    code, report = pods.prepare(JobSpec(path="bad.pdf"))

    assert code == ExitCode.SOURCE
    assert report.failure is not None
    assert report.failure.reason == reason
    assert report.failure.message.endswith(".")
    assert "Traceback" not in pods.log
    assert pods.files() == set()


def test_a_source_that_a_node_does_not_see_yet_is_looked_for_again_in_a_retry(pods: Pods) -> None:
    book = pods.volume / "book.pdf"
    book.rename(pods.volume / "elsewhere.pdf")
    env = {"PDFJOB_SPEC": SPEC.dumps(), "PDFJOB_CACHE_SECONDS": "3600"}
    assert pods.run("prepare", **env)[0] == ExitCode.SOURCE

    with pods.start("prepare", PDFJOB_ROUND="1", **env) as process:
        until(lambda: "is not visible yet" in process.err)
        (pods.volume / "elsewhere.pdf").rename(book)
        assert process.wait() == ExitCode.OK


def one_image_on_all_pages(path: Path, pages: int) -> None:
    """Pages that show the same image, which cannot be compressed."""
    pixels = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(3 * 200 * 200 // 32))
    with pikepdf.new() as pdf:
        image = pdf.make_stream(
            pixels,
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=200,
            Height=200,
            ColorSpace=pikepdf.Name.DeviceRGB,
            BitsPerComponent=8,
        )
        for _ in range(pages):
            page = pdf.add_blank_page()
            page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image))
            page.Contents = pdf.make_stream(b"q 600 0 0 600 0 0 cm /Im0 Do Q")
        pdf.save(path)


@pytest.mark.parametrize(
    ("limit", "pages_per_chunk", "code"),
    [(10**6, 1, ExitCode.SOURCE), (10**6, 30, ExitCode.OK), (10**8, 1, ExitCode.OK), (None, 1, ExitCode.OK)],
    ids=["beyond the limit", "with few chunks", "below the limit", "without a limit"],
)
def test_a_document_that_grows_when_it_is_split_takes_no_more_room_than_it_may(
    pods: Pods, limit: int | None, pages_per_chunk: int, code: ExitCode
) -> None:
    one_image_on_all_pages(pods.volume / "images.pdf", 60)
    spec = JobSpec(path="images.pdf", pages_per_chunk=pages_per_chunk)
    env = {} if limit is None else {"PDFJOB_STORAGE_LIMIT": str(limit)}

    ended, report = pods.run("prepare", PDFJOB_SPEC=spec.dumps(), **env)

    assert ended == code
    if code is ExitCode.SOURCE:
        assert report.failure is not None
        assert report.failure.reason == "StorageLimitExceeded"
        assert "use more pages per chunk" in report.failure.message
        assert pods.files() == set()


def test_a_large_document_may_take_more_room_than_the_limit(pods: Pods) -> None:
    """Whoever may put it on the volume may have it split."""
    code, _ = pods.run("prepare", PDFJOB_SPEC=SPEC.dumps(), PDFJOB_STORAGE_LIMIT="1")

    assert code == ExitCode.OK


def lose_first_page(path: Path) -> None:
    """What was the first page is no page any more."""
    kids = re.compile(rb"/Kids \[ (\d+ 0 R)")
    path.write_bytes(kids.sub(lambda found: b"/Kids [ " + b"42".ljust(len(found[1])), path.read_bytes()))


@pytest.mark.parametrize("pages_per_chunk", [1, 2, 30])
def test_a_page_that_is_none_any_more_fails_and_the_others_keep_their_numbers(pods: Pods, pages_per_chunk: int) -> None:
    lose_first_page(pdfs.write_numbered(pods.volume / "damaged.pdf", 4))

    _, prepared = pods.prepare(JobSpec(path="damaged.pdf", pages_per_chunk=pages_per_chunk))
    for index in range(prepared.chunks or 0) if prepared.merged is None else ():
        pods.process(index)
    merged = prepared.merged or pods.run("merge")[1].merged

    assert "page tree is damaged" in prepared.warnings[0]
    assert merged is not None
    assert (merged.failed_pages, merged.ledger["ok"]) == ("1", 3)
    assert output(pods)["sentences"] == [
        {"text": "[page 1 missing: PageUnreadable]", "pages": [1, 1], "gap": "PageUnreadable"},
        *({"text": f"This is page {page} of the book.", "pages": [page, page]} for page in range(2, 5)),
    ]


def test_an_empty_user_password_just_works(pods: Pods) -> None:
    pdfs.write_pages(pods.volume / "open.pdf", [["Open to all."]], password="")

    assert pods.prepare(JobSpec(path="open.pdf"))[0] == 0


def test_pages_without_text_are_told_apart(pods: Pods) -> None:
    pdfs.write_pages(pods.volume / "blank.pdf", [["One."], [], ["Three."]])
    pdfs.write_scan(pods.volume / "scan.pdf")

    pods.prepare(JobSpec(path="blank.pdf"))
    blank = output(pods)["ledger"]
    for name in LEFT:
        (pods.workspace / name).unlink()
    pods.prepare(JobSpec(path="scan.pdf"))

    assert blank == {"ok": "1,3", "empty": "2", "noText": "", "failed": "", "skipped": ""}
    assert output(pods)["ledger"] == {"ok": "", "empty": "", "noText": "1", "failed": "", "skipped": ""}


@pytest.mark.parametrize(
    ("more", "code", "reason"),
    [({"PDFJOB_MORE_MEMORY": "true"}, ExitCode.MEMORY, "OutOfMemory"), ({}, ExitCode.OK, None)],
    ids=["where more can be had", "in the largest pod"],
)
def test_a_page_that_needs_more_memory_ends_its_pod_or_fails_alone(
    pods: Pods, more: dict[str, str], code: ExitCode, reason: str | None
) -> None:
    bombs.flate_bomb(pods.volume / "book.pdf", size=2**28)
    memory = {"PDFJOB_MEMORY_LIMIT": str(2**28)}
    pods.run("prepare", PDFJOB_SPEC=SPEC.dumps(), **memory)

    ended, report = pods.run("process", JOB_COMPLETION_INDEX="0", **memory, **more)

    assert (ended, report.failure and report.failure.reason) == (code, reason)
    assert (pods.workspace / "results" / "00000.result").exists() is (reason is None)
    assert (pods.workspace / "chunks" / "00000.pdf").exists() is (reason is not None)
