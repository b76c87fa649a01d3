"""A merge that waits for the last results: what it accepts, what it leaves alone, and what others see meanwhile."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from chunk_runner.contract.report import Report
from chunk_runner.errors import UnwritableError
from chunk_runner.stages import early_merge
from chunk_runner.stages.early_merge import wait_for_results
from chunk_runner.stages.merge import merge
from chunk_runner.workspace.file_names import result_file
from chunk_runner.workspace.files import Workspace
from chunk_runner.workspace.manifest import Manifest
from chunk_runner.workspace.results import write_result
from integration.storage.job import (
    CHUNKS,
    KILLED,
    Model,
    asked,
    assert_complete,
    merge_all,
    prepare,
    process_chunk,
    result_with_failed_pages,
)
from integration.storage.layer import Operation, T, intercepted


class WaitedError(Exception):
    """It waits, and nothing more will happen."""


class Meanwhile:
    """Does one thing after the other, each time that the merge waits."""

    def __init__(self, *things: Callable[[], object]) -> None:
        self._things: Iterator[Callable[[], object]] = iter(things)
        self.waits = 0

    def sleep(self, _: float) -> None:
        self.waits += 1
        thing = next(self._things, None)
        if thing is None:
            raise WaitedError
        thing()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = Workspace(tmp_path, "chunk")
    prepare(found)
    return found


def chunk(workspace: Workspace, index: int) -> Callable[[], None]:
    """The processing of a chunk."""

    def work() -> None:
        with asked(Model()):
            process_chunk(workspace.for_attempt(f"chunk-{index}"), index)

    return work


def merge_early(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, *things: Callable[[], object]) -> Report | None:
    """Merge early, while this happens."""
    meanwhile = Meanwhile(*things)
    monkeypatch.setattr(early_merge, "time", meanwhile)
    chunks = wait_for_results(workspace.for_attempt("early"))
    return None if chunks is None else merge(workspace.for_attempt("early"), KILLED, completed=chunks)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)], ids=str)
def test_it_merges_once_the_last_result_is_there_whatever_the_order(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, order: tuple[int, ...]
) -> None:
    report = merge_early(workspace, monkeypatch, *(chunk(workspace, index) for index in order))

    assert report is not None
    assert_complete(workspace.root, report)
    assert sorted(path.name for path in workspace.root.iterdir()) == ["output.json", "report.json", "usage.jsonl"]


def test_its_output_is_that_of_the_usual_merge(
    workspace: Workspace, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Workspace(tmp_path_factory.mktemp("other"), "chunk")
    prepare(other)
    for index in range(CHUNKS):
        chunk(other, index)()
    merge_all(other)

    merge_early(workspace, monkeypatch, *(chunk(workspace, index) for index in range(CHUNKS)))

    assert (workspace.root / "output.json").read_bytes() == (other.root / "output.json").read_bytes()


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def of_other_pages(path: Path) -> None:
    """Replace a result by a whole one of other settings."""
    _, line, *rest = path.read_bytes().split(b"\n", 2)
    verified = b"\n".join([json.dumps({**json.loads(line), "key": "another"}).encode(), *rest])
    path.write_bytes(hashlib.sha256(verified).hexdigest().encode() + b"\n" + verified)


@pytest.mark.parametrize("damage", [Path.unlink, flip_a_bit, of_other_pages])
@pytest.mark.parametrize("index", range(CHUNKS))
def test_it_never_merges_without_a_result_that_can_be_trusted(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None], index: int
) -> None:
    for other in range(CHUNKS):
        chunk(workspace, other)()
    damage(workspace.path(result_file(index)))
    before = sorted(workspace.root.rglob("*"))

    with suppress(WaitedError):
        assert merge_early(workspace, monkeypatch, *[lambda: None] * 100) is None

    assert sorted(workspace.root.rglob("*")) == before


def test_it_never_looks_for_a_result_that_nobody_has_announced(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NFS would remember for up to a minute that it is not there."""
    missed: list[Path] = []

    def watch(operation: Operation, perform: Callable[[], T]) -> T:
        try:
            return perform()
        except FileNotFoundError:
            missed.append(operation.path)
            raise

    chunk(workspace, 2)()
    with intercepted(workspace.root, watch), pytest.raises(WaitedError):
        merge_early(workspace, monkeypatch)

    assert [path for path in missed if path.suffix == ".result"] == []


def test_pages_that_another_attempt_may_recover_are_left_to_the_usual_merge(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in (0, 1):
        chunk(workspace, index)()
    described = Manifest.read(workspace).chunks[2]
    workspace.append_attempt(2, {"event": "ok"})
    write_result(workspace, described, result_with_failed_pages(described), form="json", figures={})
    before = sorted(workspace.root.rglob("*"))

    assert merge_early(workspace, monkeypatch) is None
    assert sorted(workspace.root.rglob("*")) == before

    # In the next round, that result is one of an earlier attempt, and the chunk is processed again.
    later = Workspace(workspace.root, "later", 1)
    prepare(later)
    report = merge_early(later, monkeypatch, chunk(later, 2))
    assert report is not None
    assert_complete(workspace.root, report)


def test_it_repeats_the_report_of_a_merge_that_was_first(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(CHUNKS):
        chunk(workspace, index)()
    first = merge_all(workspace)

    second = merge_early(workspace, monkeypatch)

    assert second is not None
    assert replace(second, volume=None) == replace(first, volume=None)


def test_a_chunk_pod_that_runs_again_after_it_changes_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge_early(workspace, monkeypatch, *(chunk(workspace, index) for index in range(CHUNKS)))
    before = {path: path.read_bytes() for path in workspace.root.rglob("*") if path.is_file()}

    chunk(workspace, 1)()

    assert {path: path.read_bytes() for path in workspace.root.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("after", range(0, 60, 3))
def test_two_merges_at_once_leave_one_whole_output(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """The usual merge runs between any two operations of the early one, which fails if its file has been removed."""
    for index in range(CHUNKS):
        chunk(workspace, index)()
    performed, reports = list[Operation](), list[Report]()

    def intervene(operation: Operation, perform: Callable[[], T]) -> T:
        performed.append(operation)
        if len(performed) == after + 1:
            reports.append(merge_all(workspace.for_attempt("usual")))
        return perform()

    with intercepted(workspace.root, intervene), suppress(UnwritableError):
        early = merge_early(workspace, monkeypatch)
        assert early is not None
        reports.append(early)

    assert reports
    for report in reports:
        assert_complete(workspace.root, report)
