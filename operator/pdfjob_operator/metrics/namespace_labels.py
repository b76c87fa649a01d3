"""Decides which namespaces the metrics name: the first ones up to a limit. All others share the label value `Other`.

The first ones are those that had a PdfJob first, and not the first by name: otherwise, a new namespace would end the
series of another one. After a restart, they appear in the order of the API server's list, which is sorted by name.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pdfjob_operator.metrics import series


if TYPE_CHECKING:
    from collections.abc import Callable

    from pdfjob_operator.configuration.prices import Prices


UNUSED_SECONDS = 3600
"""Time without PdfJobs after which another namespace may take a place: longer than the window of any alert."""


class NamespaceLabels:
    """The namespaces that have a place among the label values.

    A namespace without PdfJobs keeps its place, and its counters, until another one needs the place.

    Args:
        limit: The number of places.
        prices: Price table, whose models have series from the start.
        clock: Returns the time in seconds.
    """

    def __init__(self, limit: int, prices: Prices, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._prices, self._clock = limit, prices, clock
        self._used_at: dict[str, float] = {}
        self._has_other = False

    def use(self, namespace: str) -> str:
        """Return the label value of a namespace with a PdfJob, and give it a place if there is one."""
        now = self._clock()
        if namespace not in self._used_at:
            if not self._make_room(now):
                self._create_other()
                return series.OTHER
            series.create(namespace, self._prices)
        self._used_at[namespace] = now
        return namespace

    def value(self, namespace: str) -> str:
        """Return the current label value of a namespace."""
        return namespace if namespace in self._used_at else series.OTHER

    def values(self) -> tuple[str, ...]:
        """Return all current label values."""
        return (*self._used_at, *([series.OTHER] if self._has_other else []))

    def _make_room(self, now: float) -> bool:
        """Return whether there is a place, after ending the series of the namespace that has had no PdfJob longest."""
        if len(self._used_at) < self._limit:
            return True
        unused = min(self._used_at, key=self._used_at.__getitem__, default=None)
        if unused is None or now - self._used_at[unused] < UNUSED_SECONDS:
            return False
        del self._used_at[unused]
        series.remove(unused)
        return True

    def _create_other(self) -> None:
        if not self._has_other:
            series.create(series.OTHER, self._prices)
            self._has_other = True
