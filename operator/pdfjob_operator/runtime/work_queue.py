"""The work queue: processes each key when it is due, retries it after a failure. Knows nothing of PdfJobs.

A key that is added while it is being processed is processed once more afterwards, so no change is missed. Several keys
are processed concurrently, groups of keys take turns, and a failing key does not delay the others.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import math
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Generic, TypeVar

from pdfjob_operator.runtime.backoff import exponential_backoff, retry_policy, with_jitter
from pdfjob_operator.runtime.fair_queue import FairQueue


if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable


KeyT = TypeVar("KeyT")

log = logging.getLogger(__name__)

FIRST_BACKOFF_SECONDS = 1.0
"""Wait before the first retry of a key, which doubles with each further failure."""

PROCESS_TIMEOUT_SECONDS = 120.0
"""Timeout for processing a key once, so that a call that hangs does not block a worker for ever."""


WORKERS_FOR_OTHERS = 2
"""Workers that one group leaves to others, if there are that many."""

_OUTDATED = 64
"""Outdated entries of the heap that are not worth removing."""


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


@cache
def _union(triggers: frozenset[Trigger], trigger: Trigger) -> frozenset[Trigger]:
    """Add a trigger; the few sets that there are exist once, not once per key."""
    return triggers | {trigger}


async def _no_gate() -> None:
    """Let every key pass at once."""


class WorkQueue(Generic[KeyT]):
    """Keys that wait to be processed.

    Args:
        process: Processes a key, given its triggers; returns the seconds after which to process it again, or `None` to
            wait for the next trigger.
        group: Returns the group of a key; groups take turns.
        workers: Number of keys that are processed at the same time.
        gate: Awaited before each key; holds back the queue while it does not return.
    """

    def __init__(
        self,
        process: Callable[[KeyT, frozenset[Trigger]], Awaitable[float | None]],
        *,
        group: Callable[[KeyT], Hashable],
        workers: int = 8,
        gate: Callable[[], Awaitable[None]] = _no_gate,
    ) -> None:
        self._process = process
        self._workers = workers
        self._gate = gate
        self._due: dict[KeyT, float] = {}
        self._now: FairQueue[KeyT] = FairQueue(group, most_taken=max(workers - WORKERS_FOR_OTHERS, 1))
        self._later: list[tuple[float, KeyT]] = []  # a heap; entries that are no longer in `_due` are skipped
        self._triggers: dict[KeyT, frozenset[Trigger]] = {}
        self._running: set[KeyT] = set()
        self._failures: dict[KeyT, int] = {}
        self._last_taken = -math.inf
        self._changed = asyncio.Event()

    def add(self, key: KeyT, delay: float = 0, *, trigger: Trigger = Trigger.WATCH) -> None:
        """Process the key after this many seconds, or earlier if it is due earlier."""
        due = asyncio.get_running_loop().time() + delay
        self._triggers[key] = _union(self._triggers.get(key, frozenset()), trigger)
        if key in self._due and self._due[key] <= due:
            return
        self._due[key] = due
        if key not in self._running:
            self._schedule(key)
        self._changed.set()

    def __len__(self) -> int:
        """Return the number of keys that are due or will be."""
        return len(self._due)

    def longest_wait(self) -> float:
        """Return the seconds that the longest waiting key has been due without being processed; 0 if none is."""
        now = asyncio.get_running_loop().time()
        self._promote(now)
        since = self._now.due_since()
        return 0.0 if since is None else now - since

    def stalled_seconds(self) -> float:
        """Return the seconds for which keys have been due and none was taken; 0 as long as the queue moves.

        A queue that moves may be as long as it likes: somebody may create PdfJobs faster than they can be processed.
        """
        now = asyncio.get_running_loop().time()
        return min(self.longest_wait(), now - self._last_taken)

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
            now = asyncio.get_running_loop().time()
            self._promote(now)
            while (key := self._now.take()) is not None:
                if key in self._due and key not in self._running:
                    del self._due[key]
                    self._running.add(key)
                    self._last_taken = now
                    return key, self._triggers.pop(key)
                self._now.done(key)  # it was due twice, and has been taken meanwhile
            try:
                async with asyncio.timeout(self._later[0][0] - now if self._later else None):
                    await self._changed.wait()
            except TimeoutError:
                pass  # a key became due

    def _schedule(self, key: KeyT) -> None:
        """Put a key where `_next` finds it."""
        due = self._due[key]
        if due <= asyncio.get_running_loop().time():
            self._now.put(key, due)
            return
        heapq.heappush(self._later, (due, key))
        if len(self._later) > 2 * len(self._due) + _OUTDATED:
            self._later = list({entry for entry in self._later if self._due.get(entry[1]) == entry[0]})
            heapq.heapify(self._later)

    def _promote(self, now: float) -> None:
        """Move the keys that have become due."""
        while self._later and (self._later[0][0] <= now or self._due.get(self._later[0][1]) != self._later[0][0]):
            due, key = heapq.heappop(self._later)
            if self._due.get(key) == due and key not in self._running:
                self._now.put(key, due)

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
        self._now.done(key)
        if key in self._due:
            self._schedule(key)
        if requeue_after is not None:
            self.add(key, requeue_after, trigger=trigger)
        self._changed.set()


def _backoff(error: Exception, failures: int) -> float:
    policy = retry_policy(error)
    wait = exponential_backoff(failures, first=FIRST_BACKOFF_SECONDS, longest=policy.max_seconds)
    return with_jitter(max(policy.min_seconds, wait))
