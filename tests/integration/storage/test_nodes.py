"""Two nodes with one NFS volume, which remember for a minute that a file was not there; and pods that are killed.

Plays what Linux does (nfs(5), `lookupcache=all`): a file that was missed stays missing on that node until its attribute
cache expires, while opening a file that was found asks the server for its present contents.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from chunk_runner.contract.report import Report
from chunk_runner.errors import ChunkError, LostWorkspaceError, WorkspaceError
from chunk_runner.stages.merge import merge
from chunk_runner.workspace import files
from chunk_runner.workspace.answer_store import WorkspaceAnswerStore
from chunk_runner.workspace.files import Workspace
from integration.storage.job import (
    CHUNKS,
    COST,
    KILLED,
    PAGES,
    Model,
    asked,
    assert_complete,
    merge_all,
    prepare,
    process_chunk,
    stages,
)
from integration.storage.layer import Operation, intercepted
from sizes import cases


T = TypeVar("T")

CACHE_SECONDS = 60.0

SHARES = range(6)
"""A pod is killed after every sixth operation in one case, after the next ones in the others."""


class Killed(BaseException):
    """SIGKILL: nothing of the process runs any more."""


@dataclass
class Clock:
    """The time, which passes when somebody waits."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Node:
    """A node: what it remembers to be missing, and until when.

    Attributes:
        clock: The time.
        missing: The time until which a path counts as missing.
        kill_after: The number of operations after which the pod is killed; `None` for never.
        count: The operations so far.
    """

    clock: Clock
    missing: dict[Path, float] = field(default_factory=dict)
    kill_after: int | None = None
    count: int = 0

    def __call__(self, operation: Operation, perform: Callable[[], T]) -> T:
        self.count += 1
        if self.kill_after is not None and self.count > self.kill_after:
            raise Killed
        path = operation.path
        if operation.kind in ("read", "stat", "list") and self._is_missing(path):
            raise FileNotFoundError(2, "No such file or directory", str(path))
        try:
            result = perform()
        except FileNotFoundError:
            self.missing[path] = self.clock.now + CACHE_SECONDS
            raise
        except FileExistsError:  # the server's word
            self.missing.pop(path, None)
            raise
        if operation.kind in ("unlink", "rmdir", "rename"):  # its own changes are known to a node at once
            self.missing[path] = self.clock.now + CACHE_SECONDS
        if operation.kind in ("create", "append", "mkdir"):
            self.missing.pop(path, None)
        if operation.target is not None:
            self.missing.pop(operation.target, None)
        return result

    def _is_missing(self, path: Path) -> bool:
        return any(self.missing.get(it, 0) > self.clock.now for it in (path, *path.parents))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(files, "time", clock)
    return clock


def run_on(
    node: Node, root: Path, stage: Callable[[Workspace], T], *, attempt: str = "me", cache_seconds: float = 75
) -> T:
    """Run a stage in a pod on a node."""
    with intercepted(root, node):
        return stage(Workspace(root, attempt, cache_seconds=cache_seconds))


def run_killed(node: Node, root: Path, stage: Callable[[Workspace], object], after: int) -> bool:
    """Run a stage in a pod that is killed after so many operations; returns whether it was still running."""
    node.kill_after, node.count = after, 0
    try:
        run_on(node, root, stage, attempt="killed")
    except Killed:
        return True
    finally:
        node.kill_after = None
    return False


@pytest.mark.parametrize("share", cases(SHARES, quick=[0]))
@pytest.mark.parametrize("victim", cases(stages(), quick=["chunk 1", "merge"]))
def test_a_pod_that_is_killed_on_one_node_costs_nothing_on_another(
    tmp_path: Path, victim: str, share: int, clock: Clock
) -> None:
    """It is killed after each of its operations in turn. The other node goes on, and the first one merges."""
    after, was_running = share, True
    while was_running:
        root, model, here, there = tmp_path / str(after), Model(), Node(clock), Node(clock)
        root.mkdir()
        with asked(model):
            report = None
            for name, stage in stages().items():
                if name == victim:
                    was_running = run_killed(here, root, stage, after)
                    clock.now += 10  # until Kubernetes starts another pod
                report = run_on(here if name == "merge" else there, root, stage)
        try:
            assert isinstance(report, Report)
            assert_complete(root, report)
            assert model.lost == []
            bought = sum(model.bought.values())
            assert bought <= PAGES + 1  # an answer that is just arriving goes with its pod
            assert report.merged is not None
            assert report.merged.tokens.total >= (bought - 1) * COST.total
        except BaseException as error:
            error.add_note(f"killed after {after} operations of {victim}")
            raise
        after += len(SHARES)


@dataclass
class Cluster:
    """Two nodes with a prepared job on a volume that both mount."""

    root: Path
    model: Model
    here: Node
    there: Node

    def process(self, node: Node, *indexes: int) -> None:
        """Process chunks on a node."""
        with asked(self.model):
            for index in indexes:
                run_on(node, self.root, partial(process_chunk, index=index))

    def files(self) -> set[str]:
        """All files but temporary ones."""
        return {str(path.relative_to(self.root)) for path in self.root.rglob("[!.]*") if path.is_file()}


