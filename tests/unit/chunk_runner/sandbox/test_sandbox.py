"""The sandbox on plain functions: what goes wrong in the child is told, what went right is kept, nothing is left."""

import ctypes
import errno
import faulthandler
import os
import pickle
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ChunkError, StageError
from chunk_runner.sandbox import sandbox, template
from chunk_runner.sandbox.confinement import Access
from chunk_runner.sandbox.limits import ResourceLimits
from chunk_runner.sandbox.sandbox import Sandbox, SandboxError
from processes import until
from sizes import cases


MEBIBYTE = 1 << 20

LIMITS = ResourceLimits(memory_bytes=2048 * MEBIBYTE, cpu_seconds=60, file_bytes=0)
"""Far from all that a test does."""

NOTHING = Access()

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


def after_one(act: Callable[[], object]) -> Iterator[str]:
    """Steps: one that is fine, one that does this."""
    yield "first"
    act()
    yield "second"


def run(steps: Callable[[], Iterator[Any]], limits: ResourceLimits, access: Access = NOTHING) -> Iterator[Any]:
    return sandbox.run(steps, limits, access, Any)


def outcome(act: Callable[[], object], limits: ResourceLimits) -> SandboxError:
    """How the second step ends; the first is kept."""
    running = run(partial(after_one, act), limits)
    assert next(running) == "first"
    with pytest.raises(SandboxError) as raised:
        next(running)
    return raised.value


def children() -> set[int]:
    """Return the processes that this one has started, but for the template."""
    return {process.pid for process in psutil.Process().children(recursive=True)} - {template.start().pid}


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Whatever a test does, its children are gone when it ends."""
    before = children()
    yield
    assert children() <= before


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


def bytes_of(sizes: Sequence[int]) -> Iterator[bytes]:
    return map(bytes, sizes)


def test_items_arrive_in_order_and_of_any_size() -> None:
    sizes = [0, 1, 10_000_000, 2, 300_000]

    assert [len(item) for item in run(partial(bytes_of, sizes), LIMITS)] == sizes


def test_steps_that_yield_nothing_end_well() -> None:
    assert list(run(partial(bytes_of, []), LIMITS)) == []


_seen: list[int] = []


def see() -> Iterator[int]:
    _seen.append(1)
    yield os.getpid()


def test_what_runs_is_another_process_and_changes_nothing_here() -> None:
    (pid,) = run(see, LIMITS)

    assert pid != os.getpid()
    assert _seen == []


@pytest.mark.parametrize("act", [loop, loop_in_native_code, block_in_native_code])
def test_a_step_that_takes_too_long_is_stopped(act: Callable[[], None]) -> None:
    error = outcome(act, SHORT)

    assert (error.reason, error.message) == (Reason.TIME_LIMIT_EXCEEDED, "it takes more than 1 s of processor time")


def pid_and_loop() -> Iterator[int]:
    yield os.getpid()
    loop_in_native_code()


def test_a_step_that_keeps_the_processor_busy_is_stopped_though_nobody_waits_for_it() -> None:
    running = run(pid_and_loop, SHORT)
    child = psutil.Process(next(running))

    until(lambda: gone(child))

    with pytest.raises(SandboxError) as raised:
        next(running)
    assert raised.value.reason is Reason.TIME_LIMIT_EXCEEDED


def work_in_steps() -> Iterator[float]:
    for _ in range(5):
        begun = time.process_time()
        while time.process_time() < begun + 0.25:
            pass
        yield time.process_time()


def test_each_step_has_its_own_time() -> None:
    used = list(run(work_in_steps, SHORT))

    assert len(used) == 5
    assert used[-1] > SHORT.cpu_seconds


def test_memory_that_is_refused_is_said_so() -> None:
    error = outcome(partial(bytearray, 2048 * MEBIBYTE), SMALL)

    assert (error.reason, error.message) == (Reason.MEMORY_LIMIT_EXCEEDED, "it needs more than 1024 MiB of memory")


def swell_and_abort() -> None:
    swollen = b"x" * (600 * MEBIBYTE)
    assert swollen
    abort()


def test_a_child_that_aborts_with_much_memory_has_run_out_of_it() -> None:
    assert outcome(swell_and_abort, SMALL).reason is Reason.MEMORY_LIMIT_EXCEEDED


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_child_that_the_kernel_kills_has_run_out_of_memory() -> None:
    error = outcome(kill_itself, LIMITS)

    assert error.reason is Reason.MEMORY_LIMIT_EXCEEDED


@pytest.mark.parametrize(
    ("act", "how"),
    [
        (abort, signal.strsignal(signal.SIGABRT)),
        (crash, signal.strsignal(signal.SIGSEGV)),
        (partial(os._exit, 7), "exit code 7"),
    ],
    ids=["abort", "segmentation fault", "exit"],
)
def test_a_crash_is_said_so(act: Callable[[], None], how: str) -> None:
    error = outcome(act, LIMITS)

    assert (error.reason, error.message) == (Reason.CRASHED, f"the PDF library crashed ({how})")


def core_limit() -> Iterator[int]:
    yield resource.getrlimit(resource.RLIMIT_CORE)[0]
    abort()


@pytest.fixture
def core_files() -> Iterator[None]:
    """Allow this process, and a template of its own, to leave core files."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    template.stop()
    yield
    template.stop()
    resource.setrlimit(resource.RLIMIT_CORE, before)
    template.start()


