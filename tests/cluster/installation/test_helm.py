"""Helm on a real cluster: install, test, upgrade, uninstall and install again; and who may do what."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.deployment import operator_away
from cluster.fault_job import CHUNKS, FaultJob, write_source
from processes.running import until
from tools.kubectl.client import Kubectl, KubectlError
from tools.kubectl.installation import CHART, HELM_WAITS, PROJECT, Installation
from tools.kubectl.manifests import CLAIM, librarian, pdfjob
from tools.kubectl.volume import Volume


RELEASE = "own"

CRD = "crd/pdfjobs.pdfjob.dev"


@pytest.fixture
def away(operator: Kubectl) -> Iterator[None]:
    """The session's operator makes room for the ones that are installed here."""
    with operator_away(operator):
        yield


class Release:
    """A release in the namespace of this kubectl."""

    def __init__(self, cluster: Installation, kubectl: Kubectl) -> None:
        self._cluster = cluster
        self._kubectl = kubectl

    def install(self, chart: Path, *more: str) -> str:
        """Install it, or upgrade it."""
        values = self._cluster.image_values() | {"workspace.create": "true", "workspace.size": "1Gi"}
        return self.run(
            "upgrade", "--install", RELEASE, str(chart), "--take-ownership", *HELM_WAITS,
            *(f"--set={key}={value}" for key, value in values.items()), *more,
        )  # fmt: skip

    def run(self, *arguments: str) -> str:
        """What helm prints."""
        return self._cluster.run_helm(*arguments, f"--namespace={self._kubectl.namespace}")


@pytest.fixture
def release(cluster: Installation, kubectl: Kubectl, away: None) -> Iterator[Release]:  # noqa: ARG001 (it is away)
    release = Release(cluster, kubectl)
    yield release
    release.run("uninstall", RELEASE, "--ignore-not-found", "--wait")


@pytest.fixture
def previous(tmp_path: Path) -> Path:
    """The chart as it may have been before: with another version, and without a field of the CRD."""
    chart = tmp_path / "previous"
    shutil.copytree(CHART, chart)
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about | {"version": "0.0.1"}))
    crd = yaml.safe_load((chart / "files" / "crd.yaml").read_text())
    del properties(crd)["source"]["properties"]["language"]
    (chart / "files" / "crd.yaml").write_text(yaml.safe_dump(crd))
    return chart


def properties(crd: dict[str, Any]) -> dict[str, Any]:
    """The fields of `spec`."""
    (version,) = crd["spec"]["versions"]
    found: dict[str, Any] = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    return found


def has_language(kubectl: Kubectl) -> bool:
    return "language" in properties(kubectl.get(CRD))["source"]["properties"]


def uids_of_jobs(kubectl: Kubectl) -> set[str]:
    return {job["metadata"]["uid"] for job in kubectl.get("jobs", "--selector=pdfjob.dev/uid")}


@pytest.mark.long
def test_a_release_from_its_first_day_to_its_return(
    cluster: Installation, kubectl: Kubectl, release: Release, previous: Path, tmp_path: Path
) -> None:
    release.install(previous)
    assert not has_language(kubectl)
    assert "This is the second page." in release.run("test", RELEASE, "--logs")
    kubectl.apply(librarian(cluster.runner_image))
    kubectl.wait("pod/librarian", "condition=Ready")
    volume = Volume(kubectl)
    volume.put(write_source(tmp_path), "a.pdf")
    kubectl.apply(pdfjob("before", "a.pdf"))
    kubectl.wait("pdfjob/before", "condition=Complete")
    running = FaultJob(kubectl, volume, "running")
    barriers = running.hold(3, 4)
    jobs = uids_of_jobs(kubectl)

    release.install(CHART)

    for barrier in barriers:
        barrier.open()
    assert running.wait_until_complete()["chunks"] == {"total": CHUNKS, "active": 0, "succeeded": CHUNKS, "failed": 0}
    assert jobs <= uids_of_jobs(kubectl)
    assert has_language(kubectl)
    kubectl.apply(pdfjob("after", "a.pdf") | {"spec": {"source": {"volume": {"path": "a.pdf"}, "language": "en"}}})
    kubectl.wait("pdfjob/after", "condition=Complete")

    release.run("uninstall", RELEASE, "--wait")

    assert {it["metadata"]["name"] for it in kubectl.get("pdfjobs")} == {"before", "running", "after"}
    assert kubectl.get(f"pvc/{CLAIM}")["status"]["phase"] == "Bound"
    kubectl.apply(pdfjob("meanwhile", "a.pdf"))

    release.install(CHART)

    kubectl.wait("pdfjob/meanwhile", "condition=Complete")
    assert "This is the second page." in release.run("test", RELEASE, "--logs")
    assert {name for name in volume.files(".") if name.endswith(".pdf")} == {"a.pdf"}


