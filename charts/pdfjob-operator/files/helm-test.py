"""`helm test`: process a PDF file of two pages on a claim, and check the output there.

Runs in a pod with the operator image, which mounts the claim, and needs only Python. Deletes its file and its PdfJob.
On an existing claim, every deleted PdfJob leaves behind its workspace, which a sweep removes, and the Job of the last
sweep. A claim that was created for the test is deleted with its pod.
"""

from __future__ import annotations

import json
import signal
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SERVER = "https://kubernetes.default.svc"
PAGES = ("This is the first page.", "This is the second page.")


class FailureError(Exception):
    """The test failed; the message is one sentence."""


class Api:
    """Client for the PdfJobs of a namespace.

    Args:
        namespace: The namespace.
        server: URL of the API server.
        account: Folder with the token of the pod and the certificate of the API server.
    """

    def __init__(self, namespace: str, server: str = SERVER, account: Path = ACCOUNT) -> None:
        self._path = f"/apis/pdfjob.dev/v1alpha1/namespaces/{namespace}/pdfjobs"
        self._server = urlsplit(server)
        self._account = account
        self._tls: ssl.SSLContext | None = None
        if self._server.scheme == "https":
            self._tls = ssl.create_default_context(cafile=str(account / "ca.crt"))
            # The certificates of some clusters do not pass the stricter checks of Python 3.13.
            self._tls.verify_flags &= ~ssl.VERIFY_X509_STRICT

    def call(self, method: str, name: str = "", body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """Return the response of the API server, or `None` if the named PdfJob does not exist.

        Raises:
            FailureError: The API server refuses the request or does not answer.
        """
        try:
            status, text = self._send(method, f"{self._path}/{name}".rstrip("/"), body)
        except (OSError, HTTPException) as error:
            raise FailureError(f"the API server does not answer: {error}") from error
        if status == HTTPStatus.NOT_FOUND and name:
            return None
        if status >= HTTPStatus.BAD_REQUEST:
            message = text.decode(errors="replace")
            with suppress(ValueError, KeyError, TypeError):
                message = json.loads(message)["message"]
            raise FailureError(f"the API server refuses to {method} a PdfJob ({status}): {message}")
        found: dict[str, Any] = json.loads(text)
        return found

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, bytes]:
        host = self._server.netloc
        secure = self._tls is not None
        connection = (
            HTTPSConnection(host, timeout=30, context=self._tls) if secure else HTTPConnection(host, timeout=30)
        )
        headers = {
            "Authorization": f"Bearer {(self._account / 'token').read_text().strip()}",
            "Content-Type": "application/json",
        }
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def two_pages() -> bytes:
    """Return a PDF file with one sentence on each of its pages."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R 6 0 R] /Count 2 >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for text in PAGES:
        content = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET".encode()
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >>"
            b" /Contents %d 0 R >>" % (len(objects) + 2)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    pdf, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    xref = len(pdf)
    pdf += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    pdf += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    pdf += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, xref)
    return bytes(pdf)


def run(api: Api, name: str, claim: str, volume: Path, seconds: float) -> str:
    """Run the test, and return a summary of two lines.

    Args:
        api: Client for the PdfJobs of the namespace.
        name: Name of the PdfJob, and of the file.
        claim: Name of the claim.
        volume: Folder where the claim is mounted.
        seconds: Maximum duration of the PdfJob.

    Raises:
        FailureError: The test failed.
    """
    with _source(volume / f"{name}.pdf") as source, _job(api, name, claim, source.name):
        status = _wait(api, name, seconds)
        path = status["output"]["path"]
        try:
            output = json.loads((volume / path).read_text())
        except (OSError, ValueError) as error:
            raise FailureError(
                f"the PdfJob {name} is complete, but its output {path} cannot be read: {error}"
            ) from error
    found = [sentence["text"] for sentence in output["sentences"]]
    if found != list(PAGES):
        raise FailureError(f"the PdfJob {name} is complete, but its output is {found} instead of {list(PAGES)}")
    duration = status.get("duration", "an unknown time")
    return f"{name}: {status['phase']}, {status['pages']} pages in {duration}\n{' '.join(found)}"


def _wait(api: Api, name: str, seconds: float) -> dict[str, Any]:
    """Return the status of the PdfJob once it is complete."""
    deadline = time.monotonic() + seconds
    status: dict[str, Any] = {}
    while time.monotonic() < deadline:
        job = api.call("GET", name)
        if job is None:
            raise FailureError(f"the PdfJob {name} was deleted before it finished")
        status = job.get("status") or {}
        true = {condition["type"] for condition in status.get("conditions", ()) if condition["status"] == "True"}
        if "Complete" in true:
            return status
        if "Failed" in true:
            raise FailureError(f"the PdfJob {name} failed: {status.get('message', 'its status has no message')}")
        time.sleep(0.5)
    state = f"its phase is {status['phase']}: {status.get('message', '')}" if status else "no operator has processed it"
    raise FailureError(f"the PdfJob {name} did not finish within {seconds:.0f} s; {state}")


@contextmanager
def _source(path: Path) -> Iterator[Path]:
    try:
        path.write_bytes(two_pages())
    except OSError as error:
        raise FailureError(f"user 65532 cannot write to the claim: {error}") from error
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _job(api: Api, name: str, claim: str, source: str) -> Iterator[None]:
    _delete(api, name)  # a killed test leaves its PdfJob behind
    manifest = {
        "apiVersion": "pdfjob.dev/v1alpha1",
        "kind": "PdfJob",
        "metadata": {"name": name},
        "spec": {
            "source": {"volume": {"claimName": claim, "path": source}},
            "storage": {"claimName": claim},
            "chunking": {"pagesPerChunk": 1},
        },
    }
    api.call("POST", body=manifest)
    try:
        yield
    finally:
        _delete(api, name)


def _delete(api: Api, name: str) -> None:
    deadline = time.monotonic() + 30
    while api.call("DELETE", name) is not None and api.call("GET", name) is not None:
        if time.monotonic() > deadline:
            raise FailureError(f"the PdfJob {name} was not deleted within 30 s: check its finalizers")
        time.sleep(0.5)


def _stop(*_: object) -> None:
    raise FailureError("the test pod was stopped before the PdfJob finished")


def main(namespace: str, name: str, claim: str, volume: str, seconds: str) -> int:
    """Run the test in its pod, and return the exit code."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        result = run(Api(namespace), name, claim, Path(volume), float(seconds))
    except FailureError as error:
        sys.stderr.write(f"helm test: {error}\n")
        return 1
    sys.stdout.write(f"{result}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
