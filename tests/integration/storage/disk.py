"""A file system that forgets at a power failure what was not synced: replays recorded operations up to any of them.

Contents are certain once the file is synced, names once their folder is. Of everything else, any part may survive.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from integration.storage.layer import Operation


T = TypeVar("T")


@dataclass
class _File:
    written: bytes = b""
    synced: bytes = b""


@dataclass
class _Folder:
    names: "dict[str, _File | _Folder]" = field(default_factory=dict)
    synced: "dict[str, _File | _Folder]" = field(default_factory=dict)


@dataclass
class Recorder:
    """Records the operations that change something below a folder, and what was acknowledged between them."""

    events: list[Operation | tuple[str, int]] = field(default_factory=list)

    def __call__(self, operation: Operation, perform: Callable[[], T]) -> T:
        result = perform()
        if operation.kind not in ("read", "append", "stat", "list"):
            self.events.append(operation)
        return result

    def acknowledge(self, what: str, number: int) -> None:
        """Record that somebody now relies on something."""
        self.events.append((what, number))


@dataclass(frozen=True)
class Survival:
    """What survives a power failure, besides what was synced.

    Attributes:
        names: The folders whose last names survive, by path relative to the root; `None` for all.
        contents: The part of unsynced contents that survives, from 0 to 1.
    """

    names: frozenset[str] | None = frozenset()
    contents: float = 0.0


class Disk:
    """The file system.

    Args:
        root: The folder whose operations were recorded.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._top = _Folder()

    def apply(self, operations: Iterable[Operation]) -> None:
        """Perform recorded operations."""
        for operation in operations:
            self._apply(operation)

    def survivors(self, survival: Survival) -> dict[str, bytes | None]:
        """Return the contents of each file after a power failure, by path relative to the root; `None` for folders."""
        found: dict[str, bytes | None] = {}

        def visit(folder: _Folder, path: str) -> None:
            is_kept = survival.names is None or path in survival.names
            for name, entry in (folder.names if is_kept else folder.synced).items():
                below = f"{path}/{name}".lstrip("/")
                if isinstance(entry, _Folder):
                    found[below] = None
                    visit(entry, below)
                else:
                    since = entry.written[len(entry.synced) :]  # nothing is written twice, only appended to
                    found[below] = entry.synced + since[: round(len(since) * survival.contents)]

        visit(self._top, "")
        return found

    def _apply(self, operation: Operation) -> None:
        if operation.path == self._root:
            if operation.kind == "fsync":
                self._top.synced = dict(self._top.names)
            return
        parent, name = self._folder(operation.path.parent), operation.path.name
        match operation.kind:
            case "create":
                parent.names[name] = _File()
            case "mkdir":
                parent.names[name] = _Folder()
            case "unlink" | "rmdir":
                del parent.names[name]
            case "rename":
                assert operation.target is not None
                self._folder(operation.target.parent).names[operation.target.name] = parent.names.pop(name)
            case "write":
                file = parent.names[name]
                assert isinstance(file, _File)
                file.written += operation.data
            case "fsync":
                entry = parent.names[name]
                if isinstance(entry, _Folder):
                    entry.synced = dict(entry.names)
                else:
                    entry.synced = entry.written
            case _:
                raise ValueError(operation.kind)

    def _folder(self, path: Path) -> _Folder:
        folder = self._top
        for name in path.relative_to(self._root).parts:
            below = folder.names[name]
            assert isinstance(below, _Folder)
            folder = below
        return folder


def restore(root: Path, survivors: dict[str, bytes | None]) -> None:
    """Write what has survived."""
    root.mkdir()
    for name, contents in survivors.items():
        if contents is None:
            (root / name).mkdir()
        else:
            (root / name).write_bytes(contents)
