"""Storage as a fresh cluster has it: a class that makes volumes for the first pod, ReadWriteOnce only, and no claim."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.deployment import operator_away
from cluster.provisioner import CLASS, late_binding
from processes.running import until
from tools.documents import pdfs
from tools.kubectl.client import Kubectl, KubectlError
from tools.kubectl.installation import CHART, HELM_WAITS, Installation
from tools.kubectl.manifests import claim, librarian, pdfjob
from tools.kubectl.volume import Volume
from tools.testcluster.layout import Cluster


RELEASE = "fresh"


@pytest.fixture
def late(kubectl: Kubectl, box: Cluster) -> Iterator[str]:
    """The name of the class."""
    with late_binding(kubectl, box.volumes):
        yield CLASS


@pytest.fixture
def library(cluster: Installation, kubectl: Kubectl, late: str, tmp_path: Path) -> str:
    """A claim of that class with a source, and no other claim; returns its name."""
    manifest = claim("library")
    manifest["spec"] |= {"accessModes": ["ReadWriteOnce"], "storageClassName": late}
    kubectl.apply(manifest)
    reader = librarian(cluster.runner_image)
    reader["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] = "library"
    kubectl.apply(reader)
    kubectl.wait("pod/librarian", "condition=Ready")
    Volume(kubectl).put(pdfs.write_numbered(tmp_path / "a.pdf", 9), "a.pdf")
    return "library"


def elsewhere(name: str, library: str, **spec: Any) -> dict[str, Any]:
    """A PdfJob of three chunks whose source is on that claim."""
    manifest = pdfjob(name, "a.pdf", chunking={"pagesPerChunk": 3}, **spec)
    manifest["spec"]["source"]["volume"]["claimName"] = library
    return manifest


def test_an_installation_waits_for_no_claim_and_can_be_tested(
    cluster: Installation, kubectl: Kubectl, operator: Kubectl, late: str
) -> None:
    values = cluster.image_values() | {"workspace.storageClassName": late, "workspace.size": "1Gi"}
    namespace = f"--namespace={kubectl.namespace}"
    with operator_away(operator):
        cluster.run_helm(
            "install", RELEASE, str(CHART), namespace, "--take-ownership", *HELM_WAITS,
            *(f"--set={key}={value}" for key, value in values.items()),
        )  # fmt: skip
        try:
            assert kubectl.get("pvc") == []
            for _ in range(2):  # the second test removes what the first one left
                assert "This is the second page." in cluster.run_helm("test", RELEASE, namespace, "--logs")
        finally:
            cluster.run_helm("uninstall", RELEASE, namespace, "--wait")


def test_a_pdfjob_in_a_fresh_namespace_gets_a_claim_that_goes_with_it(
    kubectl: Kubectl, late: str, library: str
) -> None:
    kubectl.apply(elsewhere("fresh", library, storage={"size": "1Gi", "storageClassName": late}))
    kubectl.wait("pdfjob/fresh", "condition=Finished")

    status = kubectl.status("fresh")
    assert (status["phase"], status["pages"]) == ("Succeeded", 9)
    own = status["output"]["claimName"]
    pods = [pod for pod in kubectl.get("pods") if pod["metadata"]["name"] != "librarian"]
    assert len(pods) == 5
    assert {f"claim.pdfjob.dev/{own}" in pod["metadata"]["labels"] for pod in pods} == {True}
    assert {claim["metadata"]["name"] for claim in kubectl.get("pvc")} == {own, library}

    kubectl.run("delete", "pdfjob/fresh")

    until(lambda: {claim["metadata"]["name"] for claim in kubectl.get("pvc")} == {library})


def test_a_claim_that_the_class_cannot_provide_is_the_reason(kubectl: Kubectl, late: str, library: str) -> None:
    many = {"storageClassName": late, "accessMode": "ReadWriteMany", "size": "1Gi"}
    kubectl.apply(elsewhere("many", library, storage=many))

    kubectl.wait("pdfjob/many", "jsonpath={.status.conditions[?(@.type=='Reconciling')].reason}=ClaimNotBound")

    assert "only ReadWriteOnce is supported" in kubectl.status("many")["message"]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"storage": {"size": "1Gi"}}, "you are not allowed to create PersistentVolumeClaims in the namespace"),
        ({}, "set spec.storage.claimName to an existing claim, for example pdfjob-workspace"),
    ],
    ids=["asks for one", "may need one"],
)
def test_who_may_not_create_claims_gets_none(
    kubectl: Kubectl, operator: Kubectl, spec: dict[str, Any], said: str
) -> None:
    assert operator  # its chart has brought the policy
    kubectl.run("create", "role", "pdfjobs", "--verb=*", "--resource=pdfjobs.pdfjob.dev")
    kubectl.run("create", "rolebinding", "pdfjobs", "--role=pdfjobs", "--user=alice")
    kubectl.run("create", "role", "library", "--verb=get", "--resource=pvc", "--resource-name=library")
    kubectl.run("create", "rolebinding", "library", "--role=library", "--user=alice")
    named = yaml.safe_dump(elsewhere("named", "library", suspend=True, storage={"claimName": "pdfjob-workspace"}))

    def is_admitted() -> bool:
        try:
            kubectl.run("apply", "--filename=-", "--as=alice", stdin=named)
        except KubectlError:
            return False
        return True

    until(is_admitted, 30)  # the authorizer learns of the roles in a moment
    with pytest.raises(KubectlError, match=said):
        kubectl.run("apply", "--filename=-", "--as=alice", stdin=yaml.safe_dump(elsewhere("own", "library", **spec)))


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        ({}, "set either claimName, to use an existing claim, or at least one of size"),
        ({"claimName": "a", "size": "1Gi"}, "set either claimName, to use an existing claim, or at least one of size"),
        ({"size": "0Gi"}, "must be a whole number with one of the units"),
        ({"size": "much"}, "must be a whole number with one of the units"),
        ({"accessMode": "ReadWriteOncePod"}, "supported values"),
    ],
    ids=str,
)
def test_storage_that_means_nothing_is_refused(api: Kubectl, storage: dict[str, Any], message: str) -> None:
    with pytest.raises(KubectlError, match=message):
        api.run("create", "--filename=-", stdin=json.dumps(elsewhere("bad", "library", storage=storage)))


def test_a_new_claim_has_no_source(api: Kubectl) -> None:
    with pytest.raises(KubectlError, match=r"spec\.source\.volume\.claimName must name the claim that holds the file"):
        api.apply(pdfjob("bad", "a.pdf", storage={"size": "1Gi"}))
