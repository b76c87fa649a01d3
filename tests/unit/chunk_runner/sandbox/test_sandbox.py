"""The sandbox on plain functions: what went right is kept, requests get their own answers, and no child is left."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import psutil
import pytest

from chunk_runner.sandbox import template
from chunk_runner.sandbox.confinement import Access
from chunk_runner.sandbox.sandbox import Sandbox, SandboxError
from processes.running import until
from unit.chunk_runner.sandbox.children import LIMITS, SHORT, abort, bytes_of, gone, loop, own_pid, run


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
