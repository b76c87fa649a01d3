"""Pods whose users a platform chooses, as OpenShift does, on a volume of root's that knows no fsGroup."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.assigned_ids import USERS, assigned_ids
from cluster.deployment import operator_with
from processes.running import until
from tools.documents import pdfs
from tools.kubectl import gemini as model
from tools.kubectl.client import Kubectl
from tools.kubectl.gemini import KEY_SECRET, Model
from tools.kubectl.manifests import CLAIM, claim, pdfjob
from tools.testcluster import volumes
from tools.testcluster.layout import Cluster


@pytest.fixture
def ids(kubectl: Kubectl, operator: Kubectl, box: Cluster, tmp_path: Path) -> Iterator[None]:
    """Have the platform assign ids, and the operator none."""
    with (
        assigned_ids(kubectl, box, tmp_path),
        operator_with(operator, PDFJOB_RUNNER_POD=json.dumps({"securityContext": {}})),
    ):
        yield


@pytest.fixture
def folder(kubectl: Kubectl, box: Cluster, tmp_path: Path) -> Path:
    """The folder of a claim with a book that root's group may read, as on NFS."""
    kubectl.apply(claim(CLAIM))
    kubectl.wait(f"pvc/{CLAIM}", "jsonpath={.status.phase}=Bound")
    (found,) = volumes.of_claim(box, kubectl.namespace, CLAIM)
    os.chown(found, 0, 0)
    book = pdfs.write_pages(tmp_path / "book.pdf", [pdfs.sales(page) for page in range(1, 13)])
    (found / "book.pdf").write_bytes(book.read_bytes())
    (found / "book.pdf").chmod(0o640)
    return found


def users(kubectl: Kubectl, stage: str) -> list[int]:
    """The users of the pods of a stage; a pod that failed and was replaced counts, too."""
    found: list[dict[str, Any]] = kubectl.get("pods", f"--selector=pdfjob.dev/stage={stage}")
    return [pod["spec"]["containers"][0]["securityContext"]["runAsUser"] for pod in found]


@pytest.mark.exhaustive  # `integration/pods/test_users` runs each stage as other users
@pytest.mark.usefixtures("ids")
def test_each_pod_of_a_pdfjob_may_be_another_user(kubectl: Kubectl, folder: Path, gemini: Model) -> None:
    kubectl.apply(model.key_secret(f"AQ.the-key-of-{kubectl.namespace}"))
    reference = {"name": KEY_SECRET, "key": "key"}
    chunking = {"pagesPerChunk": 4}
    kubectl.apply(pdfjob("book", "book.pdf", processor={"gemini": {"apiKeySecretRef": reference}}, chunking=chunking))
    kubectl.wait("pdfjob/book", "condition=Finished")

    status = kubectl.status("book")
    assert (status["phase"], status["pages"]) == ("Succeeded", 12), status
    assert len(gemini.good_answers()) == 3
    chunks = users(kubectl, "chunks")
    assert (len(chunks), {*chunks}) == (3, {*USERS})
    (preparing,) = users(kubectl, "prepare")
    merging = users(kubectl, "merge") + users(kubectl, "early-merge")
    assert merging
    assert {preparing, *merging} <= {*USERS}
    output = json.loads((folder / status["output"]["path"]).read_text())
    assert [it["text"] for it in output["sentences"]] == [line for page in range(1, 13) for line in pdfs.sales(page)]

    workspace = folder / "pdfjobs" / kubectl.namespace / kubectl.get("pdfjob/book")["metadata"]["uid"]
    assert workspace.is_dir()
    kubectl.run("delete", "pdfjob/book")
    until(lambda: not workspace.exists())
