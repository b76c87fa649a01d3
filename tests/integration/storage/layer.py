"""A layer between the chunk runner and the file system: sees every operation below one folder, and may spoil it.

Works within the process, so that an error, a kill or a power failure can strike at each operation in turn.
"""

import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import pytest


T = TypeVar("T")


class Operation(NamedTuple):
    """An operation of the file system.

    Attributes:
        kind: `read`, `create`, `write`, `fsync`, `rename`, `unlink`, `mkdir`, `rmdir`, `stat` or `list`.
        path: The file or the folder.
        target: The new name, of a rename.
        data: The bytes that are written.
    """

    kind: str
    path: Path
    target: Path | None = None
    data: bytes = b""


class Layer(Protocol):
    """What is asked before each operation."""

    def __call__(self, operation: Operation, perform: Callable[[], T]) -> T:
        """Perform an operation, or raise what becomes of it."""
        ...


class _Raw(io.FileIO):
    """A new file whose writes are operations."""

    def __init__(self, path: Path, layer: Layer) -> None:
        super().__init__(path, "wb")
        self._path = path
        self._layer = layer

    def write(self, data: Any) -> int:
        written: int = self._layer(
            Operation("write", self._path, data=bytes(data)), lambda: super(_Raw, self).write(data)
        )
        return written


class _Interception:
    """The functions of the standard library that stand in for those that touch files.

    Args:
        root: The folder.
        layer: What is asked before each operation below it.
    """

    def __init__(self, root: Path, layer: Layer) -> None:
        self._root = root
        self._layer = layer
        self._paths: dict[int, Path] = {}
        self._open, self._os_open, self._close, self._write = io.open, os.open, os.close, os.write

    def _below(self, path: Any) -> Path | None:
        found = Path(os.fsdecode(path)) if isinstance(path, str | bytes | os.PathLike) else None
        return found if found is not None and found.is_relative_to(self._root) else None

    def open(self, file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        path = self._below(file)
        if path is None:
            return self._open(file, mode, *args, **kwargs)
        if "w" not in mode:
            return self._layer(Operation("read", path), lambda: self._open(file, mode, *args, **kwargs))
        raw = self._layer(Operation("create", path), lambda: _Raw(path, self._layer))
        self._paths[raw.fileno()] = path
        return io.BufferedWriter(raw)

    def open_descriptor(self, file: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        path = self._below(file)
        if path is None:
            return self._os_open(file, flags, *args, **kwargs)
        kind = "read"
        if flags & os.O_CREAT:
            kind = "append" if os.path.lexists(path) else "create"
        descriptor = self._layer(Operation(kind, path), lambda: self._os_open(file, flags, *args, **kwargs))
        self._paths[descriptor] = path
        return descriptor

    def close(self, descriptor: int) -> None:
        self._paths.pop(descriptor, None)
        self._close(descriptor)

    def write(self, descriptor: int, data: bytes) -> int:
        if descriptor not in self._paths:
            return self._write(descriptor, data)
        operation = Operation("write", self._paths[descriptor], data=data)
        return self._layer(operation, lambda: self._write(descriptor, data))

    def fsync(self, descriptor: int) -> None:
        if descriptor in self._paths:
            self._layer(Operation("fsync", self._paths[descriptor]), lambda: None)

    def by_path(self, kind: str, real: Callable[..., T]) -> Callable[..., T]:
        def call(path: Any = ".", *args: Any, **kwargs: Any) -> T:
            found = self._below(path)
            if found is None:
                return real(path, *args, **kwargs)
            target = Path(args[0]) if kind == "rename" else None
            return self._layer(Operation(kind, found, target), lambda: real(path, *args, **kwargs))

        return call


def _remove_tree(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            _remove_tree(path)
        else:
            path.unlink()
    folder.rmdir()


@contextmanager
def intercepted(root: Path, layer: Layer) -> Iterator[None]:
    """Pass all operations below a folder through a layer, fsync included, which is never really done."""
    instead = _Interception(root, layer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(io, "open", instead.open)
        patch.setattr(os, "open", instead.open_descriptor)
        patch.setattr(os, "close", instead.close)
        patch.setattr(os, "write", instead.write)
        patch.setattr(os, "fsync", instead.fsync)
        for kind, name in _BY_PATH:
            patch.setattr(os, name, instead.by_path(kind, getattr(os, name)))
        patch.setattr(shutil, "rmtree", _remove_tree)
        yield


_BY_PATH = (
    ("rename", "replace"),
    ("rename", "rename"),
    ("unlink", "unlink"),
    ("mkdir", "mkdir"),
    ("rmdir", "rmdir"),
    ("stat", "stat"),
    ("stat", "lstat"),
    ("list", "listdir"),
    ("list", "scandir"),
)
