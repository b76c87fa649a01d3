"""Reads the claims of a PdfJob, and why a claim has no volume."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from pdfjob_operator.api.errors import ApiError
from pdfjob_operator.objects.names import workspace_claim
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.volume_claim import VolumeClaim, mounted_claims
from pdfjob_operator.observation import diagnostics
from pdfjob_operator.planning.storage import may_need_own_claim


if TYPE_CHECKING:
    from datetime import datetime

    from chunk_runner.contract.report import Failure
    from pdfjob_operator.api.cluster import Cluster
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.kubernetes import Manifest
    from pdfjob_operator.objects.pdfjob import PdfJob
    from pdfjob_operator.planning.observation import Observation


log = logging.getLogger(__name__)


class Claims(NamedTuple):
    """The claims of a PdfJob, as in an `Observation`."""

    workspace: VolumeClaim | None = None
    source: VolumeClaim | None = None


async def claim_to_choose(cluster: Cluster, pdfjob: PdfJob, settings: Settings) -> VolumeClaim | None:
    """Read the claim that a new PdfJob uses if it exists; nothing if there is no choice."""
    if not may_need_own_claim(pdfjob, settings):
        return None
    return await _read(cluster, pdfjob.key.namespace, settings.workspace_claim)


async def claims_of(cluster: Cluster, owned: Observation, settings: Settings) -> Claims:
    """Read the claims that the Jobs of a PdfJob mount, if such a Job may be created now."""
    pdfjob = owned.pdfjob
    if not owned.next_stage_may_begin:
        return Claims()
    name, source = workspace_claim(pdfjob, settings), pdfjob.source_claim
    workspace = await _read(cluster, pdfjob.key.namespace, name)
    is_prepared = owned.job(Stage.CHUNKS) is not None or owned.job(Stage.MERGE) is not None
    if source in (None, name) or is_prepared:
        return Claims(workspace)
    return Claims(workspace, await _read(cluster, pdfjob.key.namespace, source))


async def why_not_bound(cluster: Cluster, namespace: str, pod: Manifest, now: datetime) -> Failure | None:
    """Find out why a claim that a pod mounts has no volume; `None` if all have one, or nothing is wrong.

    Args:
        cluster: The API server.
        namespace: Namespace of the pod.
        pod: A pod that does not start.
        now: The time.
    """
    for mounted in mounted_claims(pod):
        claim = await _read(cluster, namespace, mounted.name)
        if claim is None or claim.bound or not claim.uid:
            continue
        failure = diagnostics.from_claim(claim, await cluster.warnings(namespace, claim.uid), now)
        if failure is not None:
            return failure
    return None


async def _read(cluster: Cluster, namespace: str, name: str) -> VolumeClaim | None:
    """Read a claim; if that is forbidden, return one with nothing but its name."""
    try:
        return await cluster.claim(namespace, name)
    except ApiError as error:
        if error.status != HTTPStatus.FORBIDDEN:
            raise
        log.warning("cannot read the claim %s/%s, so its workspaces will never be swept: %s", namespace, name, error)
        return VolumeClaim(name)
