"""The API server, as the few calls that bringing a cluster up needs.

Knows HTTP and the administrator's certificate. Must not know what the objects mean. Tests have better
clients than this.
"""

import http.client
import json
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from tools.builds.shell import SetupError
from tools.testcluster.layout import Cluster


class Api:
    """The API server of a cluster, with an administrator's permissions."""

    def __init__(self, cluster: Cluster) -> None:
        self._address = cluster.node_address
        self._log = cluster.log / "kube-apiserver.log"
        self._tls = ssl.create_default_context(cafile=cluster.pki / "ca.crt")
        self._tls.load_cert_chain(cluster.pki / "admin.crt", cluster.pki / "admin.key")

    def ready(self) -> bool:
        """Return whether the API server reports that it is ready."""
        try:
            status, _ = self._call("GET", "/readyz")
        except SetupError:
            return False
        return status == HTTPStatus.OK

    def get(self, path: str) -> dict[str, Any] | None:
        """Return an object, or None if it does not exist."""
        status, body = self._call("GET", path)
        if status == HTTPStatus.NOT_FOUND:
            return None
        self._require(status, path, body)
        answer: dict[str, Any] = json.loads(body)
        return answer

    def create(self, path: str, thing: Mapping[str, Any]) -> None:
        """Create an object, unless it exists."""
        status, body = self._call("POST", path, json.dumps(thing))
        if status != HTTPStatus.CONFLICT:
            self._require(status, path, body)

    def _call(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        connection = http.client.HTTPSConnection(self._address, 6443, timeout=10, context=self._tls)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise SetupError(f"the API server does not answer ({error}); see {self._log}") from error
        finally:
            connection.close()

    def _require(self, status: int, path: str, body: str) -> None:
        if status >= HTTPStatus.BAD_REQUEST:
            raise SetupError(f"the API server answered {status} to {path}: {body.strip()}; see {self._log}")
