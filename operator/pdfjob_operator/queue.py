"""The queue: one key at a time, again when it failed, later when asked. Knows nothing of Kubernetes.

A key that is added while its own pass runs gets another pass afterwards, so nothing that happened meanwhile is missed;
passes of different keys run side by side, and a key that fails holds up no other.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING, Generic, TypeVar


if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


KeyT = TypeVar("KeyT")

log = logging.getLogger(__name__)

FIRST_BACKOFF_SECONDS = 1.0
LAST_BACKOFF_SECONDS = 300.0
"""A failing key waits 1, 2, 4, … seconds, up to five minutes, each time with up to half as much on top."""


class Queue(Generic[KeyT]):
    """Keys waiting for their pass.

    Args:
        work: One pass; returns after how many seconds to look again, or `None` to wait for the next event.
        workers: Passes at once.
    """

    def __init__(self, work: Callable[[KeyT], Awaitable[float | None]], *, workers: int = 8) -> None:
        self._work = work
        self._workers = workers
        self._due: dict[KeyT, float] = {}
        self._running: set[KeyT] = set()
        self._failures: dict[KeyT, int] = {}
        self._changed = asyncio.Event()

    def add(self, key: KeyT, delay: float = 0) -> None:
        """Let the key have a pass after this many seconds, or sooner if one is due sooner."""
        due = asyncio.get_running_loop().time() + delay
        self._due[key] = min(due, self._due.get(key, due))
        self._changed.set()

    async def run(self) -> None:
        """Give every key its passes, until cancelled."""
        async with asyncio.TaskGroup() as passes:
            while True:
                self._changed.clear()
                wait = self._start_due(passes)
                try:
                    async with asyncio.timeout(wait):
                        await self._changed.wait()
                except TimeoutError:
                    pass  # something became due

    def _start_due(self, passes: asyncio.TaskGroup) -> float | None:
        """Start what is due and has room; returns the seconds until the next key is due."""
        now = asyncio.get_running_loop().time()
        waiting = sorted((due, key) for key, due in self._due.items() if key not in self._running)
        for due, key in waiting:
            if len(self._running) >= self._workers:
                return None  # the end of a pass wakes us
            if due > now:
                return due - now
            del self._due[key]
            self._running.add(key)
            passes.create_task(self._pass(key))
        return None

    async def _pass(self, key: KeyT) -> None:
        try:
            again = await self._work(key)
        except Exception:  # whatever it was, it concerns this key alone, and the key is tried again
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            again = min(FIRST_BACKOFF_SECONDS * 2 ** min(failures - 1, 30), LAST_BACKOFF_SECONDS)
            again *= 1 + random.random() / 2  # noqa: S311 (spreads load, hides nothing)
            log.exception("%s: attempt %d failed, the next one in %.0f s", key, failures, again)
        else:
            self._failures.pop(key, None)
        self._running.discard(key)
        if again is not None:
            self.add(key, again)
        self._changed.set()
