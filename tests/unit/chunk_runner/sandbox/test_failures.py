"""Children that crash or raise: which error the parent gets."""

import ctypes
import faulthandler
import os
import resource
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from chunk_runner.contract.reasons import Reason
from chunk_runner.errors import ChunkError, StageError
from chunk_runner.sandbox import template
from chunk_runner.sandbox.confinement import Access
from chunk_runner.sandbox.sandbox import SandboxError
from unit.chunk_runner.sandbox.children import (
    LIMITS,
    abort,
    after_one,
    outcome,
    run,
)


def crash() -> None:
    faulthandler.disable()
    ctypes.string_at(0)


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
