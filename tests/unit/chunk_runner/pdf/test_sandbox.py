"""The sandbox on plain functions: what goes wrong in the child is told, what went right is kept, nothing is left."""

import ctypes
import errno
import faulthandler
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ChunkError, StageError, UsageError
from chunk_runner.pdf import sandbox
from chunk_runner.pdf.sandbox import Sandbox, SandboxError
from chunk_runner.pdf.sandbox_child import ResourceLimits
from processes import until


MEBIBYTE = 1 << 20

LIMITS = ResourceLimits(memory_bytes=2048 * MEBIBYTE, cpu_seconds=60, file_bytes=0)
"""Far from all that a test does."""

SHORT = ResourceLimits(memory_bytes=2048 * MEBIBYTE, cpu_seconds=1, file_bytes=0)
SMALL = ResourceLimits(memory_bytes=1024 * MEBIBYTE, cpu_seconds=60, file_bytes=0)


def loop() -> None:
    while True:
        pass


def loop_in_native_code() -> None:
    sum(range(10**15))


def block_in_native_code() -> None:
    ctypes.CDLL(None).pause()


def abort() -> None:
    faulthandler.disable()  # pytest enables it, and it would write about every crash that is meant
    os.abort()


def crash() -> None:
    faulthandler.disable()
    ctypes.string_at(0)


def after_one(act: Callable[[], object]) -> Callable[[], Iterator[str]]:
    """Steps: one that is fine, one that does this."""

    def steps() -> Iterator[str]:
        yield "first"
        act()
        yield "second"

    return steps


def outcome(act: Callable[[], object], limits: ResourceLimits) -> SandboxError:
    """How the second step ends; the first is kept."""
    running = sandbox.run(after_one(act), limits)
    assert next(running) == "first"
    with pytest.raises(SandboxError) as raised:
        next(running)
    return raised.value


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Whatever a test does, its children are gone when it ends."""
    before = set(psutil.Process().children())
    yield
    assert set(psutil.Process().children()) <= before


def gone(process: psutil.Process) -> bool:
    """Whether it has ended; whoever inherits it may not have looked yet."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def own_pid() -> Iterator[int]:
    """Steps: says which process this is, and then never ends."""
    yield os.getpid()
    block_in_native_code()


def test_items_arrive_in_order_and_of_any_size() -> None:
    sizes = [0, 1, 10_000_000, 2, 300_000]

    assert [len(item) for item in sandbox.run(lambda: (bytes(size) for size in sizes), LIMITS)] == sizes


def test_steps_that_yield_nothing_end_well() -> None:
    assert list(sandbox.run(lambda: iter(()), LIMITS)) == []


def test_what_runs_is_another_process_and_changes_nothing_here() -> None:
    seen: list[int] = []

    def steps() -> Iterator[int]:
        seen.append(1)
        yield os.getpid()

    (pid,) = sandbox.run(steps, LIMITS)

    assert pid != os.getpid()
    assert seen == []


@pytest.mark.parametrize("act", [loop, loop_in_native_code, block_in_native_code])
def test_a_step_that_takes_too_long_is_stopped(act: Callable[[], None]) -> None:
    error = outcome(act, SHORT)

    assert (error.reason, error.message) == (Reason.TIME_LIMIT_EXCEEDED, "it takes more than 1 s of processor time")


def test_a_step_that_keeps_the_processor_busy_is_stopped_though_nobody_waits_for_it() -> None:
    def steps() -> Iterator[int]:
        yield os.getpid()
        loop_in_native_code()

    running = sandbox.run(steps, SHORT)
    child = psutil.Process(next(running))

    until(lambda: gone(child))

    with pytest.raises(SandboxError) as raised:
        next(running)
    assert raised.value.reason is Reason.TIME_LIMIT_EXCEEDED


def test_each_step_has_its_own_time() -> None:
    def steps() -> Iterator[float]:
        for _ in range(5):
            begun = time.process_time()
            while time.process_time() < begun + 0.25:
                pass
            yield time.process_time()

    used = list(sandbox.run(steps, SHORT))

    assert len(used) == 5
    assert used[-1] > SHORT.cpu_seconds


