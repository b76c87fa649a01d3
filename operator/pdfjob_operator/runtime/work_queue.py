"""The work queue: processes each key when it is due, retries it after a failure. Knows nothing of PdfJobs.

A key that is added while it is being processed is processed once more afterwards, so no change is missed. Several keys
are processed concurrently, and a failing key does not delay the others.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

from pdfjob_operator.runtime.backoff import exponential_backoff, retry_policy, with_jitter


if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


KeyT = TypeVar("KeyT")

log = logging.getLogger(__name__)

FIRST_BACKOFF_SECONDS = 1.0
"""Wait before the first retry of a key, which doubles with each further failure."""

PROCESS_TIMEOUT_SECONDS = 120.0
"""Timeout for processing a key once, so that a call that hangs does not block a worker for ever."""


class Trigger(StrEnum):
    """The cause for which a key is processed."""

    WATCH = "watch"
    """The watch delivered an event."""
    START = "start"
    """The first listing after the start found the key; the watch may only be slower."""
    RESYNC = "resync"
    """A periodic listing found the key."""
    RETRY = "retry"
    """The last attempt failed."""
    TIMER = "timer"
    """The last attempt asked for another one."""


def soonest(*delays: float | None) -> float | None:
    """Return the shortest of these delays in seconds; `None` stands for none."""
    return min((delay for delay in delays if delay is not None), default=None)


async def _no_gate() -> None:
    """Let every key pass at once."""


class WorkQueue(Generic[KeyT]):
    """Keys that wait to be processed.

    Args:
        process: Processes a key, given its triggers; returns the seconds after which to process it again, or `None` to
            wait for the next trigger.
        workers: Number of keys that are processed at the same time.
        gate: Awaited before each key; holds back the queue while it does not return.
    """

    def __init__(
        self,
        process: Callable[[KeyT, frozenset[Trigger]], Awaitable[float | None]],
        *,
        workers: int = 8,
        gate: Callable[[], Awaitable[None]] = _no_gate,
    ) -> None:
        self._process = process
        self._workers = workers
        self._gate = gate
        self._due: dict[KeyT, float] = {}
        self._heap: list[tuple[float, KeyT]] = []  # orders `_due`; entries that are no longer in it are skipped
        self._triggers: dict[KeyT, set[Trigger]] = {}
        self._running: set[KeyT] = set()
        self._failures: dict[KeyT, int] = {}
        self._changed = asyncio.Event()

    def add(self, key: KeyT, delay: float = 0, *, trigger: Trigger = Trigger.WATCH) -> None:
        """Process the key after this many seconds, or earlier if it is due earlier."""
        due = asyncio.get_running_loop().time() + delay
        self._triggers.setdefault(key, set()).add(trigger)
        if key in self._due and self._due[key] <= due:
            return
        self._due[key] = due
        heapq.heappush(self._heap, (due, key))
        self._changed.set()

    def __len__(self) -> int:
        """Return the number of keys that are due or will be."""
        return len(self._due)

    def longest_wait(self) -> float:
        """Return the seconds that the longest waiting key has been due without being processed; 0 if none is."""
        now = asyncio.get_running_loop().time()
        overdue = (now - due for due, key in self._heap if self._due.get(key) == due and key not in self._running)
        return max(max(overdue, default=0), 0)

    async def run(self) -> None:
        """Process keys until cancelled."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(self._workers):
                workers.create_task(self._work())

    async def _work(self) -> None:
        while True:
            await self._gate()
            key, triggers = await self._next()
            await self._process_once(key, triggers)

    async def _next(self) -> tuple[KeyT, frozenset[Trigger]]:
        """Wait for the next key that is due and not being processed."""
        while True:
            self._changed.clear()
            now, wait = asyncio.get_running_loop().time(), None
            while self._heap:
                due, key = self._heap[0]
                if self._due.get(key) == due and key not in self._running:
                    if due > now:
                        wait = due - now
                        break
                    heapq.heappop(self._heap)
                    del self._due[key]
                    self._running.add(key)
                    return key, frozenset(self._triggers.pop(key))
                heapq.heappop(self._heap)  # outdated, or running: `_process_once` pushes a running key again
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                pass  # a key became due

    async def _process_once(self, key: KeyT, triggers: frozenset[Trigger]) -> None:
        try:
            async with asyncio.timeout(PROCESS_TIMEOUT_SECONDS):
                requeue_after, trigger = await self._process(key, triggers), Trigger.TIMER
        except Exception as error:  # any error concerns this key alone, and the key is retried
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            requeue_after, trigger = _backoff(error, failures), Trigger.RETRY
            log.warning("%s: attempt %d failed, the next one in %.0f s", key, failures, requeue_after, exc_info=error)
        else:
            self._failures.pop(key, None)
        self._running.discard(key)
        if key in self._due:
            heapq.heappush(self._heap, (self._due[key], key))
        if requeue_after is not None:
            self.add(key, requeue_after, trigger=trigger)
        self._changed.set()


def _backoff(error: Exception, failures: int) -> float:
    policy = retry_policy(error)
    wait = exponential_backoff(failures, first=FIRST_BACKOFF_SECONDS, longest=policy.max_seconds)
    return with_jitter(max(policy.min_seconds, wait))
