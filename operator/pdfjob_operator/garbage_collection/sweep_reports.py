"""Reads what the last sweep of each claim reported, for the metrics of workspaces and volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chunk_runner.contract import report_json
from pdfjob_operator.garbage_collection.sweep_job import claim_of_pod
from pdfjob_operator.objects.kubernetes import parse_time
from pdfjob_operator.objects.labels import LABEL_STAGE, SWEEP
from pdfjob_operator.objects.stage_pod import container_state


if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from chunk_runner.contract.report import Swept, Volume
    from pdfjob_operator.api.cluster import Cluster
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.garbage_collection.claim_registry import ClaimRegistry
    from pdfjob_operator.garbage_collection.sweep_job import Claim
    from pdfjob_operator.metrics.recorder import MetricsRecorder
    from pdfjob_operator.objects.kubernetes import Manifest


class _Finished(NamedTuple):
    """A finished sweep."""

    swept: Swept
    volume: Volume | None
    when: datetime


class SweepReports:
    """The last report of each claim.

    Args:
        cluster: The cluster.
        settings: The configuration.
        claims: The claims that have a sweep Job.
        recorder: Takes the reports.
    """

    def __init__(self, cluster: Cluster, settings: Settings, claims: ClaimRegistry, recorder: MetricsRecorder) -> None:
        self._cluster = cluster
        self._settings = settings
        self._claims = claims
        self._recorder = recorder
        self._swept: dict[Claim, Swept] = {}

    async def read(self, in_use: Collection[Claim]) -> None:
        """Read the reports of all sweep pods and set the metrics.

        Args:
            in_use: The claims of existing PdfJobs, whose free space stays in the metrics without a sweep.

        Raises:
            ApiError: The pods cannot be listed.
        """
        found: dict[Claim, _Finished] = {}
        for namespace in self._settings.namespaces or (None,):
            async for pod in self._cluster.pods(namespace, {LABEL_STAGE: SWEEP}):
                finished, claim = _finished(pod), claim_of_pod(pod)
                if finished is not None and (claim not in found or found[claim].when <= finished.when):
                    found[claim] = finished
        for claim, finished in found.items():
            if finished.volume is not None:
                self._recorder.record_volume(claim, finished.volume, finished.when)
        self._recorder.retain_claims({*found, *in_use})
        # The pod of the last sweep is deleted when the next one starts; its report counts until that one has finished.
        self._swept = {claim: swept for claim, swept in self._swept.items() if claim in self._claims}
        self._swept |= {claim: finished.swept for claim, finished in found.items()}
        self._recorder.record_sweeps({(claim.namespace, claim.name): swept for claim, swept in self._swept.items()})


def _finished(pod: Manifest) -> _Finished | None:
    terminated = container_state(pod).get("terminated") or {}
    report = report_json.loads(terminated.get("message"))
    if report is None or report.swept is None or "finishedAt" not in terminated:
        return None
    return _Finished(report.swept, report.volume, parse_time(terminated["finishedAt"]))
