"""Claims: what the chart creates, what the test mounts, and what the admission policy says about claims of PdfJobs."""

from typing import Any

import pytest

from chart.helm import NAMESPACE, OPERATOR, Helm, Manifest, environment, one, pods
from pdfjob_operator.configuration.environment import load_settings
from pdfjob_operator.objects.manifests.node_sharing import claim_label


TEST = f"{OPERATOR}-test"


def policy(helm: Helm, *arguments: str) -> dict[str, Any]:
    """The spec of the policy about Secrets and claims."""
    found: dict[str, Any] = one(helm.render(*arguments), "ValidatingAdmissionPolicy", f"{OPERATOR}-{NAMESPACE}")["spec"]
    return found


def messages(helm: Helm, *arguments: str) -> str:
    """Everything that the admission policy can say, and its expressions."""
    return str(policy(helm, *arguments))


def claims(manifests: list[Manifest]) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] == "PersistentVolumeClaim"]


def test_the_chart_creates_a_claim_only_if_it_is_asked_to(helm: Helm) -> None:
    assert claims(helm.render()) == []

    (claim,) = claims(helm.render("--set=workspace.create=true,workspace.storageClassName=nfs"))

    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "nfs",
        "resources": {"requests": {"storage": "10Gi"}},
    }


def test_the_operator_gets_the_configuration_of_claims(helm: Helm) -> None:
    given = "workspace.size=7Gi,workspace.storageClassName=nfs,workspace.accessMode=ReadWriteMany"
    limits = "workspace.maxSize=9Gi,workspace.allowedStorageClassNames={nfs,fast},workspace.createPerJob=false"

    settings = load_settings(environment(helm.render(f"--set={given}", f"--set={limits}")))

    assert (settings.workspace_size, settings.workspace_storage_class) == ("7Gi", "nfs")
    assert (settings.workspace_access_mode, settings.create_claims) == ("ReadWriteMany", False)
    assert (settings.max_workspace_size, settings.storage_classes) == ("9Gi", ("nfs", "fast"))
    assert load_settings(environment(helm.render())).create_claims


@pytest.mark.parametrize(
    ("given", "claim"),
    [
        ("helmTest.claimName=theirs", "theirs"),
        ("workspace.create=true", "pdfjob-workspace"),
        ("workspace.create=true,watchNamespaces={shelf}", None),
        ("watchNamespaces={books}", None),
    ],
)
def test_the_test_has_a_claim_in_its_namespace(helm: Helm, given: str, claim: str | None) -> None:
    rendered = helm.render(f"--set={given}")
    pod = pods(rendered)[TEST]
    (volume,) = (volume for volume in pod["spec"]["volumes"] if volume["name"] == "workspace")
    name = claim or f"{TEST}-workspace"

    assert volume.get("persistentVolumeClaim") == (claim and {"claimName": claim})
    assert ("ephemeral" in volume) == (claim is None)
    assert name in pod["spec"]["containers"][0]["args"]
    (rule,) = (it for it in one(rendered, "Role", TEST)["rules"] if it["resources"] == ["persistentvolumeclaims"])
    assert (rule["resourceNames"], rule["verbs"]) == ([name], ["get"])


@pytest.mark.parametrize("claim", ["theirs", "x" * 64])
def test_the_test_shares_a_node_with_the_pods_of_its_pdfjob(helm: Helm, claim: str) -> None:
    pod = pods(helm.render(f"--set=helmTest.claimName={claim}"))[TEST]
    label = claim_label(claim)

    affinity = pod["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert [it["labelSelector"]["matchExpressions"][0]["key"] for it in affinity] == [label]
    assert pod["metadata"]["labels"][label] == ""


def test_whoever_may_get_a_claim_of_its_own_must_be_allowed_to_create_claims(helm: Helm) -> None:
    said = messages(helm)

    assert 'resource("persistentvolumeclaims").namespace(request.namespace).check("create")' in said
    assert "you are not allowed to create PersistentVolumeClaims" in said
    assert "set spec.storage.claimName to an existing claim, for example pdfjob-workspace" in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("workspace.maxSize=9Gi", "but at most 9Gi is allowed"),
        ("workspace.allowedStorageClassNames={nfs,fast}", "only these classes are allowed: nfs, fast"),
        ("workspace.createPerJob=false", "claims for single PdfJobs are not allowed"),
    ],
)
def test_the_admission_policy_names_the_limits_of_the_administrator(helm: Helm, given: str, said: str) -> None:
    assert said not in messages(helm)
    assert said in messages(helm, f"--set={given}")


def test_the_claim_that_every_pdfjob_may_use_without_naming_it_may_be_named_by_everyone(helm: Helm) -> None:
    spec = policy(helm, "--set=workspace.claimName=shared")
    variables = {variable["name"]: variable["expression"] for variable in spec["variables"]}

    for name in ("source", "storage"):
        assert '.orValue("") == "shared" ? ""' in variables[name]
    assert '"shared"' not in variables["password"]


def test_the_operator_is_not_placed_by_the_claim_of_the_test(helm: Helm) -> None:
    assert "affinity" not in pods(helm.render())[OPERATOR]["spec"]