def test_a_user_without_cluster_rights_installs_it_for_one_namespace(kubectl: Kubectl, release: Release) -> None:
    """With the rights that `docs/install.md` has an administrator give, and no more."""
    user = "somebody"
    kubectl.run("create", "rolebinding", "admin", "--clusterrole=admin", f"--user={user}")
    resources = [f"pdfjobs.pdfjob.dev{part}" for part in ("", "/status", "/finalizers", "/scale")]
    verbs = "--verb=get,list,watch,create,update,patch,delete"
    kubectl.run("create", "role", "pdfjob-installer", verbs, f"--resource={','.join(resources)}")
    kubectl.run("create", "rolebinding", "pdfjob-installer", "--role=pdfjob-installer", f"--user={user}")
    namespaced = CHART / "ci" / "namespaced-values.yaml"

    release.install(
        CHART, f"--kube-as-user={user}", f"--values={namespaced}", f"--set=watchNamespaces={{{kubectl.namespace}}}"
    )

    assert "This is the second page." in release.run("test", RELEASE, "--logs", f"--kube-as-user={user}")
    account = f"--as=system:serviceaccount:{kubectl.namespace}:{RELEASE}-pdfjob-operator"
    assert can(kubectl, "create", "jobs", account)
    assert not can(kubectl, "list", "pdfjobs", account, "--all-namespaces")
    release.run("uninstall", RELEASE, f"--kube-as-user={user}", "--wait")


@pytest.mark.parametrize(("role", "may"), [("view", {"get"}), ("edit", {"get", "create", "patch"})])
def test_the_built_in_roles_hold_for_pdfjobs_too(kubectl: Kubectl, operator: Kubectl, role: str, may: set[str]) -> None:
    assert operator  # its chart has brought what is aggregated
    kubectl.run("create", "rolebinding", "role", f"--clusterrole={role}", "--user=bob")

    assert {verb for verb in ("get", "create", "patch") if can(kubectl, verb, "pdfjobs", "--as=bob")} == may
    assert can(kubectl, "patch", "pdfjobs/scale", "--as=bob") == ("patch" in may)


def can(kubectl: Kubectl, *what: str) -> bool:
    try:
        return kubectl.run("auth", "can-i", *what).strip() == "yes"
    except KubectlError:  # its exit code is 1 for a no
        return False


def test_what_is_rendered_for_people_without_helm_is_taken_by_an_api_server(kubectl: Kubectl) -> None:
    subprocess.run(["make", "install-yaml", f"NAMESPACE={kubectl.namespace}"], cwd=PROJECT, check=True)

    taken = kubectl.run(
        "apply", "--server-side", "--force-conflicts", "--dry-run=server", f"--filename={PROJECT}/dist/install.yaml"
    )

    assert {"deployment.apps", "customresourcedefinition.apiextensions.k8s.io"} <= {
        line.partition("/")[0] for line in taken.splitlines()
    }


@pytest.fixture
def alice(kubectl: Kubectl, operator: Kubectl) -> str:
    """Somebody who may do anything with PdfJobs, and read no Secret and no claim; returns kubectl's option."""
    assert operator  # its chart has brought the policy
    kubectl.run("create", "role", "pdfjobs", "--verb=*", "--resource=pdfjobs.pdfjob.dev")
    kubectl.run("create", "rolebinding", "pdfjobs", "--role=pdfjobs", "--user=alice")
    return "--as=alice"


def gemini(name: str, secret: str) -> dict[str, Any]:
    reference = {"name": secret, "key": "key"}
    return pdfjob(name, "a.pdf", suspend=True, processor={"gemini": {"apiKeySecretRef": reference}})


def test_who_may_not_read_a_secret_may_not_have_it_read_by_a_pdfjob(kubectl: Kubectl, alice: str) -> None:
    mine = yaml.safe_dump(gemini("mine", "theirs"))
    locked = yaml.safe_dump(
        pdfjob("locked", "a.pdf")
        | {"spec": {"source": {"volume": {"path": "a.pdf"}, "passwordSecretRef": {"name": "theirs", "key": "key"}}}}
    )
    for manifest in (mine, locked):
        with pytest.raises(KubectlError, match="you are not allowed to get the Secret theirs"):
            kubectl.run("apply", "--filename=-", alice, stdin=manifest)

    kubectl.run("create", "role", "theirs", "--verb=get", "--resource=secrets", "--resource-name=theirs")
    kubectl.run("create", "rolebinding", "theirs", "--role=theirs", "--user=alice")

    until(lambda: applies(kubectl, mine, alice), 30)  # the authorizer learns of it in a moment
    with pytest.raises(KubectlError, match="you are not allowed to get the Secret others"):
        kubectl.run("apply", "--filename=-", alice, stdin=yaml.safe_dump(gemini("mine-too", "others")))


def applies(kubectl: Kubectl, manifest: str, option: str) -> bool:
    try:
        kubectl.run("apply", "--filename=-", option, stdin=manifest)
    except KubectlError:
        return False
    return True


def test_who_may_not_read_a_claim_may_not_have_it_mounted(kubectl: Kubectl, alice: str) -> None:
    for spec in (
        {"storage": {"claimName": "theirs"}},
        {"source": {"volume": {"claimName": "theirs", "path": "a.pdf"}}},
    ):
        manifest = pdfjob("mine", "a.pdf")
        manifest["spec"] |= spec
        with pytest.raises(KubectlError, match="you are not allowed to get the PersistentVolumeClaim theirs"):
            kubectl.run("apply", "--filename=-", alice, stdin=yaml.safe_dump(manifest))


def test_anybody_may_suspend_and_scale_what_another_was_allowed_to_create(kubectl: Kubectl, alice: str) -> None:
    kubectl.apply(gemini("theirs", "key"))

    kubectl.run("patch", "pdfjob/theirs", alice, "--type=merge", '--patch={"spec":{"workers":2,"suspend":false}}')

    assert kubectl.get("pdfjob/theirs")["spec"]["workers"] == 2
