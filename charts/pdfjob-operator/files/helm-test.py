"""`helm test`: a PdfJob of two pages, from a file on the workspace claim to its output there.

Runs in a pod with the operator's image and a mount of the claim; needs nothing but Python. Deletes its file and its
PdfJob. What stays is what any deleted PdfJob leaves: its workspace until the next sweep, and the Job of the last sweep.
"""

from __future__ import annotations

import json
import signal
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SERVER = "https://kubernetes.default.svc"
PAGES = ("This is the first page.", "This is the second page.")


class FailureError(Exception):
    """The test failed; the message is one sentence."""


class Api:
    """The PdfJobs of a namespace.

    Args:
        namespace: The namespace.
        server: The API server.
        account: The folder with the pod's token and the server's certificate.
    """

    def __init__(self, namespace: str, server: str = SERVER, account: Path = ACCOUNT) -> None:
        self._url = f"{server}/apis/pdfjob.dev/v1alpha1/namespaces/{namespace}/pdfjobs"
        self._account = account
        self._tls: ssl.SSLContext | None = None
        if server.startswith("https:"):
            self._tls = ssl.create_default_context(cafile=str(account / "ca.crt"))
            # Python 3.13 asks for more than some clusters' certificates have.
            self._tls.verify_flags &= ~ssl.VERIFY_X509_STRICT

    def call(self, method: str, name: str = "", body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """What the API server answers; `None` if there is no such PdfJob."""
        request = urllib.request.Request(  # noqa: S310 (the address is a constant)
            f"{self._url}/{name}".rstrip("/"),
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {(self._account / 'token').read_text().strip()}",
                "Content-Type": "application/json",
            },
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=30, context=self._tls) as answer:  # noqa: S310 (the API server)
                found: dict[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            if error.code == 404 and name:  # noqa: PLR2004 (not found)
                return None
            message = error.read().decode(errors="replace")
            with suppress(ValueError, KeyError, TypeError):
                message = json.loads(message)["message"]
            raise FailureError(f"the API server refuses to {method} a PdfJob ({error.code}): {message}") from error
        except OSError as error:
            raise FailureError(f"the API server does not answer: {error}") from error


def two_pages() -> bytes:
    """A PDF with a sentence on each of its pages."""
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
    pdf, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, start=1):
        places.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(pdf)
    pdf += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    pdf += b"".join(b"%010d 00000 n \n" % place for place in places)
    pdf += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(pdf)


def run(api: Api, name: str, volume: Path, seconds: float) -> str:
    """Run the test; returns its result, a line or two.

    Args:
        api: The PdfJobs of the namespace.
        name: Of the PdfJob, and of the file.
        volume: Where the claim is mounted.
        seconds: How long the job may take.
    """
    with _source(volume / f"{name}.pdf") as source, _job(api, name, source.name):
        status = _wait(api, name, seconds)
        path = status["output"]["path"]
        try:
            output = json.loads((volume / path).read_text())
        except (OSError, ValueError) as error:
            raise FailureError(f"the PdfJob is complete, but its output {path} cannot be read: {error}") from error
    found = [sentence["text"] for sentence in output["sentences"]]
    if found != list(PAGES):
        raise FailureError(f"the PdfJob is complete, but its output says {found} instead of {list(PAGES)}")
    return f"{name}: {status['phase']}, {status['pages']} pages in {status.get('duration', 'no time')}\n" + " ".join(
        found
    )


def _wait(api: Api, name: str, seconds: float) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    status: dict[str, Any] = {}
    while time.monotonic() < deadline:
        job = api.call("GET", name)
        if job is None:
            raise FailureError(f"somebody deleted the PdfJob {name} before it ended")
        status = job.get("status") or {}
        true = {it["type"] for it in status.get("conditions", ()) if it["status"] == "True"}
        if "Complete" in true:
            return status
        if "Failed" in true:
            raise FailureError(f"the PdfJob {name} failed: {status.get('message', 'it does not say why')}")
        time.sleep(0.5)
    where = f"it is {status['phase']}: {status.get('message', '')}" if status else "no operator has taken it up"
    raise FailureError(f"the PdfJob {name} has not ended after {seconds:.0f} s; {where}")


@contextmanager
def _source(path: Path) -> Iterator[Path]:
    try:
        path.write_bytes(two_pages())
    except OSError as error:
        raise FailureError(f"the workspace claim cannot be written to by user 65532: {error}") from error
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _job(api: Api, name: str, source: str) -> Iterator[None]:
    _delete(api, name)  # what a test left that was killed
    manifest = {
        "apiVersion": "pdfjob.dev/v1alpha1",
        "kind": "PdfJob",
        "metadata": {"name": name},
        "spec": {"source": {"volume": {"path": source}}, "chunking": {"pagesPerChunk": 1}},
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
            raise FailureError(f"the PdfJob {name} cannot be deleted: something holds it up")
        time.sleep(0.5)


def _stop(*_: object) -> None:
    raise FailureError("the test was told to stop before the PdfJob had ended")


def main(namespace: str, name: str, volume: str, seconds: str) -> int:
    """Run the test in its pod; returns the exit code."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        result = run(Api(namespace), name, Path(volume), float(seconds))
    except FailureError as error:
        print(f"helm test: {error}", file=sys.stderr)  # noqa: T201 (its log)
        return 1
    print(result)  # noqa: T201 (its log)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
