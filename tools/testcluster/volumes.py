"""PersistentVolumes for the tests: folders of this machine, one per volume.

Knows the storage class and how a volume is made. Must not know who claims it. hostPath, because it is the one kind of
volume that all pods of a node can write to and that needs no provisioner; a volume is used once and never recycled, so
every claim starts empty and what a test left on it stays to be looked at until the cluster goes down.
"""

import os
from collections.abc import Mapping
from itertools import count, islice
from pathlib import Path
from typing import Any

from tools.testcluster.api import Api
from tools.testcluster.layout import Cluster


STORAGE_CLASS = "workspace"
CAPACITY = "20Gi"
"""Capacity for the scheduler only, which is not enforced on a hostPath."""

OWNER = 65532
"""User and group of the project's pods, because the kubelet does not apply an fsGroup to a hostPath."""

MODE = 0o2770
"""Mode with setgid, so that new files belong to the group."""


def create_storage_class(cluster: Cluster) -> None:
    """Create the default storage class, whose volumes are created in advance."""
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    Api(cluster).create(
        "/apis/storage.k8s.io/v1/storageclasses",
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": STORAGE_CLASS, "annotations": default},
            "provisioner": "kubernetes.io/no-provisioner",
            "reclaimPolicy": "Retain",
            "volumeBindingMode": "Immediate",
        },
    )


def add(cluster: Cluster, number: int) -> list[Path]:
    """Create more volumes, and return their folders."""
    api = Api(cluster)
    folders = (cluster.volumes / f"volume-{position:03}" for position in count(1))
    new = list(islice((folder for folder in folders if not folder.exists()), number))
    for folder in new:
        folder.mkdir(parents=True)
        os.chown(folder, OWNER, OWNER)
        folder.chmod(MODE)
        api.create("/api/v1/persistentvolumes", _volume(folder))
    return new


def _volume(folder: Path) -> Mapping[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": folder.name},
        "spec": {
            "storageClassName": STORAGE_CLASS,
            "capacity": {"storage": CAPACITY},
            "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": str(folder), "type": "Directory"},
        },
    }


def of_claim(cluster: Cluster, namespace: str, claim: str) -> list[Path]:
    """Return the folders of the volumes that a claim of this name was bound to, even if the claim is deleted."""
    listed = Api(cluster).get("/api/v1/persistentvolumes") or {"items": []}
    wanted = (namespace, claim)
    return [
        Path(volume["spec"]["hostPath"]["path"])
        for volume in listed["items"]
        if (owner := volume["spec"].get("claimRef")) and (owner["namespace"], owner["name"]) == wanted
    ]
