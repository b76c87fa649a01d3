"""Every hostile file through `pdfjob run`: it ends, says what is wrong, and costs no page but the bad one.

The table says what is right. Where libraries differ in how far they get with a page, either limit will do.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

from chunk_runner.contract.ranges import format_ranges, parse_ranges
from processes.running import until
from sizes import cases
from tools.documents.hostile_pdfs import catalogue, whole_files


SECONDS = 600
"""How long to wait for a file. No promise: the machine may be busy, and limits on pages count processor time."""

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
    # The cycle is cut, as readers do.
    "page-tree-cycle": WHOLE,
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
    # Annotations and layers: what is too large is left out, with a warning, and nothing else is lost.
    "appearance-loop": STOPPED,
    "appearance-bomb": WHOLE,
    "many-annotations": WHOLE,
    "annotations-in-themselves": WHOLE,
    "field-loop": WHOLE,
    "value-bomb": WHOLE,
    "absurd-rectangles": WHOLE,
    "layer-bomb": STOPPED,
    "expression-loop": WHOLE,
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

ONE_OF_EACH_FAMILY = (
    *("flate-bomb", "run-length-bomb", "form-loop", "deep-page-tree", "page-tree-cycle", "parent-loop"),
    *("media-box-words", "page-missing", "garbage-content", "nested-arrays-drawn", "nested-dictionaries"),
    *("length-of-itself", "extends-loop", "cmap-range", "prev-loop", "declared-table"),
    *(
        "appearance-bomb",
        "field-loop",
        "expression-loop",
        "count-huge",
        "zero-length",
        "header-and-garbage",
        "encrypted",
        "encrypted-for-owner",
    ),
)
"""Bombs that are stopped and one that ends by itself, loops, lies, damage, locks: what `make test` tries."""


class Runs:
    """`pdfjob run` on attacks, one after another.

    While one is looked at, the next one runs already: a bomb keeps one core busy.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._folder = folder
        self._next = dict(pairwise(names))
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Start it, if it is not."""
        if name in self._started:
            return
        folder = self.folder(name)
        folder.mkdir()
        catalogue.ATTACKS[name](folder / "a.pdf")
        pages_per_chunk = 1000 if _is_long(name) else 2
        command = [sys.executable, "-m", "pdfjob_cli", "run", "a.pdf", "--json", f"--pages-per-chunk={pages_per_chunk}"]
        with self._said(name, "out").open("wb") as out, self._said(name, "err").open("wb") as err:
            self._started[name] = subprocess.Popen(
                command, cwd=folder, stdout=out, stderr=err, env=os.environ | POD, start_new_session=True
            )

    def end(self, name: str) -> tuple[int, str, str]:
        """Wait for its end, and for that of all its processes: its exit code, its stdout and its stderr."""
        self.start(name)
        following = self._next.get(name)
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
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    tests = [item for item in request.session.items if isinstance(item, pytest.Function)]
    names = [str(test.callspec.params["name"]) for test in tests if "runs" in test.fixturenames]
    runs = Runs(tmp_path_factory.mktemp("attacks"), names)
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
    assert set(EXPECTED) == set(catalogue.ATTACKS)


@pytest.mark.parametrize("name", cases(catalogue.ATTACKS, quick=ONE_OF_EACH_FAMILY))
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


PASSWORDS: Mapping[str, Read | Refused] = {
    whole_files.USER_PASSWORD: WHOLE,
    "owner": WHOLE,
    "open barley": Refused("WrongPassword"),
}


@pytest.mark.parametrize("name", cases(["encrypted", "encrypted-rc4"], quick=["encrypted"]))
@pytest.mark.parametrize("password", cases(PASSWORDS, quick=["owner"]))
def test_a_password_opens_what_it_is_for(tmp_path: Path, name: str, password: str) -> None:
    expected = PASSWORDS[password]
    catalogue.ATTACKS[name](tmp_path / "a.pdf")
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
