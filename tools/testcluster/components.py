"""The components of the node: which programs run, and with which arguments.

Knows the components' options, and why each is set; what goes into their configuration files is for `settings`. Must not
know how a process is started or stopped.
"""

from collections.abc import Mapping
from typing import Any

from tools.testcluster.layout import NODE, SERVICE_NETWORK, Cluster


CONTROL_PLANE = ("etcd", "kube-apiserver", "containerd")
"""Components that start first; containerd depends on none of the others."""

REST = ("kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "coredns")
"""Components that start once the API server answers."""

COMPONENTS = CONTROL_PLANE + REST

PORTS = {
    "etcd": 2379,
    "kube-apiserver": 6443,
    "kube-controller-manager": 10257,
    "kube-scheduler": 10259,
    "kubelet": 10250,
    "kube-proxy": 10256,
    "coredns": 53,
}
"""The port on which each component listens once it is ready."""


def command(cluster: Cluster, component: str) -> list[str]:
    """Return the command line of a component."""
    if component == "containerd":
        return ["containerd", "--config", str(cluster.settings / "containerd.toml")]
    return [str(cluster.bin / component), *_ARGUMENTS[component](cluster)]


def _etcd(cluster: Cluster) -> list[str]:
    return [
        f"--data-dir={cluster.state}/etcd",
        "--listen-client-urls=http://127.0.0.1:2379",
        "--advertise-client-urls=http://127.0.0.1:2379",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--unsafe-no-fsync",  # a test cluster does not outlive its machine, and the disk is the slowest part of it
    ]


def _apiserver(cluster: Cluster) -> list[str]:
    pki = cluster.pki
    return [
        "--etcd-servers=http://127.0.0.1:2379",
        "--secure-port=6443",
        f"--advertise-address={cluster.node_address}",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--client-ca-file={pki}/ca.crt",
        f"--service-account-key-file={pki}/serviceaccounts.pub",
        f"--service-account-signing-key-file={pki}/serviceaccounts.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-cluster-ip-range={SERVICE_NETWORK}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",  # whether a pod may be privileged is for its namespace's Pod Security label to say
        f"--kubelet-client-certificate={pki}/admin.crt",
        f"--kubelet-client-key={pki}/admin.key",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        "--kubelet-preferred-address-types=InternalIP",
    ]


def _controllers(cluster: Cluster) -> list[str]:
    return [
        *_as_client(cluster, "controllers"),
        f"--service-account-private-key-file={cluster.pki}/serviceaccounts.key",
        f"--root-ca-file={cluster.pki}/ca.crt",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        # the default of 20 requests a second is meant for many clusters on one machine
        "--kube-api-qps=200",
        "--kube-api-burst=400",
    ]


def _scheduler(cluster: Cluster) -> list[str]:
    return [*_as_client(cluster, "scheduler"), "--leader-elect=false"]


def _kubelet(cluster: Cluster) -> list[str]:
    return [
        f"--config={cluster.settings}/kubelet.yaml",
        f"--kubeconfig={cluster.pki}/kubelet.conf",
        f"--hostname-override={NODE}",
        f"--node-ip={cluster.node_address}",
    ]


def _proxy(cluster: Cluster) -> list[str]:
    return [f"--config={cluster.settings}/proxy.yaml"]


def _coredns(cluster: Cluster) -> list[str]:
    return ["-conf", f"{cluster.settings}/Corefile"]


_ARGUMENTS = {
    "etcd": _etcd,
    "kube-apiserver": _apiserver,
    "kube-controller-manager": _controllers,
    "kube-scheduler": _scheduler,
    "kubelet": _kubelet,
    "kube-proxy": _proxy,
    "coredns": _coredns,
}


def _as_client(cluster: Cluster, client: str) -> list[str]:
    kubeconfig = cluster.pki / f"{client}.conf"
    return [f"--{purpose}kubeconfig={kubeconfig}" for purpose in ("", "authentication-", "authorization-")]


def first_objects() -> list[Mapping[str, Any]]:
    """Return the objects that the components need: permissions for CoreDNS."""
    rules = [
        {"apiGroups": [""], "resources": ["namespaces", "pods", "services"], "verbs": ["list", "watch"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    ]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:coredns"}
    user = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "system:coredns"}
    api = "rbac.authorization.k8s.io/v1"
    name = {"name": "system:coredns"}
    return [
        {"apiVersion": api, "kind": "ClusterRole", "metadata": name, "rules": rules},
        {"apiVersion": api, "kind": "ClusterRoleBinding", "metadata": name, "roleRef": role, "subjects": [user]},
    ]
