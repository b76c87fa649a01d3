"""Watch liveness: whether the watch delivers what this operator itself writes. If it does not, the operator is blind.

Every status that is written and every Job that is made must come back through the watch of its kind, within moments.
So health is measured on the very streams that the work depends on, by the work itself; when nothing is written, nothing
is measured, until the resync finds something to do.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Collection

    from pdfjob_operator.objects.pdfjob import Key


class WatchLiveness:
    """What was written and has not come back yet."""

    def __init__(self) -> None:
        self._expected: dict[tuple[str, Key], float] = {}

    def record_write(self, kind: str, key: Key) -> None:
        """Something of this kind was written for this PdfJob."""
        self._expected.setdefault((kind, key), asyncio.get_running_loop().time())

    def record_event(self, kind: str, key: Key) -> None:
        """The watch of this kind brought something for this PdfJob."""
        self._expected.pop((kind, key), None)

    def retain(self, keys: Collection[Key]) -> None:
        """Of a PdfJob that is gone, nothing may come back any more."""
        self._expected = {it: since for it, since in self._expected.items() if it[1] in keys}

    def lag(self) -> float:
        """For how many seconds the oldest write has not come back; 0 when all did."""
        return asyncio.get_running_loop().time() - min(self._expected.values()) if self._expected else 0.0
