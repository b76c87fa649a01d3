"""kubectl in one namespace, as a user has it."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from tools.kubectl.watch_history import History


PATIENCE_SECONDS = 300
"""How long a test waits for anything. No promise: the machine may be busy."""

OPERATOR = "--selector=app.kubernetes.io/name=pdfjob-operator"
"""The operator in its namespace, where its Redis and a test's servers are too."""


ENVIRONMENT = {**os.environ, "GOGC": "off"}
"""kubectl lives too briefly for its garbage to be worth collecting: without that, a call takes a quarter less."""


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
            env=ENVIRONMENT,
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
