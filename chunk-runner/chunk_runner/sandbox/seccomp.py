"""A seccomp filter: the system calls that this process may no longer make (seccomp(2)).

Without a library, because pyseccomp needs one of the system and is no longer maintained: the filter is a list of
instructions of classic BPF, made here. It refuses the system calls below and allows all others, since libraries and
libc make any of those; files are Landlock's part.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterator
from typing import NamedTuple


_PR_GET_SECCOMP, _PR_SET_SECCOMP, _FILTER = 21, 22, 2  # prctl(2)

# Classic BPF: load a word of `seccomp_data`; jump if equal, if a bit is set, if greater or equal; return.
_LOAD, _JUMP_EQUAL, _JUMP_SET, _JUMP_GREATER, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in `seccomp_data`; of an argument, the low word

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000

_CLONE_THREAD = 0x10000
_OTHER_ABI = 0x40000000
"""Numbers from here on are those of x32, a second way to make every system call of x86-64."""


class _Machine(NamedTuple):
    """An architecture: its number for seccomp, and which column of the table is its own."""

    audit: int
    column: int


_MACHINES = {"x86_64": _Machine(0xC000003E, 0), "aarch64": _Machine(0xC00000B7, 1)}

_REFUSED = {
    # the network, and every other way to reach a process
    "socket": (41, 198), "socketpair": (53, 199), "bind": (49, 200), "listen": (50, 201), "accept": (43, 202),
    "accept4": (288, 242), "connect": (42, 203), "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269),
    "recvmsg": (47, 212), "recvmmsg": (299, 243), "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195),
    "semget": (64, 190), "semop": (65, 193), "semtimedop": (220, 192), "semctl": (66, 191), "msgget": (68, 186),
    "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181),
    # system calls without a filter of their own
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "bpf": (321, 280),
    # other processes: their memory, files, signals, priority
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "process_madvise": (440, 440),
    "process_mrelease": (448, 448), "perf_event_open": (298, 241), "setpriority": (141, 140),
    "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119), "sched_setattr": (314, 274),
    "ioprio_set": (251, 30), "migrate_pages": (256, 238), "move_pages": (279, 239),
    # new processes and programs, namespaces, mounts, keys
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None), "unshare": (272, 97),
    "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "mount_setattr": (442, 442),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "userfaultfd": (323, 282),
    "init_module": (175, 105), "finit_module": (313, 273), "kexec_load": (246, 104),
    # what Landlock does not refuse: handles instead of paths, and modes, owners, times and attributes of files
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "truncate": (76, 45), "chmod": (90, None),
    "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None), "fchown": (93, 55),
    "lchown": (94, None), "fchownat": (260, 54), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "setxattrat": (463, 463), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "removexattrat": (466, 466), "utime": (132, None), "utimes": (235, None), "futimesat": (261, None),
    "utimensat": (280, 88), "file_setattr": (469, 469),
}  # fmt: skip
"""The numbers of the refused system calls, on x86-64 and on arm64."""

_CLONE, _CLONE3 = (56, 220), (435, 435)
_ONLY_FOR_ITSELF = {"kill": (62, 129), "tgkill": (234, 131)}
_PRLIMIT = (302, 261)

_LIBC = ctypes.CDLL(None, use_errno=True)


def is_available() -> bool:
    """Return whether the kernel takes filters, and this module knows its system calls."""
    return sys.platform == "linux" and platform.machine() in _MACHINES and _LIBC.prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) >= 0


def restrict() -> None:
    """Take network, processes and other dangerous system calls from this process, for good: they fail with EPERM.

    Needs `prctl(PR_SET_NO_NEW_PRIVS)`.

    Raises:
        OSError: The kernel refuses.
    """
    machine = _MACHINES[platform.machine()]
    code = b"".join(_program(machine, os.getpid()))
    instructions = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(instructions))
    if _LIBC.prctl(_PR_SET_SECCOMP, _FILTER, program, 0, 0) != 0:
        code_ = ctypes.get_errno()
        raise OSError(code_, f"seccomp: {os.strerror(code_)}")


def _program(machine: _Machine, pid: int) -> Iterator[bytes]:
    """Yield the instructions of the filter for a process."""
    refuse, column = _ERRNO | errno.EPERM, machine.column
    yield _instruction(_LOAD, _ARCHITECTURE)
    yield _instruction(_JUMP_EQUAL, machine.audit, skip_if_true=1)
    yield _instruction(_RETURN, _KILL)
    yield _instruction(_LOAD, _NUMBER)
    yield _instruction(_JUMP_GREATER, _OTHER_ABI, skip_if_false=1)
    yield _instruction(_RETURN, _KILL)
    for numbers in _REFUSED.values():
        if (number := numbers[column]) is not None:
            yield from _if_equal(number, [_instruction(_RETURN, refuse)])
    # ENOSYS makes libc fall back to clone, whose flags a filter can see.
    yield from _if_equal(_CLONE3[column], [_instruction(_RETURN, _ERRNO | errno.ENOSYS)])
    yield from _if_equal(_CLONE[column], _first_argument(_JUMP_SET, _CLONE_THREAD, refuse))
    yield from _if_equal(_PRLIMIT[column], _first_argument(_JUMP_EQUAL, 0, refuse))
    for numbers in _ONLY_FOR_ITSELF.values():
        yield from _if_equal(numbers[column], _first_argument(_JUMP_EQUAL, pid, refuse))
    yield _instruction(_RETURN, _ALLOW)


def _if_equal(number: int, then: list[bytes]) -> Iterator[bytes]:
    yield _instruction(_JUMP_EQUAL, number, skip_if_false=len(then))
    yield from then


def _first_argument(test: int, value: int, otherwise: int) -> list[bytes]:
    """Return instructions that allow the call if its first argument passes a test."""
    return [
        _instruction(_LOAD, _FIRST_ARGUMENT),
        _instruction(test, value, skip_if_false=1),
        _instruction(_RETURN, _ALLOW),
        _instruction(_RETURN, otherwise),
    ]


def _instruction(code: int, operand: int, *, skip_if_true: int = 0, skip_if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, skip_if_true, skip_if_false, operand)