def test_memory_that_is_refused_is_said_so() -> None:
    error = outcome(lambda: bytearray(2048 * MEBIBYTE), SMALL)

    assert (error.reason, error.message) == (Reason.MEMORY_LIMIT_EXCEEDED, "it needs more than 1024 MiB of memory")


def test_a_child_that_aborts_with_much_memory_has_run_out_of_it() -> None:
    def swell_and_abort() -> None:
        swollen = b"x" * (600 * MEBIBYTE)
        assert swollen
        abort()

    assert outcome(swell_and_abort, SMALL).reason is Reason.MEMORY_LIMIT_EXCEEDED


def test_a_child_that_the_kernel_kills_has_run_out_of_memory() -> None:
    error = outcome(lambda: os.kill(os.getpid(), signal.SIGKILL), LIMITS)

    assert error.reason is Reason.MEMORY_LIMIT_EXCEEDED


@pytest.mark.parametrize(
    ("act", "how"),
    [
        (abort, signal.strsignal(signal.SIGABRT)),
        (crash, signal.strsignal(signal.SIGSEGV)),
        (lambda: os._exit(7), "exit code 7"),
    ],
    ids=["abort", "segmentation fault", "exit"],
)
def test_a_crash_is_said_so(act: Callable[[], None], how: str) -> None:
    error = outcome(act, LIMITS)

    assert (error.reason, error.message) == (Reason.CRASHED, f"the PDF library crashed ({how})")


def test_a_crash_leaves_no_core_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))

    def steps() -> Iterator[int]:
        yield resource.getrlimit(resource.RLIMIT_CORE)[0]
        abort()

    try:
        running = sandbox.run(steps, LIMITS)
        assert next(running) == 0
        with pytest.raises(SandboxError):
            next(running)
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_grows_too_big_is_an_error_in_the_child(tmp_path: Path) -> None:
    def steps() -> Iterator[int | None]:
        for size in (1000, 1001):
            try:
                (tmp_path / "file").write_bytes(bytes(size))
                yield None
            except OSError as error:
                yield error.errno

    limits = ResourceLimits(memory_bytes=LIMITS.memory_bytes, cpu_seconds=60, file_bytes=1000)

    assert list(sandbox.run(steps, limits)) == [None, errno.EFBIG]
    (tmp_path / "file").write_bytes(bytes(2000))  # it is the child's limit, not ours


def test_a_foreseen_failure_travels_as_it_is() -> None:
    def fail() -> None:
        raise ChunkError(Reason.CHUNK_UNREADABLE, "No library can open the chunk.")

    running = sandbox.run(after_one(fail), LIMITS)

    assert next(running) == "first"
    with pytest.raises(StageError) as raised:
        next(running)
    assert type(raised.value) is ChunkError
    assert (raised.value.reason, raised.value.message) == (Reason.CHUNK_UNREADABLE, "No library can open the chunk.")


class UnpicklableError(Exception):
    """A library's exception may hold anything."""

    def __init__(self) -> None:
        super().__init__("it is so")
        self.hook = lambda: None


@pytest.mark.parametrize(
    ("error", "message"),
    [(KeyError("/Kids"), "KeyError: '/Kids'"), (UnpicklableError(), "UnpicklableError: it is so")],
    ids=["known", "unpicklable"],
)
def test_any_other_failure_travels_by_its_name(error: Exception, message: str) -> None:
    def fail() -> None:
        raise error

    running = sandbox.run(after_one(fail), LIMITS)

    assert next(running) == "first"
    with pytest.raises(RuntimeError) as raised:
        next(running)
    assert str(raised.value) == message


def test_endless_recursion_is_a_failure_like_any_other() -> None:
    def recurse() -> None:
        recurse()

    with pytest.raises(RuntimeError, match="RecursionError"):
        list(sandbox.run(after_one(recurse), LIMITS))


