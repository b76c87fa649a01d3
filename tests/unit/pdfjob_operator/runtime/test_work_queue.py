import asyncio
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from pdfjob_operator.runtime import work_queue
from pdfjob_operator.runtime.work_queue import Trigger, WorkQueue


@asynccontextmanager
async def running(process: Callable[[str], Awaitable[float | None]], workers: int = 8) -> AsyncIterator[WorkQueue[str]]:
    queue: WorkQueue[str] = WorkQueue(
        lambda key, _: process(key), group=lambda key: key.partition("/")[0], workers=workers
    )
    task = asyncio.create_task(queue.run())
    try:
        async with asyncio.timeout(10):
            yield queue
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_key_that_is_added_while_it_is_processed_is_processed_again() -> None:
    begun, go_on, processed = asyncio.Event(), asyncio.Event(), []
    done = asyncio.Event()

    async def process(key: str) -> None:
        processed.append(key)
        begun.set()
        if len(processed) == 1:
            await go_on.wait()
        else:
            done.set()

    async with running(process) as queue:
        queue.add("a")
        await begun.wait()
        queue.add("a")
        queue.add("a")
        go_on.set()
        await done.wait()

    assert processed == ["a", "a"]


async def test_a_key_is_never_processed_twice_at_the_same_time() -> None:
    inside, most, done = 0, 0, asyncio.Event()

    async def process(_key: str) -> float | None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        if left.pop() == 0:
            done.set()
            return None
        return 0

    left = list(range(20))
    async with running(process) as queue:
        queue.add("a")
        await done.wait()

    assert most == 1


async def test_a_failing_key_is_retried_and_delays_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(work_queue, "FIRST_BACKOFF_SECONDS", 0.001)
    attempts, other, done = 0, asyncio.Event(), asyncio.Event()

    async def process(key: str) -> None:
        nonlocal attempts
        if key == "good":
            other.set()
            return
        attempts += 1
        if attempts < 4:
            raise RuntimeError("the API server is away")
        done.set()

    async with running(process, workers=1) as queue:
        queue.add("bad")
        queue.add("good")
        await other.wait()
        await done.wait()

    assert attempts == 4
    assert "attempt 3 failed" in caplog.text


async def test_a_key_may_be_requeued_after_a_delay() -> None:
    passes, done = 0, asyncio.Event()

    async def process(_key: str) -> float | None:
        nonlocal passes
        passes += 1
        if passes == 3:
            done.set()
            return None
        return 0.001

    async with running(process) as queue:
        queue.add("a")
        await done.wait()

    assert passes == 3


async def test_no_more_keys_are_processed_at_the_same_time_than_there_are_workers() -> None:
    inside, most, left, done = 0, 0, 12, asyncio.Event()

    async def process(_key: str) -> None:
        nonlocal inside, most, left
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        left -= 1
        if left == 0:
            done.set()

    async with running(process, workers=3) as queue:
        for number in range(12):
            queue.add(str(number))
        await done.wait()

    assert most == 3


async def test_a_neighbour_is_served_next_whatever_a_group_has_put_before_it() -> None:
    served: list[str] = []
    done = asyncio.Event()

    async def process(key: str) -> None:
        served.append(key)
        if key == "quiet/one":
            done.set()

    queue: WorkQueue[str] = WorkQueue(lambda key, _: process(key), group=lambda key: key.partition("/")[0], workers=1)
    for number in range(10_000):
        queue.add(f"loud/{number}")
    queue.add("quiet/one")
    task = asyncio.create_task(queue.run())
    await done.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert served[:2] == ["loud/0", "quiet/one"]


async def test_a_group_whose_keys_all_hang_leaves_workers_to_others() -> None:
    hanging, six, served = 0, asyncio.Event(), asyncio.Event()

    async def process(key: str) -> None:
        nonlocal hanging
        if key.startswith("loud"):
            hanging += 1
            if hanging == 6:
                six.set()
            await asyncio.Event().wait()
        served.set()

    async with running(process) as queue:
        for number in range(100):
            queue.add(f"loud/{number}")
        await six.wait()
        queue.add("quiet/one")
        await served.wait()

    assert hanging == 6


async def test_a_backlog_is_no_stall_as_long_as_keys_are_taken() -> None:
    taken = asyncio.Event()

    async def process(_key: str) -> None:
        taken.set()
        await asyncio.Event().wait()

    queue: WorkQueue[str] = WorkQueue(lambda key, _: process(key), group=lambda _: "", workers=1)
    assert queue.stalled_seconds() == 0
    for number in range(100):
        queue.add(str(number), -1000)
    assert queue.stalled_seconds() >= 1000
    task = asyncio.create_task(queue.run())
    await taken.wait()

    assert queue.longest_wait() >= 1000
    assert queue.stalled_seconds() < 1000

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_timers_that_were_replaced_are_not_kept() -> None:
    queue: WorkQueue[str] = WorkQueue(lambda _, __: asyncio.sleep(0, None), group=lambda _: "")
    only = str(uuid.uuid4())  # a string of its own, whose references can be counted

    for sooner in range(1000):
        queue.add(only, 86400 - sooner)

    assert sys.getrefcount(only) < 200


async def test_the_triggers_of_many_keys_take_no_memory_of_their_own() -> None:
    seen: list[frozenset[Trigger]] = []
    done = asyncio.Event()

    async def process(_: str, triggers: frozenset[Trigger]) -> None:
        seen.append(triggers)
        if len(seen) == 100:
            done.set()

    queue: WorkQueue[str] = WorkQueue(process, group=lambda _: "")
    for number in range(100):
        for trigger in (Trigger.WATCH, Trigger.RESYNC):
            queue.add(str(number), trigger=trigger)
    task = asyncio.create_task(queue.run())
    await done.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert set(seen) == {frozenset({Trigger.WATCH, Trigger.RESYNC})}
    assert len({id(triggers) for triggers in seen}) == 1


async def test_a_key_that_hangs_is_given_up_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(work_queue, "PROCESS_TIMEOUT_SECONDS", 0.001)
    done = asyncio.Event()

    async def process(key: str) -> None:
        if key == "hangs":
            await asyncio.Event().wait()
        done.set()

    async with running(process, workers=1) as queue:
        queue.add("hangs")
        queue.add("good")
        await done.wait()

    assert "hangs: attempt 1 failed" in caplog.text


async def test_a_key_that_is_due_earlier_than_before_is_processed_once() -> None:
    processed, done = [], asyncio.Event()

    async def process(key: str) -> None:
        processed.append(key)
        if key == "last":
            done.set()

    async with running(process, workers=1) as queue:
        queue.add("a", 0.002)
        queue.add("a")
        queue.add("a", -1)
        queue.add("last", 0.004)
        await done.wait()

    assert processed == ["a", "last"]


async def test_nothing_is_processed_before_the_gate_opens() -> None:
    opened, waiting, processed, done = asyncio.Event(), asyncio.Event(), [], asyncio.Event()

    async def gate() -> None:
        waiting.set()
        await opened.wait()
        processed.append("gate")

    async def process(key: str, _: frozenset[Trigger]) -> None:
        processed.append(key)
        done.set()

    queue: WorkQueue[str] = WorkQueue(process, group=lambda _: "", workers=1, gate=gate)
    queue.add("a")
    task = asyncio.create_task(queue.run())
    async with asyncio.timeout(10):
        await waiting.wait()
        for _ in range(10):
            await asyncio.sleep(0)
        opened.set()
        await done.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert processed[:2] == ["gate", "a"]
