"""A PersistentVolumeClaim as the operator reads it, and which claims a pod mounts. Pure parsing.

Knows nothing of PdfJobs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from pdfjob_operator.objects.kubernetes import Manifest, parse_time


class AccessMode(StrEnum):
    """Access modes of a volume (`v1`)."""

    READ_WRITE_ONCE = "ReadWriteOnce"
    """All pods that mount the volume have to run on the same node."""
    READ_WRITE_ONCE_POD = "ReadWriteOncePod"
    READ_WRITE_MANY = "ReadWriteMany"
    READ_ONLY_MANY = "ReadOnlyMany"


@dataclass(frozen=True)
class VolumeClaim:
    """A PersistentVolumeClaim. With nothing but a name, it may not be read.

    Attributes:
        name: Its name.
        uid: Its uid; empty if unknown.
        access_modes: What its volume allows or, before it has one, what it asks for.
        storage_class: Name of its storage class; `None` for none at all, as if the cluster has no default class.
        bound: True if it has a volume.
        has_owner: True if Kubernetes deletes it together with another object.
        provisioner: What makes its volume; empty before anything was asked to.
        created_at: When it was created.
    """

    name: str
    uid: str = ""
    access_modes: frozenset[str] = frozenset()
    storage_class: str | None = None
    bound: bool = False
    has_owner: bool = False
    provisioner: str = ""
    created_at: datetime | None = None

    @classmethod
    def parse(cls, raw: Manifest) -> VolumeClaim:
        """Parse a claim as the API server returns it."""
        meta, spec, status = raw["metadata"], raw.get("spec", {}), raw.get("status", {})
        created = meta.get("creationTimestamp")
        return cls(
            name=meta["name"],
            uid=meta["uid"],
            access_modes=frozenset(status.get("accessModes") or spec.get("accessModes") or ()),
            storage_class=spec.get("storageClassName"),
            bound=status.get("phase") == "Bound",
            has_owner=any(owner.get("controller") for owner in meta.get("ownerReferences", ())),
            provisioner=meta.get("annotations", {}).get("volume.kubernetes.io/storage-provisioner", ""),
            created_at=None if created is None else parse_time(created),
        )

    def allows_several_nodes(self, *, read_only: bool) -> bool:
        """Return whether pods on several nodes can mount it; if its access modes are unknown, none can."""
        modes = {AccessMode.READ_WRITE_MANY, *([AccessMode.READ_ONLY_MANY] if read_only else [])}
        return not modes.isdisjoint(self.access_modes)

    @property
    def allows_one_pod_only(self) -> bool:
        """True if a second pod that mounts it does not start, on whatever node."""
        return AccessMode.READ_WRITE_ONCE_POD in self.access_modes


class MountedClaim(NamedTuple):
    """A claim that a pod mounts."""

    name: str
    read_only: bool


def mounted_claims(pod: Manifest) -> list[MountedClaim]:
    """Return the claims that a pod, or a pod template, mounts by name."""
    volumes: list[dict[str, Any]] = pod.get("spec", {}).get("volumes", [])
    found = (volume["persistentVolumeClaim"] for volume in volumes if "persistentVolumeClaim" in volume)
    return [MountedClaim(claim["claimName"], bool(claim.get("readOnly"))) for claim in found]