def test_no_child_is_left_when_nobody_wants_more() -> None:
    running = sandbox.run(own_pid, LIMITS)
    pid = next(running)
    assert psutil.pid_exists(pid)

    running.close()  # type: ignore[attr-defined] # it is a generator

    assert not psutil.pid_exists(pid)


def test_no_child_is_left_when_what_takes_the_items_fails() -> None:
    seen: list[int] = []

    def take() -> None:
        for pid in sandbox.run(own_pid, LIMITS):
            seen.append(pid)
            raise LookupError

    with suppress(LookupError):
        take()

    assert [psutil.pid_exists(pid) for pid in seen] == [False]


PARENT = """
import ctypes, os
from chunk_runner.pdf.sandbox import run
from chunk_runner.pdf.sandbox_child import ResourceLimits

def steps():
    yield os.getpid()
    ctypes.CDLL(None).pause()

for pid in run(steps, ResourceLimits(2**31, 600, 0)):
    print(pid, flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the child ends at its next step")
def test_no_child_is_left_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert not gone(child)

        parent.kill()

    until(lambda: gone(child))


def test_one_child_answers_many_requests() -> None:
    served: Sandbox[int, tuple[int, int]] = Sandbox(lambda n: ((os.getpid(), at) for at in range(n)), LIMITS)
    try:
        answers = [list(served.request(n)) for n in (3, 0, 2)]
    finally:
        served.close()

    assert [[at for _, at in answer] for answer in answers] == [[0, 1, 2], [], [0, 1]]
    assert len({pid for answer in answers for pid, _ in answer}) == 1


def serve(act: Callable[[], None] | None) -> Iterator[int]:
    yield os.getpid()
    if act is not None:
        act()


@pytest.mark.parametrize("act", [loop, abort])
def test_after_a_failure_the_next_request_has_another_child(act: Callable[[], None]) -> None:
    served: Sandbox[Callable[[], None] | None, int] = Sandbox(serve, SHORT)
    try:
        (before,) = served.request(None)
        with pytest.raises(SandboxError):
            list(served.request(act))
        (after,) = served.request(None)
    finally:
        served.close()

    assert before != after


def test_after_an_answer_that_was_not_heard_to_its_end_nothing_of_it_is_heard() -> None:
    served: Sandbox[str, str] = Sandbox(lambda request: (f"{request} {at}" for at in range(1000)), LIMITS)
    try:
        assert next(served.request("first")) == "first 0"
        assert next(served.request("second")) == "second 0"
    finally:
        served.close()


@pytest.mark.parametrize(
    ("pod", "memory"),
    [
        (str(1024 * MEBIBYTE), 864 * MEBIBYTE),
        (str(64 * MEBIBYTE), 128 * MEBIBYTE),
        ("", 1024 * MEBIBYTE),
    ],
    ids=["a pod", "a tiny pod", "no pod"],
)
def test_the_parent_has_room_in_its_pod(monkeypatch: pytest.MonkeyPatch, pod: str, memory: int) -> None:
    monkeypatch.setenv("PDFJOB_MEMORY_LIMIT", pod)

    assert ResourceLimits.for_child(cpu_seconds=1).memory_bytes == memory


def test_a_memory_limit_that_is_not_a_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDFJOB_MEMORY_LIMIT", "1Gi")

    with pytest.raises(UsageError, match="PDFJOB_MEMORY_LIMIT is “1Gi”, but must be a whole number"):
        ResourceLimits.for_child(cpu_seconds=1)


def test_the_peak_of_children_is_remembered_until_it_is_forgotten() -> None:
    sandbox.reset_peak_memory()
    assert sandbox.peak_memory() == 0

    list(sandbox.run(lambda: iter([len(b"x" * (300 * MEBIBYTE))]), LIMITS))
    list(sandbox.run(lambda: iter([1]), LIMITS))

    assert sandbox.peak_memory() > 300 * MEBIBYTE
