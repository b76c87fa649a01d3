"""The cluster of tests and benchmarks: the programs to talk to it, the images, and the operator installed by Helm.

It is the project's own one-node Kubernetes (`testcluster`), or the throw-away cluster that `PDFJOB_TEST_KUBECONFIG`
names, with all images where its nodes find them (`PDFJOB_TEST_OPERATOR_IMAGE`, `PDFJOB_TEST_RUNNER_IMAGE`,
`PDFJOB_TEST_REDIS_IMAGE`) and kubectl and helm on PATH.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.builds import binaries, images
from tools.kubectl import gemini
from tools.kubectl.client import PATIENCE_SECONDS, Kubectl
from tools.testcluster import node


PROJECT = Path(__file__).parents[2]
CHART = PROJECT / "charts" / "pdfjob-operator"

HELM_WAITS = ("--wait", f"--timeout={PATIENCE_SECONDS}s")
"""Options with which Helm waits until what it installed works."""


class NotReadyError(AssertionError):
    """The cluster that was given lacks something; the message lists what."""


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
        """Return kubectl in this namespace."""
        return Kubectl(self.kubectl, self.kubeconfig, namespace)

    def new_namespace(self, prefix: str) -> Kubectl:
        """Create a namespace that enforces the restricted standard, and return kubectl in it."""
        kubectl = self.in_namespace(f"{prefix}-{secrets.token_hex(3)}")
        kubectl.create_namespace()
        kubectl.run("label", "namespace", kubectl.namespace, "pod-security.kubernetes.io/enforce=restricted")
        return kubectl

    def run_helm(self, *arguments: str) -> str:
        """Return what helm prints."""
        done = subprocess.run(
            [self.helm, f"--kubeconfig={self.kubeconfig}", *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def image_values(self) -> dict[str, str]:
        """Return the chart's values for the images."""
        return {
            **_image("image", self.operator_image),
            **_image("runner.image", self.runner_image),
            **_image("redis.image", self.redis_image),
        }

    @contextmanager
    def operator(self, prefix: str, values: Mapping[str, str]) -> Iterator[Kubectl]:
        """Install the operator in a namespace of its own while the block runs, and yield kubectl in that namespace.

        It asks the server of `tools.kubectl.gemini` in the same namespace, if there is one, in place of Gemini.

        Args:
            prefix: Of the namespace's name.
            values: Further values of the chart.
        """
        kubectl = self.new_namespace(prefix)
        settings = {**self.image_values(), "gemini.baseUrl": gemini.address(kubectl.namespace), **values}
        self.run_helm(
            "install", "pdfjob", str(CHART), f"--namespace={kubectl.namespace}", "--take-ownership", *HELM_WAITS,
            *(f"--set={key}={value}" for key, value in settings.items()),
        )  # fmt: skip
        try:
            yield kubectl
        finally:
            if self.node is None:  # a cluster of our own goes as a whole
                self.run_helm("uninstall", "pdfjob", f"--namespace={kubectl.namespace}", "--wait")
                kubectl.run("delete", "namespace", kubectl.namespace)


@contextmanager
def installation(folder: Path) -> Iterator[Installation]:
    """Yield the cluster that is given; if none is, start one in a folder, and stop it after the block.

    Raises:
        NotReadyError: The given cluster's programs or images are missing.
    """
    if given := os.environ.get("PDFJOB_TEST_KUBECONFIG"):
        yield _given(Path(given))
        return
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
        raise NotReadyError(f"PDFJOB_TEST_KUBECONFIG is set, but these are missing: {', '.join(missing)}")
    return Installation(
        kubectl=Path(str(programs["kubectl"])),
        helm=Path(str(programs["helm"])),
        kubeconfig=kubeconfig,
        operator_image=os.environ["PDFJOB_TEST_OPERATOR_IMAGE"],
        runner_image=os.environ["PDFJOB_TEST_RUNNER_IMAGE"],
        redis_image=os.environ["PDFJOB_TEST_REDIS_IMAGE"],
        node=None,
    )


def _image(value: str, image: str) -> dict[str, str]:
    repository, _, tag = image.rpartition(":")
    return {f"{value}.repository": repository, f"{value}.tag": tag}
