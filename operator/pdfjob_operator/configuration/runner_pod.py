"""What the administrator adds to every pod that processes PDFs, in the terms of a Kubernetes pod. Pure.

It refuses what would break the restricted Pod Security Standard, or what the operator itself sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from chunk_runner.contract import environment


Manifest = Mapping[str, Any]

RUNNER_USER = 65532
"""User and group of every pod, unless the administrator sets others: `nonroot` in distroless images and in ours."""

_IDS = ("runAsUser", "runAsGroup", "fsGroup", "fsGroupChangePolicy", "supplementalGroups", "seLinuxOptions")
"""Fields of a pod's security context that are the administrator's; the others must be what the standard demands."""

_VOLUME_KINDS = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
)
"""The kinds of volumes that the restricted Pod Security Standard admits."""

VOLUME_NAMES = frozenset({"workspace", "source", "hidden", "tmp", "password", "api-key", "url"})
"""Names of the volumes that the operator adds to its pods."""

_OWN_FOLDERS = tuple(
    PurePosixPath(path)
    for path in (
        environment.WORKSPACE_MOUNT,
        environment.WORKSPACES_MOUNT,
        environment.SOURCE_MOUNT,
        PurePosixPath(environment.PASSWORD_FILE).parent,
        PurePosixPath(environment.API_KEY_FILE).parent,
        PurePosixPath(environment.REDIS_URL_FILE).parent,
        "/app",
        "/dev",
        "/proc",
        "/sys",
        "/tmp",  # noqa: S108 (the pod's own)
    )
)
"""Where the operator mounts its volumes, and what the runner cannot do without."""


@dataclass(frozen=True)
class RunnerPod:
    """Additions to a pod; the names are those of the chart, the values those of the Kubernetes API.

    Attributes:
        labels: Labels, unless the operator sets them itself.
        annotations: Annotations, unless the operator sets them itself.
        node_selector: Node selector.
        tolerations: Tolerations.
        affinity: Affinity.
        topology_spread_constraints: Topology spread constraints.
        priority_class_name: Priority class; empty for the cluster's default.
        service_account_name: Service account in each PdfJob's namespace; empty for the default one.
        runtime_class_name: Runtime class; empty for the default one.
        security_context: User and groups; one that is missing is assigned by the image or the platform.
        env: Environment variables of the container.
        env_from: ConfigMaps and Secrets in each PdfJob's namespace with further variables.
        volumes: Volumes.
        volume_mounts: Mounts of these volumes in the container.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Manifest, ...] = ()
    affinity: Mapping[str, Any] = field(default_factory=dict)
    topology_spread_constraints: tuple[Manifest, ...] = ()
    priority_class_name: str = ""
    service_account_name: str = ""
    runtime_class_name: str = ""
    security_context: Mapping[str, Any] = field(
        default_factory=lambda: {"runAsUser": RUNNER_USER, "runAsGroup": RUNNER_USER, "fsGroup": RUNNER_USER}
    )
    env: tuple[Manifest, ...] = ()
    env_from: tuple[Manifest, ...] = ()
    volumes: tuple[Manifest, ...] = ()
    volume_mounts: tuple[Manifest, ...] = ()

    def __post_init__(self) -> None:
        if unknown := self.security_context.keys() - {*_IDS}:
            raise ValueError(f"securityContext.{min(unknown)} is not one of {', '.join(_IDS)}")
        if self.security_context.get("runAsUser") == 0:
            raise ValueError("securityContext.runAsUser must not be 0: the pods never run as root")
        for variable in self.env:
            _check_variable(str(variable.get("name")))
        for volume in self.volumes:
            _check_volume(volume)
        names = {volume.get("name") for volume in self.volumes}
        for mount in self.volume_mounts:
            _check_mount(mount, names)


def _check_variable(name: str) -> None:
    if name.startswith("PDFJOB_") or name == environment.INDEX_ENV:
        raise ValueError(f"env sets {name}, which the operator sets itself")


def _check_volume(volume: Manifest) -> None:
    name = volume.get("name")
    if name in VOLUME_NAMES:
        raise ValueError(f"volumes has the name {name}, which the operator uses itself")
    if refused := volume.keys() - _VOLUME_KINDS - {"name"}:
        raise ValueError(f"volumes.{name} is a {min(refused)}, which the restricted Pod Security Standard forbids")


def _check_mount(mount: Manifest, volumes: set[Any]) -> None:
    if mount.get("name") not in volumes:
        raise ValueError(f"volumeMounts names {mount.get('name')}, which is not in volumes")
    path = PurePosixPath(str(mount.get("mountPath")))
    for own in _OWN_FOLDERS:
        if path.is_relative_to(own) or own.is_relative_to(path):
            raise ValueError(f"volumeMounts uses {path}, which would hide or change {own} of the operator's pods")
