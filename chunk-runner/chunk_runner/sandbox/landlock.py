"""Landlock: the files that this process may still use (landlock(7); Linux 5.13 and later).

Without a library, because none for Python is maintained and has been released: three system calls, whose numbers are
the same on every architecture.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_GET_VERSION = 1  # a flag of landlock_create_ruleset
_PATH_BENEATH = 1  # a type of rule

# LANDLOCK_ACCESS_FS_*
_WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_FILE, _MAKE_FILE, _TRUNCATE = (
    1 << 1,
    1 << 2,
    1 << 3,
    1 << 5,
    1 << 8,
    1 << 14,
)

_KNOWN_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""The number of rights to files that each version of Landlock knows; later versions know as many as the last."""

_SCOPES = 0b11
"""Since version 6: no abstract sockets and no signals outside."""

_LIBC = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """Return the version of Landlock that the kernel offers; 0 for none."""
    if sys.platform != "linux":
        return 0
    return max(int(_LIBC.syscall(_CREATE_RULESET, None, 0, _GET_VERSION)), 0)


def restrict(readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """Take all files from this process except some, for good. It may neither change modes nor execute any file.

    Needs `prctl(PR_SET_NO_NEW_PRIVS)`. Paths that do not exist are left out.

    Args:
        readable: Files, and folders with all that is in them.
        writable: Folders in which files may be read, written, created, renamed and removed.

    Raises:
        OSError: The kernel refuses.
    """
    known = (1 << _KNOWN_RIGHTS[min(version(), max(_KNOWN_RIGHTS))]) - 1
    scopes = _SCOPES if version() >= 6 else 0  # noqa: PLR2004 (a version)
    attributes = struct.pack("=QQQ", known, 0, scopes)
    ruleset = _call(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for path in readable:
            _allow(ruleset, path, _READ_FILE | _READ_DIR)
        for path in writable:
            rights = _READ_FILE | _READ_DIR | _WRITE_FILE | _MAKE_FILE | _REMOVE_FILE | _TRUNCATE
            _allow(ruleset, path, rights & known)
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        file = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(file).st_mode):
                rights &= _READ_FILE
            _call(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, file), 0)
        finally:
            os.close(file)


def _call(number: int, *arguments: object) -> int:
    result = int(_LIBC.syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result
