"""What a child can do that untrusted input has taken over, tried from inside: nothing but compute and answer."""

import ctypes
import errno
import os
import platform
import resource
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chunk_runner.sandbox import confinement, landlock, sandbox, seccomp, template
from chunk_runner.sandbox.confinement import Access
from chunk_runner.sandbox.limits import ResourceLimits
from processes.running import occurrences


pytestmark = pytest.mark.needs("confinement")

LIMITS = ResourceLimits(memory_bytes=2**31, cpu_seconds=60, file_bytes=2**20)

NOTHING = Access()

PERMISSION = {errno.EPERM, errno.EACCES}


def attempt(act: Callable[[], object]) -> Iterator[int | None]:
    """Yield the error number of an attempt; `None` if it succeeds."""
    try:
        act()
    except OSError as error:
        yield error.errno
    else:
        yield None


def tried(act: Callable[[], object], access: Access = NOTHING) -> int | None:
    """Return how an attempt inside the sandbox ends: an error number, or `None` if it succeeds."""
    (result,) = sandbox.run(partial(attempt, act), LIMITS, access, int | None)
    return result


def send_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"the key", ("127.0.0.1", 9))


def raw_call(number: int, *arguments: int) -> None:
    """Make a system call without libc, as injected code would."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def channel() -> int:
    """Return the descriptor of the child's channel: the only one besides the standard ones."""
    (number,) = open_descriptors()
    return number


def open_descriptors() -> list[int]:
    found = []
    for number in range(3, 1024):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.append(number)
    return found


def send_over_channel() -> None:
    with socket.socket(fileno=channel()) as own:
        try:
            own.sendmsg([b"x"])
        finally:
            own.detach()


@pytest.mark.parametrize(
    "act",
    [
        partial(socket.socket, socket.AF_INET, socket.SOCK_STREAM),
        partial(socket.socket, socket.AF_INET6, socket.SOCK_STREAM),
        partial(socket.socket, socket.AF_UNIX, socket.SOCK_STREAM),
        socket.socketpair,
        send_datagram,
        partial(socket.create_connection, ("127.0.0.1", 9)),
        send_over_channel,
        partial(raw_call, 425, 1, 0),  # io_uring_setup
    ],
    ids=["tcp", "tcp6", "unix", "pair", "udp", "connection", "descriptors", "io_uring"],
)
def test_there_is_no_network(act: Callable[[], object]) -> None:
    assert tried(act) == errno.EPERM


def test_no_file_can_be_read_but_the_ones_that_are_given(tmp_path: Path) -> None:
    given, other, link, key = (tmp_path / name for name in ("given", "other", "link", "gemini/api-key"))
    key.parent.mkdir()
    for file in (given, other, key):
        file.write_text(file.name)
    link.symlink_to(other)
    access = Access(read=(given,))

    assert tried(given.read_text, access) is None
    for file in (other, link, key, tmp_path / "given" / ".." / "other", Path("/etc/passwd"), Path.home()):
        assert tried(partial(os.open, file, os.O_RDONLY), access) in {*PERMISSION, errno.ENOTDIR}
    for folder in (tmp_path, Path("/"), Path("/proc"), Path("/tmp")):  # noqa: S108 (only listed)
        assert tried(partial(os.listdir, folder), access) in PERMISSION


def test_a_link_in_a_given_folder_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("other")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "other")

    access = Access(read=(folder,), write=(folder,))

    assert tried((folder / "link").read_text, access) in PERMISSION
    assert tried(partial(os.link, tmp_path / "other", folder / "hard"), access) in {*PERMISSION, errno.EXDEV}
    assert tried(partial((folder / "soft").symlink_to, tmp_path / "other"), access) in PERMISSION


def write_durably(folder: Path) -> None:
    temporary = folder / ".part.tmp"
    with temporary.open("wb") as file:
        file.write(b"part")
        os.fsync(file.fileno())
    temporary.replace(folder / "part")
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(number)
    os.close(number)


def test_files_can_be_written_in_the_given_folder_only(tmp_path: Path) -> None:
    folder, other = tmp_path / "folder", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    (other / "file").write_text("as it was")
    access = Access(write=(folder,))

    assert tried(partial(write_durably, folder), access) is None
    assert (folder / "part").read_bytes() == b"part"
    assert tried(partial(write_durably, other), access) in PERMISSION
    for act in (
        partial((other / "file").write_text, "changed"),
        partial(os.truncate, other / "file", 0),
        (other / "file").unlink,
        partial((folder / "part").rename, other / "part"),
        partial(os.chmod, other / "file", 0),
        partial(os.chmod, folder / "part", 0o777),
        partial(os.chown, other / "file", 1, 1),
        partial(os.utime, other / "file"),
        partial(os.setxattr, other / "file", "user.x", b"x"),
        partial(os.mkdir, folder / "folder"),
    ):
        assert tried(act, access) in {*PERMISSION, errno.EXDEV}
    assert (other / "file").read_text() == "as it was"


@pytest.mark.parametrize("name", ["environ", "mem", "maps", "fd", "root", "cwd", "task"])
def test_nothing_of_another_process_can_be_read(name: str) -> None:
    for pid in (os.getpid(), template.start().pid, 1):
        path = f"/proc/{pid}/{name}"
        assert tried(partial(os.open, path, os.O_RDONLY)) in PERMISSION


