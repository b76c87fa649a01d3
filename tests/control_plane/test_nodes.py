"""Two nodes, and the real scheduler: pods that mount a claim for one node share one, and another once it is drained."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from processes.running import until
from tools.control_plane.fake_pods import HeldPlan
from tools.control_plane.harness import Harness
from tools.kubectl.manifests import CLAIM, claim
from tools.testcluster import node
from tools.testcluster.layout import Cluster


NODES = ("east", "west")
POOL = {"tests.pdfjob.dev/pool": "two"}
STAGES = frozenset({"prepare", "chunks", "merge"})


@pytest.fixture
def nodes(control_plane: Cluster, harness: Harness) -> Iterator[None]:
    """Two nodes without a kubelet, and the scheduler, which takes them for nodes that work."""
    for name in NODES:
        labels = {**POOL, "kubernetes.io/hostname": name}
        harness.make({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}})
        room = {"cpu": "8", "memory": "16Gi", "ephemeral-storage": "1Ti", "pods": "110"}
        ready = {"type": "Ready", "status": "True", "reason": "Test", "message": ""}
        status = {"status": {"capacity": room, "allocatable": room, "conditions": [ready]}}
        harness.kubectl.run(
            "patch", f"node/{name}", "--subresource=status", "--type=merge", f"--patch={json.dumps(status)}"
        )
    node.start(control_plane.folder, "kube-scheduler")
    try:
        yield
    finally:
        node.stop(control_plane.folder, "kube-scheduler")
        harness.kubectl.run("delete", "nodes", *NODES)


def start(harness: Harness, access_mode: str) -> None:
    """Create a PdfJob of four chunks on a claim whose volume has this access mode and no other."""
    manifest, own = claim(CLAIM), {"storageClassName": harness.namespace, "accessModes": [access_mode]}
    manifest["spec"] |= own
    harness.make(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": harness.namespace},
            "spec": {**own, "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/nonexistent"}},
        }
    )
    harness.kubectl.apply(manifest)
    harness.kubectl.wait(f"pvc/{CLAIM}", "jsonpath={.status.phase}=Bound")
    # Nobody tells the control plane for long that the nodes work.
    late = [{"key": f"node.kubernetes.io/{it}", "operator": "Exists"} for it in ("not-ready", "unreachable")]
    harness.operator(PDFJOB_RUNNER_POD=json.dumps({"nodeSelector": POOL, "tolerations": late}))
    harness.create("job", HeldPlan(holds=STAGES), workers=4)


def scheduled(harness: Harness, stage: str, number: int) -> list[dict[str, Any]]:
    """The pods of a stage that have not ended, once so many have a node."""
    selector = f"--selector=pdfjob.dev/stage={stage}"
    running = "--field-selector=status.phase!=Failed"
    found: list[dict[str, Any]] = []

    def are_scheduled() -> bool:
        found[:] = harness.kubectl.get("pods", selector, running)
        return len(found) == number and all("nodeName" in pod["spec"] for pod in found)

    until(are_scheduled)
    return found


def nodes_of(pods: list[dict[str, Any]]) -> set[str]:
    return {pod["spec"]["nodeName"] for pod in pods}


def drain(harness: Harness, name: str, pods: list[dict[str, Any]]) -> None:
    """Drain a node, and play the kubelet that ends its pods."""
    harness.kubectl.run("cordon", name)
    path = f"/api/v1/namespaces/{harness.namespace}/pods"
    for pod in (it["metadata"]["name"] for it in pods):
        meta = {"name": pod, "namespace": harness.namespace}
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}
        harness.kubectl.run("create", f"--raw={path}/{pod}/eviction", "--filename=-", stdin=json.dumps(eviction))
        failed = json.dumps({"status": {"phase": "Failed"}})
        harness.kubectl.run("patch", f"pod/{pod}", "--subresource=status", "--type=merge", f"--patch={failed}")


@pytest.mark.usefixtures("nodes")
def test_pods_on_a_claim_for_one_node_share_one_and_move_together_when_it_is_drained(harness: Harness) -> None:
    start(harness, "ReadWriteOnce")
    (first,) = nodes_of(scheduled(harness, "prepare", 1))
    harness.release("job", "prepare")
    chunks = scheduled(harness, "chunks", 4)
    assert nodes_of(chunks) == {first}

    drain(harness, first, chunks)

    (second,) = {*NODES} - {first}
    assert nodes_of(scheduled(harness, "chunks", 4)) == {second}
    harness.release("job", "chunks")
    assert nodes_of(scheduled(harness, "merge", 1)) == {second}
    harness.release("job", "merge")
    assert harness.end_of("job") == "Succeeded"
    assert harness.kubectl.status("job")["chunks"]["failed"] == 0


@pytest.mark.usefixtures("nodes")
def test_pods_on_a_claim_for_many_nodes_use_both(harness: Harness) -> None:
    start(harness, "ReadWriteMany")
    scheduled(harness, "prepare", 1)
    harness.release("job", "prepare")

    assert nodes_of(scheduled(harness, "chunks", 4)) == {*NODES}

    for stage in ("chunks", "merge"):
        harness.release("job", stage)
    assert harness.end_of("job") == "Succeeded"
