"""Watch liveness: measures whether the watches deliver what this operator itself writes.

Every status that is written and every Job that is created must come back through the watch of its kind within moments.
So the work itself probes the very streams that it depends on. When nothing is written, nothing is measured, until the
resync finds work to do.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Collection

    from pdfjob_operator.objects.pdfjob import Key


class WatchLiveness:
    """The writes that the watches have not delivered yet, by resource and PdfJob."""

    def __init__(self) -> None:
        self._pending: dict[tuple[str, Key], float] = {}

    def record_write(self, resource: str, key: Key) -> None:
        """Record that an object of this resource (`jobs`, `pdfjobs`) was written for a PdfJob."""
        self._pending.setdefault((resource, key), asyncio.get_running_loop().time())

    def record_event(self, resource: str, key: Key) -> None:
        """Record that the watch of this resource delivered an event for a PdfJob."""
        self._pending.pop((resource, key), None)

    def retain(self, keys: Collection[Key]) -> None:
        """Forget the writes for all PdfJobs but these: a deleted one may cause no more events."""
        self._pending = {write: since for write, since in self._pending.items() if write[1] in keys}

    def lag(self) -> float:
        """Return the seconds since the oldest write that has not been delivered; 0 if there is none."""
        return asyncio.get_running_loop().time() - min(self._pending.values()) if self._pending else 0.0