def read_memory_of(pid: int) -> None:
    process_vm_readv = {"x86_64": 310, "aarch64": 270}[platform.machine()]
    raw_call(process_vm_readv, pid, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    "act",
    [
        partial(os.kill, os.getppid(), 0),
        os.fork,
        partial(os.execv, "/bin/true", ["true"]),
        partial(raw_call, 434, 1, 0),  # pidfd_open
        partial(read_memory_of, 1),
        partial(os.setpriority, os.PRIO_PROCESS, 1, 0),
        partial(os.sched_setaffinity, 1, {0}),
        partial(resource.prlimit, 1, resource.RLIMIT_CPU, (1, 1)),
        partial(os.unshare, 0x10000000) if hasattr(os, "unshare") else partial(raw_call, 272, 0x10000000),
    ],
    ids=["signal", "fork", "exec", "pidfd", "memory", "priority", "affinity", "limits", "namespace"],
)
def test_no_other_process_can_be_reached_or_made(act: Callable[[], object]) -> None:
    assert tried(act) in PERMISSION


def signal_others(pids: list[int]) -> Iterator[int | None]:
    for pid in pids:
        yield from attempt(partial(os.kill, pid, signal.SIGTERM))


def test_parent_and_template_cannot_be_signalled() -> None:
    pids = [os.getpid(), template.start().pid, -1, 0]

    assert list(sandbox.run(partial(signal_others, pids), LIMITS, Access(), int | None)) == [errno.EPERM] * 4


def inherited() -> Iterator[list[Any]]:
    yield [dict(os.environ), len(open_descriptors())]


def test_neither_variables_nor_files_are_inherited(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("the key")
    with secret.open() as file:
        os.set_inheritable(file.fileno(), True)  # noqa: FBT003 (its only argument)
        template.stop()

        assert list(sandbox.run(inherited, LIMITS, Access(), list[Any])) == [[{}, 1]]


def work_in_thread() -> Iterator[int]:
    done: list[int] = []
    thread = threading.Thread(target=done.append, args=(1,))
    thread.start()
    thread.join()
    yield from done


def test_threads_and_late_imports_work() -> None:
    assert list(sandbox.run(work_in_thread, LIMITS, Access(), int)) == [1]
    assert tried(partial(__import__, "pypdf")) is None
    assert tried(partial(__import__, "sqlite3")) is None


@pytest.mark.usefixtures("new_template")
def test_without_landlock_there_is_still_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)

    assert tried(socket.socket) == errno.EPERM
    assert tried(partial(os.kill, os.getpid(), 0)) == errno.EPERM
    assert confinement.offered() == "Documents are opened in a sandbox with a seccomp filter."
    assert confinement.missing() == (
        "The kernel offers no Landlock (Linux 5.13), so that a hostile document could read the files of this process."
    )


@pytest.mark.usefixtures("new_template")
def test_without_seccomp_there_are_still_no_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("other")
    monkeypatch.setattr(seccomp, "is_available", lambda: False)

    assert tried((tmp_path / "other").read_text) in PERMISSION
    assert confinement.offered() == f"Documents are opened in a sandbox with Landlock (version {landlock.version()})."
    assert (
        confinement.missing()
        == "The kernel offers no seccomp filters, so that a hostile document could use the network."
    )


@pytest.mark.usefixtures("new_template")
@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 6])
def test_every_version_of_landlock_hides_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: int) -> None:
    (tmp_path / "other").write_text("other")
    offered = landlock.version()
    monkeypatch.setattr(landlock, "version", lambda: min(version, offered))

    assert tried((tmp_path / "other").read_text) in PERMISSION
    folder = tmp_path / "folder"
    folder.mkdir()
    assert tried(partial(write_durably, folder), Access(write=(folder,))) is None


@pytest.mark.usefixtures("new_template")
def test_a_child_that_cannot_be_confined_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EINVAL, "refused")

    monkeypatch.setattr(landlock, "restrict", refuse)

    with pytest.raises(sandbox.SandboxError, match="crashed"):
        tried(os.getpid)


SCRIPT = """
import os, sys
from chunk_runner.sandbox import template
from chunk_runner.sandbox.confinement import Access
from chunk_runner.sandbox.limits import ResourceLimits
from chunk_runner.sandbox.sandbox import Sandbox

def serve(request):
    yield os.getpid()

template.start()
key = [open(sys.argv[1]).read() for _ in range(100)]
sandbox = Sandbox(serve, ResourceLimits(2**31, 600, 0), Access(), int)
print(*sandbox.request(None), flush=True)
sys.stdin.read()
print(len({*key, os.environ["SOME_KEY"]}))
"""


def test_no_secret_is_in_the_memory_of_a_child(tmp_path: Path) -> None:
    in_file, in_variable = secrets.token_hex(20), secrets.token_hex(20)
    file = tmp_path / "key"
    file.write_text(in_file)
    environment = {**os.environ, "SOME_KEY": in_variable}
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, file],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        keys = [in_file.encode(), in_variable.encode()]

        assert all(occurrences(parent.pid, key) for key in keys)
        assert [occurrences(child, key) for key in keys] == [0, 0]
        assert Path(f"/proc/{child}/environ").read_bytes().strip(b"\0") == b""
        parent.communicate("")
