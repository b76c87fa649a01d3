"""What the children of the sandbox do in these tests, within which limits, and which of them are left."""

import ctypes
import faulthandler
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import psutil
import pytest

from chunk_runner.sandbox import sandbox, template
from chunk_runner.sandbox.confinement import Access
from chunk_runner.sandbox.limits import ResourceLimits
from chunk_runner.sandbox.sandbox import SandboxError


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
