"""A power failure after every operation: what was acknowledged is there, and nothing torn is used."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from chunk_runner.errors import StageError
from chunk_runner.workspace import durable
from chunk_runner.workspace.file_names import MANIFEST
from chunk_runner.workspace.files import CorruptFileError, Workspace
from integration.storage.disk import Disk, Recorder, Survival, restore
from integration.storage.job import CHUNKS, COST, Model, asked, assert_complete, merge_all, prepare, process_chunk
from integration.storage.layer import Operation, intercepted
from sizes import cases


T = TypeVar("T")

FOLDERS = ("", "answers", "attempts", "chunks", "results")

SURVIVALS = {
    "only what was synced": Survival(),
    "all names, and half of the contents": Survival(names=None, contents=0.5),
    "all names, and no contents": Survival(names=None),
    **{f"also the names in {name or 'the root'}": Survival(frozenset({name}), contents=1) for name in FOLDERS},
}

SHARES = range(6)
"""The power fails after every sixth operation in one case, after the next ones in the others."""


def recorded(root: Path) -> Recorder:
    """What a job does, from its beginning to its end."""
    root.mkdir()
    recorder = Recorder()
    with asked(Model(acknowledge=recorder.acknowledge)), intercepted(root, recorder):
        prepare(Workspace(root, "prepare"))
        recorder.acknowledge("prepared", 0)
        for index in range(CHUNKS):
            process_chunk(Workspace(root, f"chunk-{index}"), index)
            recorder.acknowledge("completed", index)
        merge_all(Workspace(root, "merge"))
        recorder.acknowledge("merged", 0)
    return recorder


def recover(root: Path, acknowledged: Sequence[tuple[str, int]]) -> None:
    """Go on after a power failure as Kubernetes would, which knows what was acknowledged."""
    model = Model(kept={number for what, number in acknowledged if what == "kept"})
    counted = sum(what == "counted" for what, _ in acknowledged)
    with asked(model), intercepted(root, Recorder()):
        if ("prepared", 0) not in acknowledged:
            prepare(Workspace(root, "again"))
        for index in range(CHUNKS):
            if ("completed", index) not in acknowledged:
                process_chunk(Workspace(root, "again"), index)
        report = merge_all(Workspace(root, "again"))
    assert_complete(root, report)
    assert model.lost == []
    assert report.merged is not None
    assert report.merged.tokens.total >= counted * COST.total
    assert ("merged", 0) not in acknowledged or not model.bought


def fail_everywhere(folder: Path, survival: Survival, share: int = 0, shares: int = 1) -> None:
    """Let the power fail after each operation, and recover."""
    folder.mkdir()
    root = folder / "job"
    events = recorded(root).events
    for number in reversed(range(share, len(events) + 1, shares)):
        disk, before = Disk(root), events[:number]
        disk.apply(event for event in before if isinstance(event, Operation))
        survivors = folder / f"after {number}"
        restore(survivors, disk.survivors(survival))
        try:
            recover(survivors, [event for event in before if not isinstance(event, Operation)])
        except BaseException as error:
            error.add_note(f"the power failed after operation {number}: {before[-1:]}")
            raise
        shutil.rmtree(survivors)


@pytest.mark.parametrize("share", cases(SHARES, quick=[0]))
@pytest.mark.parametrize("survival", cases(SURVIVALS, quick=[*SURVIVALS][:2]))
def test_what_was_acknowledged_survives(tmp_path: Path, survival: str, share: int) -> None:
    fail_everywhere(tmp_path / "failures", SURVIVALS[survival], share, len(SHARES))


@pytest.mark.parametrize(
    ("forgotten", "survival"),
    [
        ("of files", "all names, and no contents"),
        ("of folders", "only what was synced"),
        ("of new folders", "only what was synced"),
        ("before the clean-up", "also the names in results"),
    ],
)
def test_an_fsync_that_is_left_out_is_noticed(
    tmp_path: Path, forgotten: str, survival: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof that the test above can fail."""
    record = Recorder.__call__

    def forget_files(recorder: Recorder, operation: Operation, perform: Callable[[], T]) -> T:
        is_forgotten = operation.kind == "fsync" and operation.path.suffix != ""
        return perform() if is_forgotten else record(recorder, operation, perform)

    match forgotten:
        case "of files":
            monkeypatch.setattr(Recorder, "__call__", forget_files)
        case "of folders":
            monkeypatch.setattr(durable, "sync_folder", lambda _folder: None)
        case "of new folders":
            monkeypatch.setattr(durable, "make_folder", lambda folder: folder.mkdir(exist_ok=True))
        case _:
            monkeypatch.setattr(Workspace, "seal", lambda workspace: workspace.remove(MANIFEST))

    with pytest.raises((AssertionError, StageError, CorruptFileError, OSError)):
        fail_everywhere(tmp_path / "failures", SURVIVALS[survival])
