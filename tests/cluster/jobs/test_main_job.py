"""The main job on a real cluster: a real PDF, real pods, and what a user sees of it."""

import errno
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.fault_job import MERGES
from tools.documents import pdfs
from tools.kubectl.client import Kubectl
from tools.kubectl.installation import PROJECT
from tools.kubectl.manifests import LIBRARIAN, claim, pdfjob
from tools.kubectl.volume import Volume


README = PROJECT / "README.md"

ATTEMPTS = """
import json, os, socket
from functools import partial
from chunk_runner.sandbox import confinement, sandbox
from chunk_runner.sandbox.confinement import Access
from chunk_runner.sandbox.limits import ResourceLimits

def attempt(act):
    try:
        act()
    except OSError as error:
        yield error.errno
    else:
        yield 0

def tried(act):
    (result,) = sandbox.run(partial(attempt, act), ResourceLimits.for_child(cpu_seconds=60), Access(), int)
    return result

acts = {
    "read": partial(open, "/volume/other"),
    "list": partial(os.listdir, "/volume"),
    "write": partial(open, "/volume/new", "w"),
    "connect": socket.socket,
    "signal": partial(os.kill, os.getpid(), 0),
}
for act in acts.values():
    if act is not acts["write"]:
        act()  # outside the sandbox, nothing keeps it from succeeding
print(json.dumps([confinement.offered(), {name: tried(act) for name, act in acts.items()}]))
"""


def run_here(source: Path, output: Path, *options: str) -> bytes:
    """What `pdfjob run` makes of the same file."""
    subprocess.run([sys.executable, "-m", "pdfjob_cli", "run", source, "-o", output, *options], check=True)
    return output.read_bytes()


def most_at_once(pods: list[dict[str, Any]]) -> int:
    """Return how many of these pods' containers ran at the same time, by their own starts and ends in whole seconds."""
    ended = [pod["status"]["containerStatuses"][0]["state"]["terminated"] for pod in pods]
    spans: list[tuple[str, str]] = [(it["startedAt"], it["finishedAt"]) for it in ended]
    return max(sum(start <= moment < end for start, end in spans) for moment, _ in spans)


def test_a_manual_goes_from_pending_to_succeeded(
    kubectl: Kubectl, volume: Volume, manual: Path, tmp_path: Path
) -> None:
    (manifest,) = [
        yaml.safe_load(block)
        for block in re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    ]
    name, path = manifest["metadata"]["name"], manifest["spec"]["source"]["volume"]["path"]
    volume.put(manual, path)

    with kubectl.history() as states:
        kubectl.apply(manifest)
        kubectl.wait(f"pdfjob/{name}", "condition=Complete")

    statuses = [state.get("status", {}) for state in states if "status" in state]
    phases = list(dict.fromkeys(status["phase"] for status in statuses))
    # The kubelet looks at a pod once a second: prepare may be over before anybody has seen it run.
    assert phases[1:2] == ["Preparing"] or "Preparing" not in phases
    # Its results may have been merged before Kubernetes has counted the last chunk.
    assert phases[-2:-1] == ["Merging"] or "Merging" not in phases
    assert [it for it in phases if it not in ("Preparing", "Merging")] == ["Pending", "Processing", "Succeeded"]
    progress = list(dict.fromkeys(status["progress"] for status in statuses if "progress" in status))
    assert progress[0] == "0/9"
    assert progress[-1] == "9/9"
    assert sorted(progress) == progress

    uid = kubectl.get(f"pdfjob/{name}")["metadata"]["uid"]
    written = volume.read(f"{volume.workspaces}/{uid}/output.json", tmp_path / "cluster.json")
    local = Path(shutil.copy(manual, tmp_path / path))
    assert written == run_here(local, tmp_path / "local.json")
    assert len(written) > 100_000
    assert volume.files(volume.workspaces) == {f"{uid}/output.json", f"{uid}/report.json"}

    stages = [pod["metadata"].get("labels", {}).get("pdfjob.dev/stage") for pod in kubectl.get("pods")]
    assert (stages.count("prepare"), stages.count("chunks")) == (1, 9)
    assert (stages.count("merge"), stages.count("early-merge")) in MERGES
    assert most_at_once(kubectl.get("pods", "--selector=pdfjob.dev/stage=chunks")) <= 4

    header, row = kubectl.run("get", "pdfj").splitlines()
    assert header.split() == ["NAME", "PHASE", "PROGRESS", "PAGES", "FAILED", "WORKERS", "DURATION", "AGE"]
    assert row.split()[:6] == [name, "Succeeded", "9/9", str(statuses[-1]["pages"]), "0", "4"]
    # The Event is written after the status that the wait above was for.
    last = "--field-selector=involvedObject.kind=PdfJob,reason=Succeeded"
    kubectl.wait("events", "create", last)
    events = [event["reason"] for event in kubectl.get("events") if event["involvedObject"]["kind"] == "PdfJob"]
    assert sorted(events) == sorted(phases)


def test_twelve_pages_take_one_pod(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    source = pdfs.write_numbered(tmp_path / "short.pdf", 12)
    volume.put(source, "short.pdf")

    kubectl.apply(pdfjob("short", "short.pdf"))
    kubectl.wait("pdfjob/short", "condition=Complete")

    (pod,) = [pod for pod in kubectl.get("pods") if pod["metadata"]["name"] != LIBRARIAN]
    assert pod["metadata"]["labels"]["pdfjob.dev/stage"] == "prepare"
    log = kubectl.run("logs", pod["metadata"]["name"])
    assert "Documents are opened in a sandbox with " in log
    assert "The kernel offers no " not in log
    status = kubectl.status("short")
    assert (status["pages"], status["progress"], status["sentences"]) == (12, "1/1", 12)
    uid = kubectl.get("pdfjob/short")["metadata"]["uid"]
    written = volume.read(f"{volume.workspaces}/{uid}/output.json", tmp_path / "cluster.json")
    assert written == run_here(source, tmp_path / "local.json")
    assert volume.files(volume.workspaces) == {f"{uid}/output.json", f"{uid}/report.json"}


@pytest.mark.needs("confinement")
def test_the_sandbox_holds_within_a_pod(kubectl: Kubectl, volume: Volume) -> None:
    volume.shell("echo 'of another job' > other")

    # Its container has the security context and the seccomp profile of those of a PdfJob.
    told, results = json.loads(kubectl.run("exec", LIBRARIAN, "--", "python", "-c", ATTEMPTS))

    assert re.fullmatch(r"Documents are opened in a sandbox with Landlock \(version \d+\) and a seccomp filter\.", told)
    denied, refused = errno.EACCES, errno.EPERM
    assert results == {"read": denied, "list": denied, "write": denied, "connect": refused, "signal": refused}
    assert volume.files(".") == {"other"}


def test_a_source_on_another_claim_is_read_there(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    kubectl.apply(claim("results"))
    volume.put(pdfs.write_numbered(tmp_path / "a.pdf", 3), "a.pdf")
    manifest = pdfjob("elsewhere", "a.pdf", storage={"claimName": "results"})
    manifest["spec"]["source"]["volume"]["claimName"] = "pdfjob-workspace"

    kubectl.apply(manifest)
    kubectl.wait("pdfjob/elsewhere", "condition=Complete")

    assert volume.files(volume.workspaces) == set()
