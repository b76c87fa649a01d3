"""A platform that assigns users to pods, as OpenShift's restricted-v2 does: a mutating webhook, served by this process.

A container gets a user from a range, and a pod an fsGroup; the group of its processes is then 0, because no user of the
image has this id. A pod that asks for ids of its own is refused. Knows nothing of PdfJobs.
"""

import json
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path
from threading import Thread
from typing import Any

from tools.kubectl.client import Kubectl
from tools.testcluster.layout import Cluster


USERS = (1_000_650_000, 1_000_660_000)
"""The first users of two ranges. Pods get them by turns, as on a volume that was restored in another namespace."""

_NAME = "tests.pdfjob.dev"
_IDS = {"runAsUser", "runAsGroup", "fsGroup", "supplementalGroups"}


@contextmanager
def assigned_ids(kubectl: Kubectl, cluster: Cluster, folder: Path) -> Iterator[None]:
    """Assign ids to the pods of a namespace during the block.

    Args:
        kubectl: kubectl of an administrator, in that namespace.
        cluster: The cluster, whose API server calls this process.
        folder: Folder for the key and the certificate.
    """
    key, certificate = folder / "webhook.key", folder / "webhook.crt"
    _write_certificate(key, certificate, cluster.host_address)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with ThreadingHTTPServer((cluster.host_address, 0), _Handler) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"https://{cluster.host_address}:{server.server_port}"
            kubectl.apply(_configuration(kubectl.namespace, url, certificate.read_bytes()))
            yield
        finally:
            kubectl.run("delete", "mutatingwebhookconfiguration", _NAME, "--ignore-not-found")
            server.shutdown()
            thread.join()


def _write_certificate(key: Path, certificate: Path, address: str) -> None:
    """Write a key, and a certificate for an address that it signs itself."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-days", "1", "-subj", "/CN=webhook"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-addext", f"subjectAltName=IP:{address}"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )


class _Handler(BaseHTTPRequestHandler):
    _users = cycle(USERS)

    def do_POST(self) -> None:
        """Answer an AdmissionReview."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
        answer = {"uid": request["uid"], **_answer(request["object"]["spec"], next(self._users))}
        body = json.dumps({**review, "response": answer}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _answer(pod: dict[str, Any], user: int) -> dict[str, Any]:
    """Return the answer to a pod that is about to be created: ids for it, or a refusal."""
    contexts = [pod.get("securityContext", {}), *(it.get("securityContext", {}) for it in pod["containers"])]
    if asked := _IDS & {key for context in contexts for key in context}:
        return {"allowed": False, "status": {"message": f"{', '.join(sorted(asked))} is outside the allowed range"}}
    patch = [{"op": "add", "path": "/spec/securityContext/fsGroup", "value": user}]
    patch += [
        {"op": "add", "path": f"/spec/containers/{number}/securityContext/runAsUser", "value": user}
        for number in range(len(pod["containers"]))
    ]
    return {"allowed": True, "patchType": "JSONPatch", "patch": b64encode(json.dumps(patch).encode()).decode()}


def _configuration(namespace: str, url: str, certificate: bytes) -> dict[str, Any]:
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": _NAME},
        "webhooks": [
            {
                "name": _NAME,
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
                "namespaceSelector": selector,
                "rules": [pods],
                "clientConfig": {"url": url, "caBundle": b64encode(certificate).decode()},
            }
        ],
    }
