"""ENOSPC and EIO at every operation of the file system: no false gap, nothing paid for is deleted or bought again."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from chunk_runner.contract.report import Report
from chunk_runner.errors import ChunkError, StageError
from chunk_runner.stages.process import process
from chunk_runner.workspace.files import CorruptFileError, Workspace
from chunk_runner.workspace.manifest import Manifest
from integration.storage.job import COST, PAGES, Model, asked, assert_complete, merge_all, prepare, stages
from integration.storage.layer import Operation, intercepted
from sizes import cases


T = TypeVar("T")

WRITING = {"create", "append", "write", "fsync", "rename", "mkdir"}
"""The operations that need space."""

SHARES = range(10)
"""Every tenth operation fails in one case, the next ones in the others."""


@dataclass
class Disk:
    """A disk on which one operation fails, and with `lasting` all that follow until it is mended.

    Attributes:
        number: The operation, by number.
        error: The error, by number.
        lasting: The disk stays full or broken.
        seen: The operations so far.
    """

    number: int
    error: int
    lasting: bool = False
    is_mended: bool = False
    seen: list[Operation] = field(default_factory=list)

    def __call__(self, operation: Operation, perform: Callable[[], T]) -> T:
        number = len(self.seen)
        self.seen.append(operation)
        is_hit = number >= self.number if self.lasting else number == self.number
        if is_hit and not self.is_mended and (self.error != errno.ENOSPC or operation.kind in WRITING):
            raise OSError(self.error, os.strerror(self.error), str(operation.path))
        return perform()


def run(root: Path, model: Model, disk: Disk) -> Report:
    """Run each stage until it succeeds; a disk that stays full is mended after each stage's second attempt."""
    report: Report | None = None
    with asked(model), intercepted(root, disk):
        for name, stage in stages().items():
            for attempt in range(5):
                disk.is_mended = attempt > 1
                try:
                    found = stage(Workspace(root, f"{name}-{attempt}"))
                    report = found if isinstance(found, Report) else report
                    break
                except (StageError, OSError, CorruptFileError):
                    continue
            else:
                pytest.fail(f"{name} does not succeed on a disk without faults")
    assert report is not None
    return report


@contextmanager
def named(disk: Disk) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        failed = disk.seen[disk.number] if disk.number < len(disk.seen) else None
        error.add_note(f"operation {disk.number}: {failed}")
        raise


FAULTS = {
    "ENOSPC once": (errno.ENOSPC, False),
    "ENOSPC for a while": (errno.ENOSPC, True),
    "EIO once": (errno.EIO, False),
    "EIO for a while": (errno.EIO, True),
}


@pytest.mark.parametrize("share", cases(SHARES, quick=[0]))
@pytest.mark.parametrize("fault", cases(FAULTS, quick=["ENOSPC for a while", "EIO once"]))
def test_an_operation_that_fails_costs_attempts_and_nothing_else(tmp_path: Path, fault: str, share: int) -> None:
    error, lasting = FAULTS[fault]
    whole = Disk(-1, error)
    run(tmp_path / "whole", Model(), whole)

    for number in range(share, len(whole.seen), len(SHARES)):
        root, model, disk = tmp_path / str(number), Model(), Disk(number, error, lasting)
        with named(disk):
            report = run(root, model, disk)
            assert_complete(root, report)
            assert model.lost == []
            bought = sum(model.bought.values())
            # An answer that could not be kept is bought again; a cost that could not be recorded is not counted.
            assert bought <= PAGES + 1
            assert report.merged is not None
            assert report.merged.tokens.total >= (bought - 1) * COST.total


def test_a_manifest_that_cannot_be_removed_keeps_the_results_that_it_names(tmp_path: Path) -> None:
    """Without them, another merge would take its pages for missing."""

    def stuck(operation: Operation, perform: Callable[[], T]) -> T:
        if operation.kind == "unlink" and operation.path.name == "manifest.json":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return perform()

    with asked(Model()), intercepted(tmp_path, stuck):
        reports = [stage(Workspace(tmp_path, "me")) for stage in (*stages().values(), merge_all)]

    for report in reports[-2:]:
        assert isinstance(report, Report)
        assert_complete(tmp_path, report)


def test_nothing_is_bought_on_a_disk_that_cannot_keep_it(tmp_path: Path) -> None:
    """A disk so full that only what is there already can grow."""
    model = Model()

    def full(operation: Operation, perform: Callable[[], T]) -> T:
        if operation.kind == "create" and "answers" in str(operation.path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return perform()

    for name, stage in list(stages().items())[:2]:
        with asked(model), intercepted(tmp_path, full):
            if name == "prepare":
                stage(Workspace(tmp_path, "me"))
            else:
                with pytest.raises(StageError, match="check that the volume has free space"):
                    stage(Workspace(tmp_path, "me"))

    assert sum(model.bought.values()) == 0


def test_a_result_beyond_its_share_is_not_written(tmp_path: Path) -> None:
    """Of a page that draws the same text again and again."""
    prepare(Workspace(tmp_path, "prepare"))
    workspace = Workspace(tmp_path, "chunk")

    with asked(Model(text="word " * 2**15)), pytest.raises(ChunkError, match="far more than pages can show"):
        process(Manifest.read(workspace), 0, workspace, storage_limit=2**16)

    assert not (tmp_path / "results").exists()
