"""Putting it up and taking it down: the control plane, and an harness in it. For tests and for longer runs alike."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.control_plane.harness import Harness
from tools.control_plane.world import World
from tools.kubectl.client import Kubectl
from tools.testcluster import node
from tools.testcluster.layout import Cluster


CRD = Path(__file__).parents[2] / "crds" / "pdfjobs.pdfjob.dev.yaml"


@contextmanager
def control_plane_in(folder: Path) -> Iterator[Cluster]:
    """A control plane that knows PdfJobs; nothing in it runs pods, and no node is written to.

    Raises:
        UnsuitableMachineError: This machine cannot run one.
    """
    cluster = node.up(folder)
    try:
        for component in ("kubelet", "kube-scheduler"):
            node.stop(folder, component)
        kubectl = Kubectl(cluster.bin / "kubectl", cluster.kubeconfig, "default")
        kubectl.run("apply", f"--filename={CRD}")
        kubectl.wait("crd/pdfjobs.pdfjob.dev", "condition=Established")
        yield cluster
    finally:
        node.down(folder)


@contextmanager
def harness_in(cluster: Cluster, world: World, logs: Path) -> Iterator[Harness]:
    """A namespace of its own, and all that a test does in it."""
    kubectl = Kubectl(cluster.bin / "kubectl", cluster.kubeconfig, f"pdfjob-test-{secrets.token_hex(3)}")
    kubectl.create_namespace()
    harness = Harness(kubectl, world, cluster.kubeconfig, logs)
    try:
        yield harness
    finally:
        harness.close()
        kubectl.run("delete", "pdfjobs", "--all", "--wait=false")
        kubectl.run("delete", "namespace", kubectl.namespace, "--wait=false")
        world.event_log.forget(kubectl.namespace)
