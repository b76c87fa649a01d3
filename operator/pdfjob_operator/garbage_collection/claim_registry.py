"""Remembers in the cluster which claims hold workspaces.

The last sweep Job of a claim is never deleted, and the first one is created, suspended, before a PdfJob uses the claim.
So an operator finds all claims by listing sweep Jobs, even if it was down when a namespace's last PdfJob was deleted.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pdfjob_operator.api.errors import RequestRefusedError
from pdfjob_operator.garbage_collection.sweep_job import Claim, claim_of_job, note_of, sweep_labels
from pdfjob_operator.objects.labels import LABEL_STAGE, SWEEP


if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pdfjob_operator.api.cluster import Cluster
    from pdfjob_operator.configuration.settings import Settings

log = logging.getLogger(__name__)


class ClaimRegistry:
    """The claims that have a sweep Job.

    Args:
        cluster: The cluster.
        settings: The configuration.
    """

    def __init__(self, cluster: Cluster, settings: Settings) -> None:
        self._cluster = cluster
        self._settings = settings
        self._claims: set[Claim] = set()

    def __contains__(self, claim: Claim) -> bool:
        """Return whether the claim is known to have a sweep Job."""
        return claim in self._claims

    async def load(self) -> AsyncIterator[Claim]:
        """Yield the claims that have a sweep Job in the watched namespaces.

        Raises:
            ApiError: The Jobs cannot be listed.
        """
        for namespace in self._settings.namespaces or (None,):
            async for job in self._cluster.jobs(namespace, {LABEL_STAGE: SWEEP}):
                claim = claim_of_job(job)
                if claim is not None:
                    self._claims.add(claim)
                    yield claim

    async def register(self, claim: Claim) -> None:
        """Make sure that a claim has a sweep Job, before a PdfJob uses the claim.

        Raises:
            ApiError: The cluster cannot be asked, or the namespace is gone. A refusal is only logged: the PdfJob's own
                Jobs will be refused, too, and its status says so.
        """
        if claim in self._claims:
            return
        try:
            if not [job["metadata"]["name"] async for job in self._cluster.jobs(claim.namespace, sweep_labels(claim))]:
                await self._cluster.create_unowned_job(note_of(claim, self._settings))
        except RequestRefusedError as error:
            log.warning("cannot register the claim %s/%s: %s", *claim, error)
            return
        self._claims.add(claim)

    def discard(self, claim: Claim) -> None:
        """Forget a claim that does not exist any more."""
        self._claims.discard(claim)
