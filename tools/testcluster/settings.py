"""The configuration files of the components.

Knows what is in them, and why. Must not know how the components are started.
"""

import json
from collections.abc import Mapping
from typing import Any

import yaml

from tools.builds.images import PAUSE_IMAGE
from tools.testcluster.layout import NODE, POD_NETWORK, Cluster


CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
"""Inside the cluster's own mount namespace; from outside it is reached through `isolation.inside`."""


def write(cluster: Cluster) -> None:
    """Write the configuration files the command lines name."""
    files = {
        "containerd.toml": _containerd_settings(cluster),
        "cni/10-pods.conflist": json.dumps(_network_settings(), indent=2),
        "kubelet.yaml": yaml.safe_dump(_kubelet_settings(cluster), sort_keys=False),
        "proxy.yaml": yaml.safe_dump(_proxy_settings(cluster), sort_keys=False),
        "Corefile": _dns_settings(cluster),
        "resolv.conf": "",
    }
    for name, content in files.items():
        file = cluster.settings / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)


def _containerd_settings(cluster: Cluster) -> str:
    # restrict_oom_score_adj: containers also start without permission to lower their score
    return f"""\
version = 2
disabled_plugins = ["io.containerd.internal.v1.opt"]

[grpc]
  address = "{CONTAINERD_SOCKET}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  restrict_oom_score_adj = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cluster.cni}"
    conf_dir = "{cluster.settings}/cni"
"""


def _network_settings() -> Mapping[str, Any]:
    # ptp, not bridge: pods of one node then reach each other, and a Service, by routing. On a bridge, an answer to a
    # Service's client would bypass the node's address translation unless br_netfilter is loaded on this machine.
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": POD_NETWORK}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    return {
        "cniVersion": "0.4.0",
        "name": "pods",
        "plugins": [
            {"type": "ptp", "ipMasq": True, "ipam": addresses},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def _kubelet_settings(cluster: Cluster) -> Mapping[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{cluster.pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{cluster.pki}/kubelet.crt",
        "tlsPrivateKeyFile": f"{cluster.pki}/kubelet.key",
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "volumePluginDir": "/var/lib/kubelet/volumeplugins",
        "podLogsDir": f"{cluster.log}/pods",
        "clusterDNS": [cluster.node_address],
        "clusterDomain": "cluster.local",
        "resolvConf": f"{cluster.settings}/resolv.conf",
        "maxPods": 200,
        "failSwapOn": False,
        "oomScoreAdj": 0,  # this machine may not permit lowering it
        # Control groups are this machine's, not the cluster's: below a root of its own, one cluster's kubelet does not
        # take the pods of another for leftovers of its own.
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cluster.name}",
        # Percentages, the default, would evict pods on a large disk that is well filled. An image that is collected
        # cannot be fetched again, so none ever is.
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "50Mi", "imagefs.available": "50Mi"},
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "nodeStatusUpdateFrequency": "5s",
    }


def _proxy_settings(cluster: Cluster) -> Mapping[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": f"{cluster.pki}/proxy.conf"},
        "mode": "iptables",
        "clusterCIDR": POD_NETWORK,
        "hostnameOverride": NODE,
        "oomScoreAdj": 0,
        # these would set limits of the whole machine
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def _dns_settings(cluster: Cluster) -> str:
    return f"""\
.:53 {{
    errors
    cache 5
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {cluster.pki}/coredns.conf
        ttl 5
    }}
}}
"""