@pytest.fixture
def cluster(tmp_path: Path, clock: Clock) -> Cluster:
    found = Cluster(tmp_path / "job", Model(), Node(clock), Node(clock))
    found.root.mkdir()
    run_on(found.there, found.root, prepare)
    return found


def miss(node: Node, root: Path, name: str) -> None:
    """Have a node find out that there is no such file yet."""
    with intercepted(root, node), pytest.raises(FileNotFoundError):
        (root / name).stat()


@pytest.mark.parametrize("completed", [range(CHUNKS), None], ids=["told by Kubernetes", "by the records of attempts"])
def test_a_result_that_a_node_does_not_see_yet_is_no_gap(cluster: Cluster, completed: range | None) -> None:
    miss(cluster.here, cluster.root, "results")
    miss(cluster.here, cluster.root, "results/00001.result")
    cluster.process(cluster.there, 0, 1, 2)

    report = run_on(cluster.here, cluster.root, lambda workspace: merge(workspace, KILLED, completed=completed))

    assert_complete(cluster.root, report)


def test_a_result_that_never_appears_fails_the_merge_and_nothing_is_removed(cluster: Cluster) -> None:
    cluster.process(cluster.there, 0, 1, 2)
    (cluster.root / "results" / "00001.result").unlink()
    before = cluster.files()

    with pytest.raises(WorkspaceError, match=r"results/00001.result is missing, although chunk 1 has completed"):
        run_on(cluster.here, cluster.root, merge_all)

    assert cluster.files() == before


@pytest.mark.parametrize("completed", [range(CHUNKS), None], ids=["chunks have completed", "cleaning up"])
def test_a_manifest_that_a_node_does_not_see_yet_is_waited_for(cluster: Cluster, completed: range | None) -> None:
    cluster.process(cluster.there, 0, 1, 2)
    cluster.here.missing[cluster.root / "manifest.json"] = cluster.here.clock.now + CACHE_SECONDS

    report = run_on(cluster.here, cluster.root, lambda workspace: merge(workspace, KILLED, completed=completed))

    assert_complete(cluster.root, report)


def test_a_merge_that_only_cleans_up_keeps_what_was_paid_for(cluster: Cluster) -> None:
    """It does not know that the job was prepared, and sees nothing that proves it."""
    cluster.process(cluster.there, 0)
    before = cluster.files()
    for name in ("manifest.json", "attempts"):
        cluster.here.missing[cluster.root / name] = cluster.here.clock.now + CACHE_SECONDS

    report = run_on(cluster.here, cluster.root, lambda workspace: merge(workspace, KILLED))

    assert report.failure == KILLED
    assert cluster.files() == {name for name in before if not name.startswith("chunks/")}


def test_a_workspace_without_its_manifest_is_lost_and_keeps_what_was_paid_for(cluster: Cluster) -> None:
    cluster.process(cluster.there, 0, 1, 2)
    (cluster.root / "manifest.json").unlink()
    before = cluster.files()

    with pytest.raises(LostWorkspaceError, match="Check the claim"):
        run_on(cluster.here, cluster.root, merge_all)
    with pytest.raises(LostWorkspaceError, match="Check the claim"):
        run_on(cluster.here, cluster.root, partial(process_chunk, index=0))

    assert cluster.files() == before


def test_the_report_of_an_incomplete_merge_does_not_stand_for_a_later_one(cluster: Cluster) -> None:
    """The node that merges has missed the manifest, and sees the report of the round before."""
    cluster.process(cluster.there, 0, 1)
    with asked(cluster.model):
        run_on(cluster.there, cluster.root, lambda workspace: merge(workspace, KILLED, completed=range(2)))
        run_on(cluster.there, cluster.root, prepare)
    cluster.here.missing[cluster.root / "manifest.json"] = cluster.here.clock.now + CACHE_SECONDS
    cluster.process(cluster.there, 2)

    assert_complete(cluster.root, run_on(cluster.here, cluster.root, merge_all))


def test_an_answer_that_a_node_does_not_see_yet_is_not_bought_again(cluster: Cluster) -> None:
    miss(cluster.here, cluster.root, "answers/page-1.answer")
    with asked(cluster.model):
        store = WorkspaceAnswerStore(Workspace(cluster.root, "first"), 0)
        store.put("page-1", "Text of page 1.")
    cluster.model.kept.add(1)

    cluster.process(cluster.here, 0)

    assert (cluster.model.lost, cluster.model.bought[1]) == ([], 0)


def test_a_chunk_that_is_written_again_is_waited_for_on_the_node_that_removed_it(cluster: Cluster) -> None:
    cluster.process(cluster.here, 0)
    (cluster.root / "results" / "00000.result").unlink()
    run_on(cluster.there, cluster.root, prepare)

    cluster.process(cluster.here, 0)

    assert (cluster.root / "results" / "00000.result").exists()


def test_a_chunk_that_is_gone_for_good_fails_at_once(cluster: Cluster) -> None:
    (cluster.root / "chunks" / "00000.pdf").unlink()

    with pytest.raises(ChunkError, match=r"chunks/00000.pdf is missing"):
        cluster.process(cluster.here, 0)
