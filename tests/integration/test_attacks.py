"""Every hostile file through `pdfjob run`: it ends, says what is wrong, and costs no page but the bad one.

The table says what is right. Where libraries differ in how far they get with a page, either limit will do.
"""

import faulthandler
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pikepdf
import psutil
import pytest
from pypdfium2 import PdfDocument

from chunk_runner.contract.job_spec import JobSpec
from chunk_runner.contract.ranges import format_ranges, parse_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.pdf import pdfium_reader, reader
from chunk_runner.pdf.page import Page, PageState
from chunk_runner.source import identify
from chunk_runner.stages.prepare import prepare
from chunk_runner.workspace.files import Workspace, chunk_file
from processes import until
from tools import attacks, pdfs


SECONDS = 120
"""For a file; the slowest one takes half of it on two idle cores."""

POD = {"PDFJOB_MEMORY_LIMIT": str(1 << 30)}
"""What a pod is given by default."""


@dataclass(frozen=True)
class Read:
    """An output: its pages, the ones that are read, and why the others are not (one of these reasons)."""

    pages: int
    ok: str
    code: int = 0
    failed: str = ""
    reasons: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Refused:
    """No output, but one sentence."""

    reason: str
    code: int = 1


WHOLE = Read(5, "1-5")
STOPPED = Read(5, "1-2,4-5", 3, "3", frozenset({"MemoryLimitExceeded", "TimeLimitExceeded"}))
UNREADABLE = Read(5, "1-2,4-5", 3, "3", frozenset({"PageUnreadable"}))

EXPECTED: Mapping[str, Read | Refused] = {
    # Page 3 is more than a page may be. The libraries stop by themselves at some bombs, behind the page's own text.
    "flate-bomb": STOPPED,
    "flate-twice-bomb": STOPPED,
    "lzw-bomb": STOPPED,
    "run-length-bomb": WHOLE,
    "ascii-hex-bomb": STOPPED,
    "ascii85-bomb": STOPPED,
    "text-bomb": STOPPED,
    "string-bomb": WHOLE,
    "form-bomb": STOPPED,
    "form-loop": STOPPED,
    # Which pages follow page 3 stands in no library's reach: each goes through the tree in order.
    "object-stream-bomb": Read(5, "1-2", 3, "3-5", frozenset({"MemoryLimitExceeded", "TimeLimitExceeded"})),
    "deep-page-tree": Read(5, "1-2", 3, "3-5", frozenset({"PageUnreadable"})),
    # The root has itself as a kid: so it has no number of pages.
    "page-tree-cycle": Refused("PageTreeLoops"),
    # Page 3 lacks something that it can do without.
    "parent-loop": WHOLE,
    "media-box-empty": WHOLE,
    "media-box-words": WHOLE,
    "media-box-huge": WHOLE,
    "media-box-overflow": WHOLE,
    # Page 3 is no page, or there is nothing to read on it.
    "page-null": UNREADABLE,
    "page-missing": UNREADABLE,
    "page-number": UNREADABLE,
    "page-array": UNREADABLE,
    "garbage-content": UNREADABLE,
    "object-stream-in-itself": UNREADABLE,
    # What is nested comes behind the text of page 3, or is not needed to read it.
    "nested-arrays-drawn": WHOLE,
    "nested-dictionaries-drawn": WHOLE,
    "nested-states-drawn": WHOLE,
    "nested-texts-drawn": WHOLE,
    "nested-arrays": WHOLE,
    "nested-dictionaries": WHOLE,
    # Loops that can be cut, and ranges that need not be filled.
    "length-of-itself": WHOLE,
    "length-inside": WHOLE,
    "extends-loop": WHOLE,
    "cmap-loop": WHOLE,
    "cmap-range": WHOLE,
    "width-range": WHOLE,
    "type3-loop": WHOLE,
    # The pages are there, whatever the cross references and counts say.
    "xref-stream-bomb": WHOLE,
    "xref-of-free-objects": WHOLE,
    "prev-loop": WHOLE,
    "prev-stream-loop": WHOLE,
    "declared-table": WHOLE,
    "declared-stream": WHOLE,
    "count-huge": Read(1, "1"),
    "count-negative": WHOLE,
    "count-small": WHOLE,
    "many-pages-flat": Read(100_000, "1-100000"),
    "many-pages-tree": Read(100_000, "1-100000"),
    # All page objects arrived, and the text of so many pages.
    "truncated-50": Read(90, "1-9", 3, "10-90", frozenset({"PageUnreadable"})),
    "truncated-70": Read(90, "1-48", 3, "49-90", frozenset({"PageUnreadable"})),
    "zero-length": Refused("SourceEmpty"),
    "header-only": Refused("SourceUnreadable"),
    "header-and-garbage": Refused("SourceUnreadable"),
    "header-and-gzip": Refused("SourceUnreadable"),
    "encrypted": Refused("PasswordRequired"),
    "encrypted-rc4": Refused("PasswordRequired"),
    "encrypted-for-owner": WHOLE,
    "encrypted-rc4-for-owner": WHOLE,
}


