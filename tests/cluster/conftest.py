"""A real cluster, the operator installed by Helm, and for each test a namespace of its own.

The cluster is the project's own one-node Kubernetes (`testcluster`), which runs from the first of these tests to the
last; or the throw-away cluster that `PDFJOB_TEST_KUBECONFIG` names, with all images where its nodes find them
(`PDFJOB_TEST_OPERATOR_IMAGE`, `PDFJOB_TEST_RUNNER_IMAGE`, `PDFJOB_TEST_REDIS_IMAGE`) and kubectl and helm on PATH.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cluster import model
from cluster.model import Model
from tools.builds import binaries, images
from tools.kubectl.client import PATIENCE_SECONDS, Kubectl
from tools.kubectl.manifests import CLAIM, claim, librarian
from tools.kubectl.volume import Volume
from tools.testcluster import node
from tools.testcluster.layout import Cluster


PROJECT = Path(__file__).parents[2]
CHART = PROJECT / "charts" / "pdfjob-operator"

HELM_WAITS = ("--wait", f"--timeout={PATIENCE_SECONDS}s")
"""Options with which Helm waits until what it installed works."""


@dataclass(frozen=True)
class Installation:
    """A cluster and the programs to talk to it.

    Attributes:
        kubectl: The program.
        helm: The program.
        kubeconfig: Which cluster.
        operator_image: Where its nodes find it.
        runner_image: Where its nodes find it.
        redis_image: Where its nodes find it.
        node: The folder of the project's own cluster; `None` for a given one.
    """

    kubectl: Path
    helm: Path
    kubeconfig: Path
    operator_image: str
    runner_image: str
    redis_image: str
    node: Path | None

    def in_namespace(self, namespace: str) -> Kubectl:
        """kubectl, in this namespace."""
        return Kubectl(self.kubectl, self.kubeconfig, namespace)

    def run_helm(self, *arguments: str) -> str:
        """What helm prints."""
        done = subprocess.run(
            [self.helm, f"--kubeconfig={self.kubeconfig}", *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    given = os.environ.get("PDFJOB_TEST_KUBECONFIG")
    if given:
        yield _given(Path(given))
        return
    folder = tmp_path_factory.mktemp("cluster")
    running = node.up(folder)
    try:
        for target, image in (("operator", images.OPERATOR_IMAGE), ("chunk-runner", images.CHUNK_RUNNER_IMAGE)):
            node.load(folder, images.build(target, image, PROJECT))
        node.load(folder, images.build("redis", images.REDIS_IMAGE, images.REDIS_FOLDER))
        yield Installation(
            kubectl=running.bin / "kubectl",
            helm=binaries.helm(),
            kubeconfig=running.kubeconfig,
            operator_image=images.OPERATOR_IMAGE,
            runner_image=images.CHUNK_RUNNER_IMAGE,
            redis_image=images.REDIS_IMAGE,
            node=folder,
        )
    finally:
        node.down(folder)


def _given(kubeconfig: Path) -> Installation:
    programs = {name: shutil.which(name) for name in ("kubectl", "helm")}
    missing = [name for name, path in programs.items() if path is None]
    images_of = [f"PDFJOB_TEST_{name}_IMAGE" for name in ("OPERATOR", "RUNNER", "REDIS")]
    missing += [name for name in images_of if name not in os.environ]
    if missing:
        pytest.fail(f"PDFJOB_TEST_KUBECONFIG is set, but these are missing: {', '.join(missing)}", pytrace=False)
    return Installation(
        kubectl=Path(str(programs["kubectl"])),
        helm=Path(str(programs["helm"])),
        kubeconfig=kubeconfig,
        operator_image=os.environ["PDFJOB_TEST_OPERATOR_IMAGE"],
        runner_image=os.environ["PDFJOB_TEST_RUNNER_IMAGE"],
        redis_image=os.environ["PDFJOB_TEST_REDIS_IMAGE"],
        node=None,
    )


@pytest.fixture(scope="package")
def box(cluster: Installation) -> Cluster:
    """The project's own cluster, for a test that kills its processes or mounts in it."""
    assert cluster.node, "the cluster of PDFJOB_TEST_KUBECONFIG is not this project's own node"
    return node.require_running(cluster.node)


@pytest.fixture(scope="package")
def operator(cluster: Installation) -> Iterator[Kubectl]:
    """The operator, installed by Helm in a namespace of its own, which this kubectl sees."""
    namespace = f"pdfjob-test-{secrets.token_hex(3)}"
    kubectl = cluster.in_namespace(namespace)
    _make_namespace(kubectl)
    settings = {
        **image_values(cluster),
        "redis.enabled": "true",
        "gemini.baseUrl": model.address(namespace),
        "workspace.create": "false",
        "resyncPeriodSeconds": "30",
        "workspace.retentionSeconds": "5",
    }
    cluster.run_helm(
        "install", "pdfjob", str(CHART), f"--namespace={namespace}", "--take-ownership", *HELM_WAITS,
        *(f"--set={key}={value}" for key, value in settings.items()),
    )  # fmt: skip
    try:
        yield kubectl
    finally:
        if cluster.node is None:  # a cluster of the tests' own goes as a whole
            cluster.run_helm("uninstall", "pdfjob", f"--namespace={namespace}", "--wait")
            kubectl.run("delete", "namespace", namespace)


@pytest.fixture
def kubectl(cluster: Installation, operator: Kubectl) -> Iterator[Kubectl]:
    """A user's kubectl, in a fresh namespace that enforces the restricted standard."""
    assert operator
    kubectl = cluster.in_namespace(f"pdfjob-test-{secrets.token_hex(3)}")
    _make_namespace(kubectl)
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
    for manifest in model.manifests(cluster.runner_image):
        operator.apply(manifest)
    operator.wait(f"pod/{model.NAME}", "condition=Ready")
    operator.wait(f"endpoints/{model.NAME}", "create")  # by which the API server finds the pod
    operator.wait(f"endpoints/{model.NAME}", "jsonpath={.subsets[0].addresses[0].ip}")
    return Model(operator)


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


def _make_namespace(kubectl: Kubectl) -> None:
    kubectl.create_namespace()
    kubectl.run("label", "namespace", kubectl.namespace, "pod-security.kubernetes.io/enforce=restricted")


def image_values(cluster: Installation) -> dict[str, str]:
    """The chart's values for images that the cluster's nodes have."""
    return {
        **_image("image", cluster.operator_image),
        **_image("runner.image", cluster.runner_image),
        **_image("redis.image", cluster.redis_image),
    }


def _image(value: str, image: str) -> dict[str, str]:
    repository, _, tag = image.rpartition(":")
    return {f"{value}.repository": repository, f"{value}.tag": tag}
