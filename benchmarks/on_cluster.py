"""Measures the overhead of a PdfJob over a bare Indexed Job whose pods exit at once, on the same cluster."""

import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from tools.documents import pdfs
from tools.kubectl.client import Kubectl
from tools.kubectl.manifests import CLAIM, claim, librarian, pdfjob
from tools.kubectl.volume import Volume


RUNS = 5
CASES = [(1, 1), (4, 4), (8, 4)]
"""Pairs of chunks and workers."""


def bare_job(name: str, image: str, chunks: int, workers: int, command: Sequence[str] = ("true",)) -> dict[str, Any]:
    """Return an Indexed Job whose pods exit at once, or run a command."""
    container = {
        "name": "nothing",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": [*command],
        "volumeMounts": [{"name": "volume", "mountPath": "/volume"}],
    }
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "containers": [container],
        "volumes": [{"name": "volume", "persistentVolumeClaim": {"claimName": CLAIM}}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {
            "completionMode": "Indexed",
            "completions": chunks,
            "parallelism": workers,
            "template": {"spec": pod},
        },
    }


def seconds(kubectl: Kubectl, manifest: dict[str, Any]) -> tuple[float, float]:
    """Return the seconds from apply to completion, and from the end of the last chunk; then delete the object."""
    what = f"{manifest['kind'].lower()}/{manifest['metadata']['name']}"
    started = time.perf_counter()
    kubectl.apply(manifest)
    kubectl.wait(what, "condition=Complete")
    elapsed, now = time.perf_counter() - started, datetime.now(UTC)
    pods = kubectl.get("pods", "--selector=pdfjob.dev/stage=chunks")
    ends = [pod["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"] for pod in pods]
    kubectl.run("delete", what, "--cascade=foreground")
    return elapsed, (now - max(map(datetime.fromisoformat, ends))).total_seconds() if ends else 0.0


def compare(name: str, ours: Callable[[], tuple[float, float]], bare: Callable[[], tuple[float, float]]) -> None:
    """Print a row: median seconds of both, run alternately so that other load on the machine affects both."""
    pairs = [(*ours(), bare()[0]) for _ in range(RUNS)]
    all_of_it, end, bare_seconds = (median(column) for column in zip(*pairs, strict=True))
    added = all_of_it - bare_seconds
    sys.stdout.write(f"| {name} | {all_of_it:.1f} s | {bare_seconds:.1f} s | {added:+.1f} s | {end:.1f} s |\n")
    sys.stdout.flush()


def main() -> None:
    """Print the table to stdout."""
    image = os.environ["PDFJOB_TEST_RUNNER_IMAGE"]
    program, kubeconfig = Path(str(shutil.which("kubectl"))), Path(os.environ["PDFJOB_TEST_KUBECONFIG"])
    kubectl = Kubectl(program, kubeconfig, f"pdfjob-benchmark-{secrets.token_hex(3)}")
    kubectl.create_namespace()
    try:
        kubectl.apply(claim(CLAIM))
        kubectl.apply(librarian(image))
        kubectl.wait("pod/librarian", "condition=Ready")
        with tempfile.TemporaryDirectory() as folder:
            Volume(kubectl).put(pdfs.write_numbered(Path(folder) / "a.pdf", 8), "a.pdf")
        sys.stdout.write("| chunks × workers | PdfJob | bare Indexed Job | added | after the last chunk |\n")
        sys.stdout.write("| --- | --- | --- | --- | --- |\n")
        for chunks, workers in CASES:
            job = pdfjob("job", "a.pdf", chunking={"pagesPerChunk": 8 // chunks}, workers=workers)
            bare = bare_job("bare", image, chunks, workers)
            compare(f"{chunks} × {workers}", partial(seconds, kubectl, job), partial(seconds, kubectl, bare))
    finally:
        kubectl.run("delete", "namespace", kubectl.namespace, "--wait=false")


if __name__ == "__main__":
    main()
