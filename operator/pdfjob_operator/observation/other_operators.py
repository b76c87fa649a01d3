"""Notices another operator that works on the same PdfJobs, such as a second release that watches the same namespaces.

Two operators do no harm, but they do everything twice. A Job from before the start of this operator proves nothing: the
other operator may have been replaced by this one.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from datetime import datetime

    from pdfjob_operator.objects.pdfjob import PdfJob
    from pdfjob_operator.objects.stage_job import StageJob


log = logging.getLogger(__name__)


class OtherOperators:
    """The other operators that were noticed.

    Args:
        own: Identity of this operator; empty to notice nothing.
    """

    def __init__(self, own: str) -> None:
        self._own = own
        self._since: datetime | None = None
        self._noticed: set[str] = set()

    def look_at(self, pdfjob: PdfJob, jobs: tuple[StageJob, ...], now: datetime) -> None:
        """Look at the Jobs of a PdfJob, and warn once of each other operator that creates some."""
        self._since = self._since or now
        for job in jobs:
            is_recent = job.created_at is not None and job.created_at > self._since
            if is_recent and job.operator not in {"", self._own, *self._noticed} and self._own:
                self._noticed.add(job.operator)
                log.warning(
                    "%s/%s: the operator %s works on it, too: set watchNamespaces of the two releases so that no"
                    " namespace is in both",
                    *pdfjob.key,
                    job.operator,
                )