class Runs:
    """`pdfjob run` on attacks. While one is looked at, the next one runs already: a bomb keeps one core busy."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Start it, if it is not."""
        if name in self._started:
            return
        folder = self.folder(name)
        folder.mkdir()
        attacks.ATTACKS[name](folder / "a.pdf")
        pages_per_chunk = 1000 if _is_long(name) else 2
        command = [sys.executable, "-m", "pdfjob_cli", "run", "a.pdf", "--json", f"--pages-per-chunk={pages_per_chunk}"]
        with self._said(name, "out").open("wb") as out, self._said(name, "err").open("wb") as err:
            self._started[name] = subprocess.Popen(
                command, cwd=folder, stdout=out, stderr=err, env=os.environ | POD, start_new_session=True
            )

    def end(self, name: str) -> tuple[int, str, str]:
        """Wait for its end, and for that of all its processes: its exit code, its stdout and its stderr."""
        self.start(name)
        following = _following(name)
        if following is not None and not _is_long(name) and not _is_long(following):
            self.start(following)
        process = self._started[name]
        code = process.wait(SECONDS)
        until(lambda: not _session(process.pid))
        return code, self._said(name, "out").read_text(), self._said(name, "err").read_text()

    def folder(self, name: str) -> Path:
        """Where it runs."""
        return self._folder / name

    def stop(self) -> None:
        """End all."""
        for process in self._started.values():
            process.kill()
            process.wait()
            for left in _session(process.pid):
                left.send_signal(signal.SIGKILL)

    def _said(self, name: str, what: str) -> Path:
        return self._folder / f"{name}.{what}"


def _is_long(name: str) -> bool:
    """Whether it keeps all cores busy."""
    return name.startswith("many-pages")


def _following(name: str) -> str | None:
    names = list(attacks.ATTACKS)
    return next(iter(names[names.index(name) + 1 :]), None)


