"""Sources that can be read only once, such as stdin and pipes: copies them to a temporary file.

The source is read several times, by several processes. The copy is removed when the run ends.
"""

from __future__ import annotations

import errno
import shutil
import stat
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import SourceError, WorkspaceError
from pdfjob_cli.run import temporary


if TYPE_CHECKING:
    from collections.abc import Iterator

_STDIN = frozenset(map(Path, ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")))

_DESCRIPTORS = (Path("/dev/fd"), Path("/proc"))
"""A path in these folders is another file for every process."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_stdin(file: Path) -> bool:
    """Return true if the file is stdin."""
    return file in _STDIN


def name_of(file: Path) -> str:
    """Return the name of a source, which its output contains."""
    if is_stdin(file):
        return "stdin"
    return "pipe" if _is_descriptor(file) else file.name


@contextmanager
def regular_file(file: Path) -> Iterator[Path]:
    """Yield a path that every process can open again and again: of the file itself, or of a temporary copy.

    Raises:
        SourceError: The stream cannot be read.
        WorkspaceError: The folder for temporary files cannot be written.
    """
    if not _is_stream(file):
        yield file
        return
    with _folder() as folder:
        copy = folder / name_of(file)
        try:
            with _opened(file) as stream, copy.open("wb") as target:
                shutil.copyfileobj(stream, target)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise _no_room(error) from error
            raise SourceError(
                Reason.SOURCE_UNREADABLE, f"Cannot read “{shorten(name_of(file), 120)}” ({error.strerror})."
            ) from error
        yield copy


def _is_stream(file: Path) -> bool:
    if is_stdin(file) or _is_descriptor(file):
        return True
    try:
        return stat.S_ISFIFO(file.stat().st_mode)
    except OSError:
        return False  # it is opened later, and its error is reported then


def _is_descriptor(file: Path) -> bool:
    return any(folder in file.absolute().parents for folder in _DESCRIPTORS)


@contextmanager
def _folder() -> Iterator[Path]:
    with ExitStack() as stack:
        try:
            path = stack.enter_context(temporary.folder())
        except OSError as error:
            raise _no_room(error) from error
        yield path


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if not is_stdin(file):
        with file.open("rb") as stream:
            yield stream
        return
    if sys.stdin is None or sys.stdin.isatty():
        raise SourceError(
            Reason.SOURCE_UNREADABLE, "There is no PDF on stdin: pipe one into pdfjob, or give the name of a file."
        )
    yield sys.stdin.buffer


def _no_room(error: OSError) -> WorkspaceError:
    return WorkspaceError(
        Reason.WORKSPACE_UNAVAILABLE,
        f"Cannot write the temporary copy of the source ({error.strerror}): set TMPDIR to a folder with free space.",
    )
