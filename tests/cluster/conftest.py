"""A real cluster, the operator installed by Helm, and for each test a namespace of its own.

The project's own cluster runs from the first of these tests to the last. A given one: `tools/kubectl/installation.py`.
"""

import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.kubectl import gemini as models
from tools.kubectl.client import Kubectl
from tools.kubectl.gemini import Model
from tools.kubectl.installation import Installation, installation
from tools.kubectl.manifests import CLAIM, claim, librarian
from tools.kubectl.volume import Volume
from tools.testcluster import node
from tools.testcluster.layout import Cluster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture(scope="package")
def box(cluster: Installation) -> Cluster:
    """The project's own cluster, for a test that kills its processes or mounts in it."""
    assert cluster.node, "the cluster of PDFJOB_TEST_KUBECONFIG is not this project's own node"
    return node.require_running(cluster.node)


@pytest.fixture(scope="package")
def operator(cluster: Installation) -> Iterator[Kubectl]:
    """The operator, installed by Helm in a namespace of its own, which this kubectl sees."""
    with cluster.operator(
        "pdfjob-test",
        {
            "redis.enabled": "true",
            "workspace.create": "false",
            "resyncPeriodSeconds": "30",
            "workspace.retentionSeconds": "5",
        },
    ) as kubectl:
        yield kubectl


@pytest.fixture
def kubectl(cluster: Installation, operator: Kubectl) -> Iterator[Kubectl]:
    """A user's kubectl, in a fresh namespace that enforces the restricted standard."""
    assert operator
    kubectl = cluster.new_namespace("pdfjob-test")
    try:
        yield kubectl
    finally:
        kubectl.run("delete", "namespace", kubectl.namespace, "--wait=false")


@pytest.fixture(scope="package")
def api(cluster: Installation, operator: Kubectl) -> Iterator[Kubectl]:
    """A user's kubectl for tests that only ask the API server: they share a namespace in which nothing runs."""
    assert operator
    kubectl = cluster.in_namespace(f"pdfjob-test-{secrets.token_hex(3)}")
    kubectl.create_namespace()
    try:
        yield kubectl
    finally:
        kubectl.run("delete", "namespace", kubectl.namespace, "--wait=false")


@pytest.fixture
def volume(cluster: Installation, kubectl: Kubectl) -> Volume:
    """The namespace's claim, and a way to look into it."""
    kubectl.apply(claim(CLAIM))
    kubectl.apply(librarian(cluster.runner_image))
    kubectl.wait("pod/librarian", "condition=Ready")
    return Volume(kubectl)


@pytest.fixture(scope="package")
def model_server(cluster: Installation, operator: Kubectl) -> Model:
    """The model's server, beside the operator."""
    return models.start(operator, cluster.runner_image)


@pytest.fixture
def gemini(model_server: Model) -> Model:
    """The model's server, without a fault and without a memory."""
    model_server.configure()
    return model_server


@pytest.fixture(scope="session")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PDF that nobody here wrote: the Debian Reference, 261 pages in Debian 12, from its package."""
    folder = tmp_path_factory.mktemp("manual")
    subprocess.run(["apt-get", "download", "debian-reference-en"], cwd=folder, check=True, capture_output=True)
    (package,) = folder.glob("*.deb")
    subprocess.run(["dpkg-deb", "--extract", package, folder], check=True)
    (pdf,) = folder.rglob("*.pdf")
    return pdf
