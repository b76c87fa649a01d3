"""The objects that tests and benchmarks apply: a PdfJob, a claim, and the pod that looks at its files."""

from typing import Any


CLAIM = "pdfjob-workspace"
LIBRARIAN = "librarian"


def pdfjob(name: str, path: str, **spec: Any) -> dict[str, Any]:
    """A PdfJob on a file of the namespace's volume."""
    return {
        "apiVersion": "pdfjob.dev/v1alpha1",
        "kind": "PdfJob",
        "metadata": {"name": name},
        "spec": {"source": {"volume": {"path": path}}, **spec},
    }


def claim(name: str) -> dict[str, Any]:
    """A claim to a volume of the cluster's default storage class."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}},
    }


def librarian(image: str) -> dict[str, Any]:
    """The pod behind `Volume`; it passes the restricted standard too."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": LIBRARIAN},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65532,
                "runAsGroup": 65532,
                "fsGroup": 65532,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": LIBRARIAN,
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["sleep", "infinity"],
                    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                    "volumeMounts": [{"name": "volume", "mountPath": "/volume"}],
                }
            ],
            "volumes": [{"name": "volume", "persistentVolumeClaim": {"claimName": CLAIM}}],
        },
    }
