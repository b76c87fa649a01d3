"""Paths, names and numbers of one cluster.

Knows paths and addresses. Must not know what is done with them.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path


POD_NETWORK = "10.244.0.0/24"
SERVICE_NETWORK = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
"""The first address of the service network, by Kubernetes' own rule.

These three may be the same in every cluster: they exist only inside its network namespace."""

NODE = "node"


@dataclass(frozen=True)
class Cluster:
    """One cluster, created under a folder.

    Attributes:
        folder: Folder of all files that the cluster writes.
        network: The first three octets of the network between this machine and the node, e.g. 10.77.0.
        bin: The folder of the Kubernetes components.
        cni: The folder of the CNI plugins.
    """

    folder: Path
    network: str
    bin: Path
    cni: Path

    @classmethod
    def at(cls, folder: Path) -> "Cluster | None":
        """Return the cluster that was started under a folder, or None."""
        try:
            saved = json.loads((folder / "cluster.json").read_text())
        except FileNotFoundError:
            return None
        return cls(folder, saved["network"], Path(saved["bin"]), Path(saved["cni"]))

    def save(self) -> None:
        """Save the cluster's settings, which `at` reads."""
        saved = {"network": self.network, "bin": str(self.bin), "cni": str(self.cni)}
        (self.folder / "cluster.json").write_text(json.dumps(saved))

    @property
    def name(self) -> str:
        """A short name for what exists once per machine: the network link and the root of the pods' control groups."""
        return name_of(self.folder)

    @property
    def host_address(self) -> str:
        """The address of this machine in the cluster's network."""
        return f"{self.network}.1"

    @property
    def node_address(self) -> str:
        """The address of the node in the cluster's network."""
        return f"{self.network}.2"

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return f"https://{self.node_address}:6443"

    @property
    def pki(self) -> Path:
        """Keys, certificates and kubeconfigs."""
        return self.folder / "pki"

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of the administrator."""
        return self.pki / "admin.conf"

    @property
    def settings(self) -> Path:
        """The components' configuration files."""
        return self.folder / "settings"

    @property
    def log(self) -> Path:
        """One log per component; logs of the pods are in pods/."""
        return self.folder / "log"

    @property
    def pids(self) -> Path:
        """One file per running process, with its process id on this machine."""
        return self.folder / "pids"

    @property
    def volumes(self) -> Path:
        """One folder per PersistentVolume."""
        return self.folder / "volumes"

    @property
    def state(self) -> Path:
        """State of the components: etcd's data, containers, images, the kubelet's folders."""
        return self.folder / "state"


def name_of(folder: Path) -> str:
    """Return the short name of the cluster under a folder; a network link's name may have 15 characters."""
    return f"pdfjob-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"
