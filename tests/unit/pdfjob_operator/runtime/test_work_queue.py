import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from pdfjob_operator.runtime import work_queue as queues
from pdfjob_operator.runtime.work_queue import WorkQueue


@asynccontextmanager
async def running(work: Callable[[str], Awaitable[float | None]], workers: int = 8) -> AsyncIterator[WorkQueue[str]]:
    queue: WorkQueue[str] = WorkQueue(lambda key, _: work(key), workers=workers)
    task = asyncio.create_task(queue.run())
    try:
        async with asyncio.timeout(10):
            yield queue
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_key_added_during_its_own_pass_gets_another_one() -> None:
    begun, go_on, passes = asyncio.Event(), asyncio.Event(), []
    done = asyncio.Event()

    async def work(key: str) -> None:
        passes.append(key)
        begun.set()
        if len(passes) == 1:
            await go_on.wait()
        else:
            done.set()

    async with running(work) as queue:
        queue.add("a")
        await begun.wait()
        queue.add("a")
        queue.add("a")
        go_on.set()
        await done.wait()

    assert passes == ["a", "a"]


async def test_one_key_never_has_two_passes_at_once() -> None:
    inside, most, done = 0, 0, asyncio.Event()

    async def work(_key: str) -> float | None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        if queue_passes.pop() == 0:
            done.set()
            return None
        return 0

    queue_passes = list(range(20))
    async with running(work) as queue:
        queue.add("a")
        await done.wait()

    assert most == 1


async def test_a_failing_key_is_tried_again_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(queues, "FIRST_BACKOFF_SECONDS", 0.001)
    attempts, other, done = 0, asyncio.Event(), asyncio.Event()

    async def work(key: str) -> None:
        nonlocal attempts
        if key == "good":
            other.set()
            return
        attempts += 1
        if attempts < 4:
            raise RuntimeError("the API server is away")
        done.set()

    async with running(work, workers=1) as queue:
        queue.add("bad")
        queue.add("good")
        await other.wait()
        await done.wait()

    assert attempts == 4
    assert "attempt 3 failed" in caplog.text


async def test_a_pass_may_ask_for_another_one_later() -> None:
    passes, done = 0, asyncio.Event()

    async def work(_key: str) -> float | None:
        nonlocal passes
        passes += 1
        if passes == 3:
            done.set()
            return None
        return 0.001

    async with running(work) as queue:
        queue.add("a")
        await done.wait()

    assert passes == 3


async def test_no_more_passes_run_at_once_than_there_are_workers() -> None:
    inside, most, left, done = 0, 0, 12, asyncio.Event()

    async def work(_key: str) -> None:
        nonlocal inside, most, left
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        left -= 1
        if left == 0:
            done.set()

    async with running(work, workers=3) as queue:
        for number in range(12):
            queue.add(str(number))
        await done.wait()

    assert most == 3
