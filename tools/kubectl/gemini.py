"""The server that plays Gemini, in a pod behind a Service, and how to talk to it from outside."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tools import fake_gemini
from tools.fake_gemini.behaviour import Behaviour, tokens_of
from tools.kubectl.client import Kubectl


NAME = "gemini"
PORT = 8080
KEY_SECRET = "gemini-key"


class Model:
    """The server, from outside: through the API server, which hands requests on to the Service."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._path = f"/api/v1/namespaces/{kubectl.namespace}/services/{NAME}:{PORT}/proxy/_fake"

    def configure(self, **settings: Any) -> None:
        """Set what it does from now on, everything else as at its start; and forget what was asked so far."""
        body = json.dumps({**asdict(Behaviour()), **settings, "clear": True})
        self._kubectl.run("replace", f"--raw={self._path}/plan", "--filename=-", stdin=body)

    def change(self, **settings: Any) -> None:
        """Set what it does from now on, and leave everything else as it is."""
        self._kubectl.run("replace", f"--raw={self._path}/plan", "--filename=-", stdin=json.dumps(settings))

    def log(self, least: int = 0) -> list[dict[str, Any]]:
        """Every request it has seen, once there are so many."""
        seen: list[dict[str, Any]] = json.loads(self._kubectl.run("get", f"--raw={self._path}/log?least={least}"))
        assert len(seen) >= least
        return seen

    def tokens(self) -> dict[str, int]:
        """What it has sold, as it counts itself."""
        return tokens_of(self.log())

    def good_answers(self) -> Counter[tuple[str, ...]]:
        """How often it gave a good answer about the same pages."""
        return Counter(tuple(it["page_texts"]) for it in self.log() if it["fault"] == "ok" and it["status"] == 200)


def start(kubectl: Kubectl, image: str) -> Model:
    """Start the server in this namespace, and wait until pods and the API server reach it.

    Args:
        kubectl: In the namespace.
        image: Of the chunk runner.
    """
    for manifest in manifests(image):
        kubectl.apply(manifest)
    kubectl.wait(f"pod/{NAME}", "condition=Ready")
    kubectl.wait(f"endpoints/{NAME}", "create")  # by which the API server finds the pod
    kubectl.wait(f"endpoints/{NAME}", "jsonpath={.subsets[0].addresses[0].ip}")
    return Model(kubectl)


def address(namespace: str) -> str:
    """Where pods find it."""
    return f"http://{NAME}.{namespace}.svc.cluster.local:{PORT}"


def key_secret(key: str) -> dict[str, Any]:
    """The Secret that a PdfJob names."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": KEY_SECRET}, "stringData": {"key": key}}


def manifests(image: str) -> list[dict[str, Any]]:
    """The server's code, pod and Service."""
    code = {file.name: file.read_text(encoding="utf-8") for file in Path(str(fake_gemini.__file__)).parent.glob("*.py")}
    labels = {"app": NAME}
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME}, "data": code},
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": NAME, "labels": labels},
            "spec": {
                "automountServiceAccountToken": False,
                "terminationGracePeriodSeconds": 0,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 65532,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [
                    {
                        "name": NAME,
                        "image": image,
                        "imagePullPolicy": "IfNotPresent",
                        "command": ["python3", "-m", fake_gemini.__name__, "--host=0.0.0.0", f"--port={PORT}"],
                        "env": [{"name": "PYTHONPATH", "value": "/code"}],
                        # Not for readiness: a server that is busy must not be taken away from its Service.
                        "startupProbe": {
                            "httpGet": {"path": "/_fake/log", "port": PORT},
                            "periodSeconds": 1,
                            "failureThreshold": 60,
                        },
                        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                        "volumeMounts": [
                            {"name": "code", "mountPath": f"/code/{fake_gemini.__name__.replace('.', '/')}"}
                        ],
                    }
                ],
                "volumes": [{"name": "code", "configMap": {"name": NAME}}],
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": NAME},
            "spec": {"selector": labels, "ports": [{"port": PORT}]},
        },
    ]
