"""What a child gives up before it sees untrusted input: files, network, other processes, and the environment.

Each part holds by itself, so that a kernel without one of them still has the others; `missing` says what it lacks.
"""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from chunk_runner.sandbox import landlock, seccomp


_PR_SET_NO_NEW_PRIVS = 38  # prctl(2)

_LIBC = ctypes.CDLL(None, use_errno=True)

_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom")
"""Shared libraries, which a child may load late, and devices without a secret."""


@dataclass(frozen=True)
class Access:
    """The files that a child may use, besides Python and its packages.

    Attributes:
        read: Files that it may read.
        write: Folders in which it may read, create, write and remove files; they exist.
    """

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()


def confine(access: Access) -> None:
    """Confine this process for good to some files, without network, and without other processes.

    Raises:
        OSError: The kernel offers a protection and then refuses it.
    """
    if sys.platform != "linux":
        return
    _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if landlock.version():
        landlock.restrict([*_installation(), *access.read], access.write)
    if seccomp.is_available():
        seccomp.restrict()


def missing() -> str | None:
    """Return one sentence about the protections that the kernel does not offer; `None` if it offers all."""
    lacks = []
    if not landlock.version():
        lacks.append("no Landlock (Linux 5.13), so that a hostile document could read the files of this process")
    if not seccomp.is_available():
        lacks.append("no seccomp filters, so that a hostile document could use the network")
    return f"The kernel offers {', and '.join(lacks)}." if lacks else None


def offered() -> str:
    """Return one sentence about the protections that the kernel offers, and so every child has."""
    version = landlock.version()
    held = [f"Landlock (version {version})"] * bool(version) + ["a seccomp filter"] * seccomp.is_available()
    return f"Documents are opened in a sandbox with {' and '.join(held) or 'limits only'}."


def forget_environment() -> None:
    """Remove all environment variables, and overwrite them where the kernel put them and where Python keeps them."""
    if sys.platform == "linux":
        variables = ctypes.POINTER(ctypes.c_void_p).in_dll(_LIBC, "environ")
        at = 0
        while variables and (address := variables[at]):
            ctypes.memset(address, 0, len(ctypes.string_at(address)))
            at += 1
    for value in [value for value in os.environ._data.values() if len(value) > 1]:  # type: ignore[attr-defined] # noqa: SLF001 (the only place where the bytes are)
        ctypes.memset(id(value) + bytes.__basicsize__ - 1, 0, len(value))
    os.environ.clear()


def _installation() -> list[Path]:
    """Return where Python and its packages are, from which a child may import late."""
    here = Path(__file__).parents[2]
    prefixes = {sys.prefix, sys.base_prefix}
    return [*map(Path, _SYSTEM), here, *(path for path in map(Path, sys.path) if prefixes & {*map(str, path.parents)})]
