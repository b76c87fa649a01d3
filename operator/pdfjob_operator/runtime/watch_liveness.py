"""Watch liveness: measures whether the watches deliver what this operator itself writes.

Every status that is written and every Job that is created must come back through the watch of its kind within moments.
So the work itself probes the very streams that it depends on. When nothing is written, nothing is measured, until the
resync finds work to do. A watch that delivers anything is not dead: it is behind, because there is much to deliver, or
it has lost a single event, which the resync makes up for.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from pdfjob_operator.objects.pdfjob import Key


class WatchLiveness:
    """The writes that the watches have not delivered yet, by resource and PdfJob."""

    def __init__(self) -> None:
        self._expected: dict[tuple[str, Key], dict[object, float]] = {}
        self._heard: dict[str, float] = {}  # when the watch of a resource delivered anything last

    @contextmanager
    def expect(self, resource: str, key: Key) -> Iterator[Callable[[], None]]:
        """Expect an event of this resource (`jobs`, `pdfjobs`) for a PdfJob, as the echo of the write in this block.

        The event is expected before the request is sent, because it may arrive before the answer does. A write without
        effect has no echo: if the block raises an error, or calls the function that it is given, nothing is expected.
        """
        write, expectation = (resource, key), object()

        def withdraw() -> None:
            expected = self._expected.get(write, {})
            expected.pop(expectation, None)
            if not expected:
                self._expected.pop(write, None)

        self._expected.setdefault(write, {})[expectation] = asyncio.get_running_loop().time()
        try:
            yield withdraw
        except BaseException:
            withdraw()
            raise

    def record_event(self, resource: str, key: Key) -> None:
        """Record that the watch of this resource delivered an event for a PdfJob."""
        self._expected.pop((resource, key), None)
        self._heard[resource] = asyncio.get_running_loop().time()

    def restart(self, resource: str) -> None:
        """Forget the writes of objects of this resource: its watch begins again, and will not tell of them."""
        self._expected = {write: times for write, times in self._expected.items() if write[0] != resource}

    def retain(self, keys: Collection[Key]) -> None:
        """Forget the writes for all PdfJobs but these: a deleted one may cause no more events."""
        self._expected = {write: times for write, times in self._expected.items() if write[1] in keys}

    def expected(self) -> list[tuple[str, Key]]:
        """Return the resources and PdfJobs of the writes that have not been delivered."""
        return list(self._expected)

    def lag(self) -> float:
        """Return the seconds for which a watch has delivered nothing, although a write should have come back; or 0."""
        now = asyncio.get_running_loop().time()
        waits = (
            now - max(time, self._heard.get(resource, time))
            for (resource, _), times in self._expected.items()
            for time in times.values()
        )
        return max(waits, default=0.0)
