"""What the author of a PdfJob may set in `spec.pod`. Pure; `planning.pod_review` judges by it.

The defaults are safe in a shared cluster: an author may choose among nodes that the pods could run on anyway, and ask
for as much memory as the operator would give after OOM kills. Taints reserve nodes, priorities preempt other pods,
service accounts have permissions, and network policies and webhooks act on labels and annotations: none of these is
allowed until an administrator names it. Names are compared as they are, without wildcards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


_RESERVED_LABELS = re.compile(r"([^/]*\.)?(pdfjob\.dev|kubernetes\.io|k8s\.io|x-k8s\.io)/.*|job-name|controller-uid")
"""Labels of the operator, of Kubernetes and of its projects, such as Kueue; the chart has the same expression."""


@dataclass(frozen=True)
class PodPolicy:
    """What `spec.pod` may contain; the names are those of the chart.

    Attributes:
        max_resources: Maximum of requests and limits, by resource; no other resource is allowed.
        node_labels: Labels of nodes in node selectors and node affinity.
        taints: Keys of taints that may be tolerated.
        priority_class_names: Priority classes.
        service_account_names: Service accounts.
        labels: Labels of pods.
        annotations: Annotations of pods.
    """

    max_resources: Mapping[str, str | float] = field(default_factory=lambda: {"cpu": "1", "memory": "4Gi"})
    node_labels: tuple[str, ...] = (
        "kubernetes.io/arch",
        "node.kubernetes.io/instance-type",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
    )
    taints: tuple[str, ...] = ()
    priority_class_names: tuple[str, ...] = ()
    service_account_names: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()


def is_reserved_label(name: str) -> bool:
    """Return whether a label of a pod belongs to the operator or to Kubernetes, whatever a policy allows."""
    return _RESERVED_LABELS.fullmatch(name) is not None


def is_reserved_annotation(name: str) -> bool:
    """Return whether an annotation of a pod belongs to the operator or to the Job controller."""
    return name.startswith(("pdfjob.dev/", "batch.kubernetes.io/"))