def _session(leader: int) -> list[psutil.Process]:
    """The processes of a session that have not ended."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    runs = Runs(tmp_path_factory.mktemp("attacks"))
    try:
        yield runs
    finally:
        runs.stop()


def sentence(page: int) -> str:
    return f"This is page {page} of the book."


def numbers(ranges: str) -> list[int]:
    return list(chain.from_iterable(parse_ranges(ranges)))


def reasons_of(summary: dict[str, Any]) -> dict[int, str]:
    """Why each failed page did, alone or with its chunk."""
    alone = {page: reason for reason, ranges in summary["pageReasons"].items() for page in numbers(ranges)}
    return alone | {page: chunk["reason"] for chunk in summary["failedChunks"] for page in numbers(chunk["pages"])}


def test_the_table_has_every_attack() -> None:
    assert set(EXPECTED) == set(attacks.ATTACKS)


@pytest.mark.parametrize("name", attacks.ATTACKS)
def test_an_attack_costs_no_more_than_it_must(runs: Runs, name: str) -> None:
    code, out, err = runs.end(name)

    summary, expected = json.loads(out), EXPECTED[name]
    assert code == expected.code, err
    assert "Traceback" not in err
    if isinstance(expected, Refused):
        assert summary["failure"]["reason"] == expected.reason
        assert err == f"{expected.reason}: {summary['failure']['message']}\n"
        assert re.fullmatch("[^\n]*“a.pdf”[^\n]*[.]", summary["failure"]["message"])
        assert {path.name for path in runs.folder(name).iterdir()} == {"a.pdf"}
        return
    failed = numbers(expected.failed)
    assert (summary["pages"], summary["ledger"]["ok"]) == (expected.pages, expected.pages - len(failed))
    reasons = reasons_of(summary)
    assert sorted(reasons) == failed
    assert set(reasons.values()) <= expected.reasons
    if not summary["failedChunks"]:
        # No library has a word of its own, and nothing is left but for a later run to mend a chunk.
        assert all(line.startswith(("a.pdf: ", "chunk ")) for line in err.splitlines()), err
        assert {path.name for path in runs.folder(name).iterdir()} == {"a.pdf", "a.json"}
    output = json.loads((runs.folder(name) / "a.json").read_text())
    assert (output["ledger"]["ok"], output["ledger"].get("failed", "")) == (expected.ok, expected.failed)
    found = {
        page
        for entry in output["sentences"]
        if "gap" not in entry
        for page in range(entry["pages"][0], entry["pages"][1] + 1)
        if sentence(page) in entry["text"]
    }
    assert format_ranges(sorted(found)) == expected.ok
    gaps = {
        page: entry["gap"]
        for entry in output["sentences"]
        if "gap" in entry
        for page in range(entry["pages"][0], entry["pages"][1] + 1)
    }
    assert gaps == reasons


@pytest.mark.parametrize("name", ["encrypted", "encrypted-rc4"])
@pytest.mark.parametrize(
    ("password", "expected"),
    [(attacks.USER_PASSWORD, WHOLE), ("owner", WHOLE), ("open barley", Refused("WrongPassword"))],
    ids=["the user's", "the owner's", "a wrong one"],
)
def test_a_password_opens_what_it_is_for(tmp_path: Path, name: str, password: str, expected: Read | Refused) -> None:
    attacks.ATTACKS[name](tmp_path / "a.pdf")
    (tmp_path / "password").write_text(password)
    command = [sys.executable, "-m", "pdfjob_cli", "run", "a.pdf", "--json", "--password-file", "password"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False)

    assert done.returncode == expected.code, done.stderr
    assert password not in done.stdout + done.stderr
    summary = json.loads(done.stdout)
    if isinstance(expected, Refused):
        assert done.stderr == f"{expected.reason}: {summary['failure']['message']}\n"
    else:
        assert summary["ledger"]["ok"] == expected.pages
        written = json.loads((tmp_path / "a.json").read_text())["sentences"]
        assert [entry["text"] for entry in written] == [sentence(page) for page in range(1, 6)]


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
    source = attacks.with_trees(tmp_path / "a.pdf", on_page=on_page)
    assert marks(source) == {b"MARKER-JAVASCRIPT", b"MARKER-ATTACHMENT", b"MARKER-FORM", b"MARKER-OUTLINE"}

    chunks = split(source, tmp_path / "workspace", 2)

    assert [marks(chunk) for chunk in chunks] == [set(), set(), set()]
    assert texts(chunks, [2, 2, 1]) == [sentence(page) for page in range(1, 6)]


def test_chunks_share_what_is_in_the_source_and_do_not_each_carry_all(tmp_path: Path) -> None:
    source = attacks.shared_images(tmp_path / "a.pdf")

    chunks = split(source, tmp_path / "workspace", 30)

    # Each of the 300 images is drawn on two pages, 300 pages from each other.
    assert sum(chunk.stat().st_size for chunk in chunks) <= 2.1 * source.stat().st_size
    assert texts(chunks, [30] * 20) == [sentence(page) for page in range(1, 601)]


def texts(chunks: list[Path], counts: list[int]) -> list[str]:
    """The text of all pages of chunks that have so many pages each."""
    found: list[str] = []
    for chunk, count in zip(chunks, counts, strict=True):
        with pikepdf.open(chunk) as pdf:
            assert len(pdf.pages) == count
        found += [" ".join(page.lines) for page in reader.read(chunk, range(1, count + 1))]
    return found


def on_page_3(monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    """Instead of reading page 3 with PDFium, call this: no file is known that makes PDFium hang or crash."""
    read = pdfium_reader.read_page

    def faulty(document: PdfDocument, path: Path, number: int) -> Page:
        if number == 3:
            {"hang": signal.pause, "crash": _crash}[act]()
        return read(document, path, number)

    monkeypatch.setattr(pdfium_reader, "read_page", faulty)


def _crash() -> None:
    faulthandler.disable()  # pytest enables it, and it would write about a crash that is meant
    os.kill(os.getpid(), signal.SIGILL)  # as PDFium ends when an assertion of its own fails


def test_a_page_on_which_the_library_hangs_costs_that_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = pdfs.write_numbered(tmp_path / "a.pdf", 5)
    on_page_3(monkeypatch, "hang")

    found = list(reader.read(source, range(1, 6), seconds=1))

    assert found[2] == Page(PageState.FAILED, reason=Reason.TIME_LIMIT_EXCEEDED)
    assert [page.lines for page in found] == [[sentence(1)], [sentence(2)], [], [sentence(4)], [sentence(5)]]


def test_a_page_on_which_the_library_crashes_is_read_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = pdfs.write_numbered(tmp_path / "a.pdf", 5)
    on_page_3(monkeypatch, "crash")

    found = list(reader.read(source, range(1, 6)))

    assert [page.lines for page in found] == [[sentence(page)] for page in range(1, 6)]
    assert [len(page.boxes) > 0 for page in found] == [True, True, False, True, True]  # the other knows no places
