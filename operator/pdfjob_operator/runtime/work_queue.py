"""The queue: one key at a time, again when it failed, later when asked. Knows nothing of Kubernetes.

A key that is added while its own pass runs gets another pass afterwards, so nothing that happened meanwhile is missed;
passes of different keys run side by side, and a key that fails holds up no other.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import random
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar


if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


KeyT = TypeVar("KeyT")

log = logging.getLogger(__name__)

FIRST_BACKOFF_SECONDS = 1.0
LAST_BACKOFF_SECONDS = 300.0
"""A failing key waits 1, 2, 4, … seconds, up to five minutes, each time with up to half as much on top."""

PASS_SECONDS = 120.0
"""No pass takes longer: one that hangs would take its worker away from all other keys."""

RETRY, TIMER = "retry", "timer"
"""Why a key has a pass, when nobody outside asked for it: the last one failed, or asked to be repeated."""


class RetryPolicy(NamedTuple):
    """How long a failed key waits.

    Attributes:
        least: Seconds at least.
        most: Seconds at which the waiting stops growing.
    """

    least: float = 0.0
    most: float = LAST_BACKOFF_SECONDS


async def _open() -> None:
    """A gate that is never closed."""


class WorkQueue(Generic[KeyT]):
    """Keys waiting for their pass.

    Args:
        work: One pass, given the key and why it has one; returns after how many seconds to look again, or `None` to
            wait for the next event.
        workers: Passes at once.
        retry_policy: How long to wait after an error.
        gate: Passes begin only when this returns.
    """

    def __init__(
        self,
        work: Callable[[KeyT, frozenset[str]], Awaitable[float | None]],
        *,
        workers: int = 8,
        retry_policy: Callable[[Exception], RetryPolicy] = lambda _: RetryPolicy(),
        gate: Callable[[], Awaitable[None]] = _open,
    ) -> None:
        self._work = work
        self._workers = workers
        self._retry_policy = retry_policy
        self._gate = gate
        self._due: dict[KeyT, float] = {}
        self._order: list[tuple[float, KeyT]] = []  # of `_due`; entries that it no longer holds are passed over
        self._why: dict[KeyT, set[str]] = {}
        self._running: set[KeyT] = set()
        self._failures: dict[KeyT, int] = {}
        self._changed = asyncio.Event()

    def add(self, key: KeyT, delay: float = 0, *, why: str = "watch") -> None:
        """Let the key have a pass after this many seconds, or sooner if one is due sooner."""
        due = asyncio.get_running_loop().time() + delay
        self._why.setdefault(key, set()).add(why)
        if key in self._due and self._due[key] <= due:
            return
        self._due[key] = due
        heapq.heappush(self._order, (due, key))
        self._changed.set()

    def __len__(self) -> int:
        """Keys that wait, be it for their time or for a worker."""
        return len(self._due)

    def oldest(self) -> float:
        """For how many seconds the key that is longest due has been waiting for a worker."""
        now = asyncio.get_running_loop().time()
        overdue = (now - due for due, key in self._order if self._due.get(key) == due and key not in self._running)
        return max(max(overdue, default=0), 0)

    async def run(self) -> None:
        """Give every key its passes, until cancelled."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(self._workers):
                workers.create_task(self._pass_after_pass())

    async def _pass_after_pass(self) -> None:
        while True:
            await self._gate()
            key, why = await self._next()
            await self._pass(key, why)

    async def _next(self) -> tuple[KeyT, frozenset[str]]:
        """The next key that is due and that has no pass yet."""
        while True:
            self._changed.clear()
            now, wait = asyncio.get_running_loop().time(), None
            while self._order:
                due, key = self._order[0]
                if self._due.get(key) == due and key not in self._running:
                    if due > now:
                        wait = due - now
                        break
                    heapq.heappop(self._order)
                    del self._due[key]
                    self._running.add(key)
                    return key, frozenset(self._why.pop(key))
                heapq.heappop(self._order)  # outdated, or for the end of the key's own pass to put back
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                pass  # something became due

    async def _pass(self, key: KeyT, why: frozenset[str]) -> None:
        try:
            async with asyncio.timeout(PASS_SECONDS):
                again, reason = await self._work(key, why), TIMER
        except Exception as error:  # whatever it was, it concerns this key alone, and the key is tried again
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            least, most = self._retry_policy(error)
            again, reason = max(least, min(FIRST_BACKOFF_SECONDS * 2 ** min(failures - 1, 30), most)), RETRY
            again *= 1 + random.random() / 2  # noqa: S311 (spreads load, hides nothing)
            log.warning("%s: attempt %d failed, the next one in %.0f s", key, failures, again, exc_info=error)
        else:
            self._failures.pop(key, None)
        self._running.discard(key)
        if key in self._due:
            heapq.heappush(self._order, (self._due[key], key))
        if again is not None:
            self.add(key, again, why=reason)
        self._changed.set()
