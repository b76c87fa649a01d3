"""Throttles status writes: a PdfJob of 10,000 chunks must not cost the API server 10,000 writes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta


MIN_WRITE_INTERVAL_SECONDS = 5
"""Pause between two writes of progress."""

_PROGRESS_FIELDS = frozenset({"chunks", "progress", "pagesProcessed", "duration", "message"})


def write_delay(old: Mapping[str, Any], new: Mapping[str, Any], since_last_write: timedelta) -> float | None:
    """Return after how many seconds to write the new status: 0 to write now, `None` not to write it.

    Everything but progress is written now. Progress is written once it has advanced by a tenth of the chunks or of the
    pages, and `MIN_WRITE_INTERVAL_SECONDS` after the last write.

    Args:
        old: The status as it was read.
        new: The status as it was rendered.
        since_last_write: Time since the last write of this PdfJob's status.
    """
    if _without_progress(old) != _without_progress(new):
        return 0
    before, after = old.get("chunks", {}), new.get("chunks", {})
    chunks = sum(after.get(key, 0) - before.get(key, 0) for key in ("succeeded", "failed"))
    pages = new.get("pagesProcessed", 0) - old.get("pagesProcessed", 0)
    if not _is_tenth(chunks, after.get("total", 0)) and not _is_tenth(pages, new.get("pages", 0)):
        return None
    return max(MIN_WRITE_INTERVAL_SECONDS - since_last_write.total_seconds(), 0)


def _is_tenth(part: int, whole: int) -> bool:
    return part > 0 and part * 10 >= whole


def _without_progress(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return the status without what changes all the time: counts, durations, and messages that contain them."""
    kept = {key: value for key, value in status.items() if key not in _PROGRESS_FIELDS}
    kept["conditions"] = [
        {key: value for key, value in condition.items() if key != "message"}
        for condition in status.get("conditions", ())
    ]
    return kept
