"""The operator's settings: what the administrator of the cluster decides, and the author of a PdfJob cannot. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lightkube.utils.quantity import parse_quantity

from pdfjob_operator.configuration.pod_policy import PodPolicy
from pdfjob_operator.configuration.prices import NO_PRICES, Prices
from pdfjob_operator.configuration.queueing import Queueing
from pdfjob_operator.configuration.runner_pod import RunnerPod


class QuantityError(ValueError):
    """The value is not a Kubernetes quantity."""


DEFAULT_RESOURCES = {
    "requests": {"cpu": "100m", "memory": "128Mi"},
    "limits": {"memory": "1Gi"},
}


@dataclass(frozen=True)
class Settings:
    """The settings.

    Attributes:
        runner_image: Image of the pods that process PDFs.
        workspace_claim: Name of the claim for workspaces, in each PdfJob's namespace, unless the PdfJob names another.
        create_claims: Create claims for single PdfJobs, where they need one.
        workspace_size: Size of such a claim, unless the PdfJob asks for another, as a quantity.
        workspace_storage_class: Storage class of such a claim, unless the PdfJob names one; empty for the default.
        workspace_access_mode: Access mode of such a claim, unless the PdfJob asks for another.
        max_workspace_size: Largest size that a PdfJob may ask for, as a quantity; empty for no limit.
        storage_classes: Storage classes that a PdfJob may name; empty for all.
        namespaces: Namespaces to watch; empty for all.
        image_pull_policy: Pull policy of the runner image.
        image_pull_secrets: Names of pull Secrets for the runner image, in each PdfJob's namespace.
        pod_labels: Additional labels of Jobs and pods; they cannot override the operator's own.
        resources: Resource requests and limits of each pod.
        runner_pod: What the administrator adds to each pod.
        pod_policy: What the author of a PdfJob may add to its pods.
        queueing: How Kueue manages the Jobs.
        max_memory: Upper bound for memory increases after an OOM kill, in bytes.
        early_merge: Have a merge pod wait while the last chunks are processed.
        max_workers_per_job: Most workers of a PdfJob, whatever it asks for; `None` for no limit.
        max_pdfjobs_per_namespace: Most PdfJobs of a namespace that are worked on at once; `None` for no limit.
        metrics_max_namespaces: Number of namespaces that metrics name; all others share the label value `Other`.
        max_storage: Room that the chunks of a PdfJob may take on its volume, and its results after them, in bytes.
        resync_period_seconds: Interval between full listings.
        workspace_retention_seconds: Minimum time for which the workspace of a deleted PdfJob is kept.
        gemini_base_url: Address of the Gemini API; empty for Google's.
        gemini_requests_per_minute: Limit of the requests per API key, across all pods; `None` for no limit.
        gemini_tokens_per_minute: Limit of the tokens per API key, across all pods; `None` for no limit.
        redis_url: URL of a Redis without a password; empty if there is none.
        redis_secret: Secret with the URL of a Redis, and the key in it; the Secret is in each PdfJob's namespace.
        prices: Price table for the estimated cost.
        lease: Namespace and name of the Lease for leader election; `None` to lead without one.
        health_port: Port of `/healthz`, `/readyz` and `/metrics`.
        log_json: Write log lines as JSON objects.
    """

    runner_image: str
    workspace_claim: str = "pdfjob-workspace"
    create_claims: bool = True
    workspace_size: str = "10Gi"
    workspace_storage_class: str = ""
    workspace_access_mode: str = "ReadWriteOnce"
    max_workspace_size: str = ""
    storage_classes: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    image_pull_policy: str = "IfNotPresent"
    image_pull_secrets: tuple[str, ...] = ()
    pod_labels: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=lambda: DEFAULT_RESOURCES)
    runner_pod: RunnerPod = field(default_factory=RunnerPod)
    pod_policy: PodPolicy = field(default_factory=PodPolicy)
    queueing: Queueing = field(default_factory=Queueing)
    max_memory: int = 4 * 2**30
    early_merge: bool = True
    max_workers_per_job: int | None = None
    max_pdfjobs_per_namespace: int | None = None
    metrics_max_namespaces: int = 20
    max_storage: int = 2**30
    resync_period_seconds: int = 120
    workspace_retention_seconds: int = 300
    gemini_base_url: str = ""
    gemini_requests_per_minute: int | None = None
    gemini_tokens_per_minute: int | None = None
    redis_url: str = ""
    redis_secret: tuple[str, str] | None = None
    prices: Prices = NO_PRICES
    lease: tuple[str, str] | None = None
    health_port: int = 8080
    log_json: bool = False

    @property
    def identity(self) -> str:
        """The namespace and name of the operator's Lease, which tell it from those of other releases; empty without."""
        return "/".join(self.lease or ())

    def resources_with(self, doublings: int) -> dict[str, Any]:
        """Return the resources of a pod whose memory limit is doubled this many times, up to `max_memory`.

        The request grows with the limit, so that the scheduler finds a node that has the memory.
        """
        limit = _memory(self.resources, "limits")
        if not doublings or limit is None:
            return dict(self.resources)
        raised = max(min(limit * 2**doublings, self.max_memory), limit)
        request = _memory(self.resources, "requests") or limit
        return {
            **self.resources,
            "requests": {**self.resources.get("requests", {}), "memory": _mebibytes(request * raised // limit)},
            "limits": {**self.resources["limits"], "memory": _mebibytes(raised)},
        }

    def can_double(self, doublings: int) -> bool:
        """Return whether the memory of a pod can be doubled once more after this many doublings."""
        return self.resources_with(doublings + 1) != self.resources_with(doublings)


def parse_amount(quantity: object) -> Decimal:
    """Return the amount of a quantity such as `4Gi` or `100m`. JSON may hold it as a number.

    Format: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/.

    Raises:
        QuantityError: It is not a quantity, or negative.
    """
    if isinstance(quantity, bool) or not isinstance(quantity, str | int | float):
        raise QuantityError(f"{quantity!r} is not a quantity")
    try:
        amount = parse_quantity(str(quantity)) or Decimal(0)
    except ValueError as error:
        raise QuantityError(f"{quantity!r} is not a quantity") from error
    if amount < 0:
        raise QuantityError(f"{quantity!r} is negative")
    return amount


def parse_number(quantity: object) -> int:
    """Return the whole part of a quantity: for memory, its bytes.

    Raises:
        QuantityError: It is not a quantity, or negative.
    """
    return int(parse_amount(quantity))


def _memory(resources: Mapping[str, Any], kind: str) -> int | None:
    quantity = resources.get(kind, {}).get("memory")
    return None if quantity is None else parse_number(quantity)


def _mebibytes(number: int) -> str:
    return f"{number // 2**20}Mi"
