"""Attempts of the author of a PdfJob to gain something by `spec.pod`, and what they are told."""

from typing import Any


REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def node_affinity(key: str, *, kind: str = REQUIRED, expressions: str = "matchExpressions") -> dict[str, Any]:
    """`spec.pod` with an affinity to the nodes that have a label."""
    term = {expressions: [{"key": key, "operator": "Exists"}]}
    rules = {"nodeSelectorTerms": [term]} if kind == REQUIRED else [{"weight": 1, "preference": term}]
    return {"affinity": {"nodeAffinity": {kind: rules}}}


ATTEMPTS: list[tuple[dict[str, Any], str]] = [
    ({"hostNetwork": True}, "spec.pod.hostNetwork cannot be set"),
    ({"volumes": [{"name": "root", "hostPath": {"path": "/"}}]}, "spec.pod.volumes cannot be set"),
    ({"securityContext": {"privileged": True}}, "spec.pod.securityContext cannot be set"),
    ({"containers": [{"image": "mine"}]}, "spec.pod.containers cannot be set"),
    ({"nodeName": "control-plane"}, "spec.pod.nodeName cannot be set"),
    ({"runtimeClassName": "runc"}, "spec.pod.runtimeClassName cannot be set"),
    ({"serviceAccountName": "admin"}, "serviceAccountName: admin is not allowed: remove it"),
    ({"serviceAccountName": "default"}, "serviceAccountName: default is not allowed"),
    ({"priorityClassName": "system-node-critical"}, "system-node-critical is not allowed: remove it"),
    ({"tolerations": [{"operator": "Exists"}]}, "without a key tolerates every taint"),
    ({"tolerations": [{"key": "", "operator": "Exists"}]}, "without a key tolerates every taint"),
    ({"tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}]}, "control-plane is"),
    ({"nodeSelector": {"kubernetes.io/hostname": "control-plane"}}, "kubernetes.io/hostname is not allowed"),
    ({"nodeSelector": {"node-role.kubernetes.io/control-plane": ""}}, "control-plane is not allowed: use "),
    (node_affinity("kubernetes.io/hostname"), "affinity: kubernetes.io/hostname is not allowed"),
    (node_affinity("kubernetes.io/hostname", kind=PREFERRED), "affinity: kubernetes.io/hostname is not allowed"),
    (node_affinity("metadata.name", expressions="matchFields"), "affinity.matchFields cannot be set"),
    ({"affinity": {"podAntiAffinity": {REQUIRED: [{"topologyKey": "zone"}]}}}, "podAntiAffinity cannot be set"),
    ({"affinity": {"podAffinity": {}}}, "podAffinity cannot be set"),
    ({"resources": {"requests": {"cpu": "64"}}}, "requests.cpu is 64, but at most 1 is allowed"),
    ({"resources": {"limits": {"memory": "1Ti"}}}, "limits.memory is 1Ti, but at most 4Gi is allowed"),
    ({"resources": {"limits": {"nvidia.com/gpu": 8}}}, "nvidia.com/gpu is not allowed: use cpu or memory"),
    ({"resources": {"limits": {"ephemeral-storage": "1Ti"}}}, "ephemeral-storage is not allowed"),
    ({"resources": {"claims": [{"name": "gpu"}]}}, "spec.pod.resources.claims cannot be set"),
    ({"resources": {"requests": {"memory": "much"}}}, "'much' is not a quantity"),
    ({"resources": {"requests": {"cpu": "-1"}}}, "'-1' is negative"),
    (
        {"labels": {"pdfjob.dev/processor": "gemini"}},
        "pdfjob.dev/processor belongs to Kubernetes or to the operator",
    ),
    ({"labels": {"app.kubernetes.io/name": "trusted"}}, "app.kubernetes.io/name belongs to"),
    ({"labels": {"batch.kubernetes.io/job-name": "other"}}, "batch.kubernetes.io/job-name belongs to"),
    ({"labels": {"kueue.x-k8s.io/queue-name": "fast"}}, "kueue.x-k8s.io/queue-name belongs to"),
    ({"labels": {"topology.k8s.io/zone": "a"}}, "topology.k8s.io/zone belongs to"),
    ({"labels": {"job-name": "other"}}, "job-name belongs to"),
    ({"labels": {"egress": "allowed"}}, "labels: egress is not allowed: remove it"),
    ({"annotations": {"pdfjob.dev/job": "other"}}, "pdfjob.dev/job belongs to"),
    (
        {"annotations": {"k8s.v1.cni.cncf.io/networks": "storage"}},
        "annotations: k8s.v1.cni.cncf.io/networks is not",
    ),
    ({"annotations": {"vault.hashicorp.com/agent-inject": "true"}}, "is not allowed: remove it, or ask an admin"),
]
"""`spec.pod`, and what the operator says of it."""

ALLOWED: list[dict[str, Any]] = [
    {},
    {"resources": {"requests": {"cpu": "1", "memory": "4Gi"}, "limits": {"memory": "4Gi"}}},
    {"resources": {"requests": {"cpu": 1}}},
    {"nodeSelector": {"kubernetes.io/arch": "arm64", "topology.kubernetes.io/zone": "a"}},
    node_affinity("node.kubernetes.io/instance-type"),
    node_affinity("topology.kubernetes.io/region", kind=PREFERRED),
]
"""`spec.pod` that the default policy allows."""