@pytest.mark.usefixtures("core_files")
def test_a_crash_leaves_no_core_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    running = run(core_limit, LIMITS, Access(write=(tmp_path,)))
    assert next(running) == 0
    with pytest.raises(SandboxError):
        next(running)

    assert list(tmp_path.iterdir()) == []


def write(path: Path, sizes: Sequence[int]) -> Iterator[int | None]:
    for size in sizes:
        try:
            path.write_bytes(bytes(size))
            yield None
        except OSError as error:
            yield error.errno


def test_a_file_that_grows_too_big_is_an_error_in_the_child(tmp_path: Path) -> None:
    limits = ResourceLimits(memory_bytes=LIMITS.memory_bytes, cpu_seconds=60, file_bytes=1000)
    steps = partial(write, tmp_path / "file", [1000, 1001])

    assert list(run(steps, limits, Access(write=(tmp_path,)))) == [None, errno.EFBIG]
    (tmp_path / "file").write_bytes(bytes(2000))  # it is the child's limit, not ours


def fail() -> None:
    raise ChunkError(Reason.CHUNK_UNREADABLE, "No library can open the chunk.")


def test_a_foreseen_failure_travels_as_it_is() -> None:
    running = run(partial(after_one, fail), LIMITS)

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


def raise_known() -> None:
    raise KeyError("/Kids")


def raise_unpicklable() -> None:
    raise UnpicklableError


def raise_undecodable() -> None:
    raise ValueError(os.fsdecode(b"\xff.pdf"))


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (raise_known, "KeyError: '/Kids'"),
        (raise_unpicklable, "UnpicklableError: it is so"),
        (raise_undecodable, "ValueError: ?.pdf"),
    ],
    ids=["known", "unpicklable", "undecodable"],
)
def test_any_other_failure_travels_by_its_name(act: Callable[[], None], message: str) -> None:
    running = run(partial(after_one, act), LIMITS)

    assert next(running) == "first"
    with pytest.raises(RuntimeError) as raised:
        next(running)
    assert str(raised.value) == message


def recurse() -> None:
    recurse()


def test_endless_recursion_is_a_failure_like_any_other() -> None:
    with pytest.raises(RuntimeError, match="RecursionError"):
        list(run(partial(after_one, recurse), LIMITS))


def test_no_child_is_left_when_nobody_wants_more() -> None:
    running = run(own_pid, LIMITS)
    pid = next(running)
    assert psutil.pid_exists(pid)

    running.close()  # type: ignore[attr-defined] # it is a generator

    assert not psutil.pid_exists(pid)


def test_no_child_is_left_when_what_takes_the_items_fails() -> None:
    seen: list[int] = []

    def take() -> None:
        for pid in run(own_pid, LIMITS):
            seen.append(pid)
            raise LookupError

    with suppress(LookupError):
        take()

    assert [psutil.pid_exists(pid) for pid in seen] == [False]


PARENT = """
import ctypes, os
from chunk_runner.sandbox.confinement import Access
from chunk_runner.sandbox.limits import ResourceLimits
from chunk_runner.sandbox.sandbox import run

def steps():
    yield os.getpid()
    ctypes.CDLL(None).pause()

for pid in run(steps, ResourceLimits(2**31, 600, 0), Access(), int):
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


def count(number: int) -> Iterator[tuple[int, int]]:
    return ((os.getpid(), at) for at in range(number))


def test_one_child_answers_many_requests() -> None:
    served: Sandbox[int, tuple[int, int]] = Sandbox(count, LIMITS, Access(), tuple[int, int])
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
    served: Sandbox[Callable[[], None] | None, int] = Sandbox(serve, SHORT, Access(), int)
    try:
        (before,) = served.request(None)
        with pytest.raises(SandboxError):
            list(served.request(act))
        (after,) = served.request(None)
    finally:
        served.close()

    assert before != after


def echo(request: str) -> Iterator[str]:
    return (f"{request} {at}" for at in range(1000))


def test_after_an_answer_that_was_not_heard_to_its_end_nothing_of_it_is_heard() -> None:
    served: Sandbox[str, str] = Sandbox(echo, LIMITS, Access(), str)
    try:
        assert next(served.request("first")) == "first 0"
        assert next(served.request("second")) == "second 0"
    finally:
        served.close()


def say(message: bytes, then: Callable[[], object]) -> Iterator[int]:
    """Steps of a child that was taken over: it writes into its channel by itself."""
    descriptors = [number for number in range(3, 64) if is_open(number)]
    os.write(descriptors[0], message)
    then()
    yield 1


def is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(4, sys.byteorder) + message


class Planted:
    """An object that runs something where it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch planted",)


