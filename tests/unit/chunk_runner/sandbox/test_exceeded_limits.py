"""Children that need too much time, memory or room for files, and the peak of their memory."""

import errno
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import psutil
import pytest

from chunk_runner.contract.reasons import Reason
from chunk_runner.sandbox import sandbox
from chunk_runner.sandbox.confinement import Access
from chunk_runner.sandbox.limits import ResourceLimits
from chunk_runner.sandbox.sandbox import Sandbox, SandboxError
from processes.running import until
from sizes import cases
from unit.chunk_runner.sandbox.children import (
    LIMITS,
    MEBIBYTE,
    SHORT,
    SMALL,
    abort,
    block_in_native_code,
    bytes_of,
    gone,
    loop,
    loop_in_native_code,
    outcome,
    run,
)


@pytest.mark.parametrize("act", cases([loop, loop_in_native_code, block_in_native_code], quick=[loop_in_native_code]))
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


def length(request: bytes) -> Iterator[int]:
    yield len(request)


def test_a_request_that_needs_too_much_memory_is_the_last_one() -> None:
    """The child would take the rest of it for requests, and both ends would wait until their answers are read."""
    limits = ResourceLimits(memory_bytes=MEBIBYTE, cpu_seconds=60, file_bytes=0)
    served: Sandbox[bytes, int] = Sandbox(length, limits, Access(), int)

    with pytest.raises(SandboxError) as raised:
        list(served.request(b"a" * (64 * MEBIBYTE)))

    assert raised.value.reason is Reason.MEMORY_LIMIT_EXCEEDED


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


def swell() -> Iterator[int]:
    yield len(b"x" * (300 * MEBIBYTE))


def test_the_peak_of_children_is_remembered_until_it_is_forgotten() -> None:
    sandbox.reset_peak_memory()
    assert sandbox.peak_memory() == 0

    list(run(swell, LIMITS))
    list(run(partial(bytes_of, [1]), LIMITS))

    assert sandbox.peak_memory() > 300 * MEBIBYTE
