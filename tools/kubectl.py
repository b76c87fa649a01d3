"""What a user has: kubectl, a namespace, and a pod that puts files on a claim and looks at them."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from tools.watch_history import History


PATIENCE_SECONDS = 300
"""How long a test waits for anything. No promise: the machine may be busy."""

CLAIM = "pdfjob-workspace"
LIBRARIAN = "librarian"
OPERATOR = "--selector=app.kubernetes.io/name=pdfjob-operator"
"""The operator in its namespace, where its Redis and a test's servers are too."""


class KubectlError(AssertionError):
    """kubectl refused; the message is what it said."""


class Kubectl:
    """kubectl in one namespace.

    Args:
        program: kubectl.
        kubeconfig: Which cluster.
        namespace: Which namespace.
    """

    def __init__(self, program: Path, kubeconfig: Path, namespace: str) -> None:
        self._base = [str(program), f"--kubeconfig={kubeconfig}", f"--namespace={namespace}"]
        self.namespace = namespace

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """What kubectl prints."""
        done = subprocess.run(
            [*self._base, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise KubectlError(done.stderr.strip())
        return done.stdout

    def get(self, *arguments: str) -> Any:
        """An object, or the items of a list."""
        found = json.loads(self.run("get", *arguments, "--output=json"))
        return found.get("items", found)

    def apply(self, manifest: dict[str, Any]) -> None:
        """Apply a manifest."""
        self.run("apply", "--filename=-", stdin=json.dumps(manifest))

    def status(self, name: str) -> dict[str, Any]:
        """The status of a PdfJob."""
        status: dict[str, Any] = self.get(f"pdfjob/{name}").get("status", {})
        return status

    def create_namespace(self) -> None:
        """Create the namespace, and wait until a pod can be created in it: until it has its service account."""
        self.run("create", "namespace", self.namespace)
        self.wait("serviceaccount/default", "create")

    def wait(self, what: str, condition: str, *more: str) -> None:
        """Wait as a user would, for objects by name, or of a kind that more arguments select."""
        self.run("wait", what, *more, f"--for={condition}", f"--timeout={PATIENCE_SECONDS}s")

    @contextmanager
    def history(self) -> Iterator[list[dict[str, Any]]]:
        """Every state that PdfJobs have while the block runs; complete once the block has ended."""
        path = f"/apis/pdfjob.dev/v1alpha1/namespaces/{self.namespace}/pdfjobs"
        begin = json.loads(self.run("get", f"--raw={path}"))
        history = History(begin)
        query = f"watch=1&resourceVersion={begin['metadata']['resourceVersion']}"
        command = [*self._base, "get", f"--raw={path}?{query}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watch:
            assert watch.stdout
            reader = Thread(target=history.read, args=(watch.stdout,))
            reader.start()
            try:
                yield history.states
                history.wait_until_told(json.loads(self.run("get", f"--raw={path}")))
            finally:
                watch.terminate()
                reader.join()

    @contextmanager
    def proxy(self) -> Iterator[str]:
        """The API server without certificates, at this address of this machine, while the block runs."""
        with subprocess.Popen([*self._base, "proxy", "--port=0"], stdout=subprocess.PIPE, text=True) as proxy:
            try:
                assert proxy.stdout
                line = proxy.stdout.readline()  # "Starting to serve on 127.0.0.1:40321"
                assert line, "kubectl proxy does not start"
                yield line.split()[-1]
            finally:
                proxy.terminate()


class Volume:
    """The claim of a namespace, seen through a pod that mounts it whole."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self.workspaces = f"pdfjobs/{kubectl.namespace}"
        """The folder of this namespace's workspaces."""

    def put(self, source: Path, name: str) -> None:
        """Copy a file onto the volume."""
        self._kubectl.run("cp", str(source), f"{LIBRARIAN}:/volume/{name}")

    def read(self, name: str, to: Path) -> bytes:
        """Copy a file from the volume."""
        self._kubectl.run("cp", f"{LIBRARIAN}:/volume/{name}", str(to))
        return to.read_bytes()

    def shell(self, command: str) -> str:
        """Run a command in the volume's root, with the rights that the jobs' pods have."""
        return self._kubectl.run("exec", LIBRARIAN, "--", "sh", "-c", f"cd /volume && {command}")

    def files(self, folder: str) -> set[str]:
        """Every file below a folder, relative to it; but for the marks of workspaces."""
        listed = self.shell(f"mkdir -p {folder} && cd {folder} && find . -type f ! -name .claim")
        return {line.removeprefix("./") for line in listed.splitlines()}


def pdfjob(name: str, path: str, **spec: Any) -> dict[str, Any]:
    """A PdfJob on a file of the namespace's volume."""
    return {
        "apiVersion": "pdfjob.dev/v1alpha1",
        "kind": "PdfJob",
        "metadata": {"name": name},
        "spec": {"source": {"volume": {"path": path}}, **spec},
    }


def claim(name: str) -> dict[str, Any]:
    """A claim to a volume of the cluster's default storage class."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}},
    }


def librarian(image: str) -> dict[str, Any]:
    """The pod behind `Volume`; it passes the restricted standard too."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": LIBRARIAN},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65532,
                "runAsGroup": 65532,
                "fsGroup": 65532,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": LIBRARIAN,
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["sleep", "infinity"],
                    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                    "volumeMounts": [{"name": "volume", "mountPath": "/volume"}],
                }
            ],
            "volumes": [{"name": "volume", "persistentVolumeClaim": {"claimName": CLAIM}}],
        },
    }