HOSTILE = {
    "pickle": (framed(pickle.dumps(Planted())), Reason.CRASHED),
    "nothing": (framed(b""), Reason.CRASHED),
    "unknown kind": (framed(b"?"), Reason.CRASHED),
    "wrong type": (framed(b"i" + msgspec.msgpack.encode("text")), Reason.CRASHED),
    "list": (framed(b"i" + msgspec.msgpack.encode([1, 2])), Reason.CRASHED),
    "deep": (framed(b"i" + b"\x91" * 100_000), Reason.CRASHED),
    "huge list": (framed(b"i" + b"\xdd\xff\xff\xff\xff"), Reason.CRASHED),
    "foreign error": (framed(b"e" + msgspec.msgpack.encode(["Exception", "", ""])), Reason.CRASHED),
    "not an error": (framed(b"e" + msgspec.msgpack.encode(["shorten", "Crashed", ""])), Reason.CRASHED),
    "unknown reason": (framed(b"e" + msgspec.msgpack.encode(["ChunkError", "NoSuchReason", ""])), Reason.CRASHED),
    "too long": (b"\xff\xff\xff\xff", Reason.MEMORY_LIMIT_EXCEEDED),
    "half": (framed(b"i" * 100)[:50], Reason.TIME_LIMIT_EXCEEDED),
    "quarter": (b"\0", Reason.TIME_LIMIT_EXCEEDED),
}


@pytest.mark.parametrize("name", cases([*HOSTILE], quick=["pickle", "wrong type", "foreign error", "too long"]))
def test_a_child_that_was_taken_over_can_only_fail(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message, reason = HOSTILE[name]
    monkeypatch.chdir(tmp_path)
    limits = SHORT if reason is Reason.TIME_LIMIT_EXCEEDED else LIMITS

    with pytest.raises(SandboxError) as raised:
        list(sandbox.run(partial(say, message, block_in_native_code), limits, Access(), int))

    assert raised.value.reason is reason
    assert list(tmp_path.iterdir()) == []


def test_a_child_that_does_not_read_its_request_is_stopped() -> None:
    served: Sandbox[bytes, int] = Sandbox(partial(say_and_stop_reading, framed(b".")), SHORT, Access(), int)

    assert list(served.request(b"")) == []
    with pytest.raises(SandboxError) as raised:
        list(served.request(bytes(10 * MEBIBYTE)))

    assert raised.value.reason is Reason.TIME_LIMIT_EXCEEDED


def say_and_stop_reading(message: bytes, _: bytes) -> Iterator[int]:
    return say(message, block_in_native_code)


def test_a_signal_between_question_and_answer_does_not_mix_up_the_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """As SIGTERM does in a pod."""
    running = template.start()
    control = running._control  # noqa: SLF001 (there is no other way to interrupt at this point)

    class Interrupted:
        def __getattr__(self, name: str) -> Any:
            return getattr(control, name)

        def recv(self, *_: int) -> bytes:
            raise SystemExit

    monkeypatch.setattr(running, "_control", Interrupted())
    with pytest.raises(SystemExit):
        list(run(own_pid, LIMITS))
    monkeypatch.setattr(running, "_control", control)

    list(run(partial(bytes_of, [1]), LIMITS))  # learns of the child that was forked in vain
    first = run(own_pid, LIMITS)
    assert psutil.Process(next(first)).ppid() == running.pid
    first.close()  # type: ignore[attr-defined] # it is a generator


def swell() -> Iterator[int]:
    yield len(b"x" * (300 * MEBIBYTE))


def test_the_peak_of_children_is_remembered_until_it_is_forgotten() -> None:
    sandbox.reset_peak_memory()
    assert sandbox.peak_memory() == 0

    list(run(swell, LIMITS))
    list(run(partial(bytes_of, [1]), LIMITS))

    assert sandbox.peak_memory() > 300 * MEBIBYTE
