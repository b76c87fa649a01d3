"""A provisioner as kind has one: it makes a volume once the first pod of a claim is scheduled, ReadWriteOnce only.

Knows the storage class and its claims, and nothing of PdfJobs. Its volumes are folders of this machine, on which the
project's own node runs.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

from tools.kubectl.client import Kubectl, KubectlError
from tools.testcluster.volumes import MODE, OWNER


CLASS = "late"
_NAME = "tests.pdfjob.dev/late"
_NODE = "volume.kubernetes.io/selected-node"
_PERIOD_SECONDS = 0.3


@contextmanager
def late_binding(kubectl: Kubectl, folder: Path) -> Iterator[None]:
    """Provide the storage class during the block.

    Args:
        kubectl: kubectl of an administrator.
        folder: Folder for the volumes.
    """
    kubectl.apply(
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": CLASS},
            "provisioner": _NAME,
            "reclaimPolicy": "Retain",
            "volumeBindingMode": "WaitForFirstConsumer",
        }
    )
    stopped = Event()
    provisioner = Thread(target=_provision, args=(kubectl, folder, stopped))
    provisioner.start()
    try:
        yield
    finally:
        stopped.set()
        provisioner.join()
        kubectl.run("delete", "storageclass", CLASS)


def _provision(kubectl: Kubectl, folder: Path, stopped: Event) -> None:
    seen: set[str] = set()
    while not stopped.wait(_PERIOD_SECONDS):
        with suppress(KubectlError):  # the API server may be away for a moment
            for claim in json.loads(kubectl.run("get", "pvc", "--all-namespaces", "--output=json"))["items"]:
                node = claim["metadata"].get("annotations", {}).get(_NODE)
                uid, is_ours = claim["metadata"]["uid"], claim["spec"].get("storageClassName") == CLASS
                if node and is_ours and uid not in seen:
                    _provide(kubectl, folder, claim, node)
                    seen.add(uid)


def _provide(kubectl: Kubectl, folder: Path, claim: dict[str, Any], node: str) -> None:
    """Make the volume of a claim, or say that its access mode is not supported."""
    meta = claim["metadata"]
    if claim["spec"]["accessModes"] != ["ReadWriteOnce"]:
        kubectl.run("create", "--filename=-", stdin=json.dumps(_failure(claim)))
        return
    path = folder / f"late-{meta['uid']}"
    path.mkdir(exist_ok=True)
    os.chown(path, OWNER, OWNER)
    path.chmod(MODE)
    host = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": path.name, "annotations": {"pv.kubernetes.io/provisioned-by": _NAME}},
            "spec": {
                "storageClassName": CLASS,
                "capacity": claim["spec"]["resources"]["requests"],
                "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain",
                "claimRef": {key: meta[key] for key in ("namespace", "name", "uid")},
                "hostPath": {"path": str(path), "type": "Directory"},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [host]}]}},
            },
        }
    )


def _failure(claim: dict[str, Any]) -> dict[str, Any]:
    meta = claim["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "late-", "namespace": meta["namespace"]},
        "involvedObject": {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
        | {key: meta[key] for key in ("namespace", "name", "uid")},
        "type": "Warning",
        "reason": "ProvisioningFailed",
        "message": "only ReadWriteOnce is supported",
        "source": {"component": _NAME},
        "firstTimestamp": meta["creationTimestamp"],
        "lastTimestamp": meta["creationTimestamp"],
        "count": 1,
    }
