"""Permissions: roles, tokens, and how far the operator may see."""

import pytest

from chart.helm import CHART, OPERATOR, Helm, Manifest, environment, one, operator_of, pods, values
from chart.workers import all_pods


def test_no_role_has_wildcards_or_access_to_secrets(rendered: list[Manifest]) -> None:
    rules = [rule for manifest in rendered if manifest["kind"] in ("Role", "ClusterRole") for rule in manifest["rules"]]

    assert rules
    for rule in rules:
        assert "*" not in (*rule["apiGroups"], *rule["resources"], *rule["verbs"])
        assert not any("secrets" in resource for resource in rule["resources"])
        assert not {"escalate", "bind", "impersonate"} & set(rule["verbs"])


@pytest.mark.parametrize(("create", "verbs"), [("true", {"get", "create"}), ("false", {"get"})])
def test_the_operator_creates_claims_only_if_it_is_to(helm: Helm, create: str, verbs: set[str]) -> None:
    role = one(helm.render(f"--set=workspace.createPerJob={create}", "--no-hooks"), "ClusterRole", OPERATOR)

    (rule,) = (rule for rule in role["rules"] if "persistentvolumeclaims" in rule["resources"])
    assert {*rule["verbs"]} == verbs


def test_only_the_operator_and_the_test_pod_have_a_token(rendered: list[Manifest]) -> None:
    with_token = {name for name, pod in all_pods(rendered).items() if pod["spec"]["automountServiceAccountToken"]}

    assert with_token == {operator_of(rendered), next(name for name in pods(rendered) if name.endswith("-test"))}


def test_watch_namespaces_restrict_the_permissions(helm: Helm) -> None:
    rendered = helm.render("--set=watchNamespaces={a,b}", "--set=rbac.aggregateClusterRoles=false", "--no-hooks")
    kinds = [(manifest["kind"], manifest["metadata"].get("namespace")) for manifest in rendered]

    # The third is for the operator's own Lease.
    assert [namespace for kind, namespace in kinds if kind == "Role"] == ["a", "b", "books"]
    assert not any(kind.startswith("ClusterRole") for kind, _ in kinds)
    assert environment(rendered)["PDFJOB_WATCH_NAMESPACES"] == "a,b"


def test_the_chart_can_be_installed_without_cluster_wide_permissions(helm: Helm) -> None:
    rendered = helm.render(*values(CHART / "ci" / "namespaced-values.yaml"))

    assert [manifest["kind"] for manifest in rendered if "namespace" not in manifest["metadata"]] == []


def test_the_built_in_roles_apply_to_pdfjobs(helm: Helm) -> None:
    rendered = helm.render()

    def verbs(role: str) -> set[str]:
        label = f"rbac.authorization.k8s.io/aggregate-to-{role}"
        roles = [role for role in rendered if role["metadata"]["labels"].get(label) == "true"]
        return {
            verb for role in roles for rule in role["rules"] if "pdfjobs" in rule["resources"] for verb in rule["verbs"]
        }

    assert verbs("view") == {"get", "list", "watch"}
    assert (
        verbs("edit") == verbs("admin") == verbs("view") | {"create", "update", "patch", "delete", "deletecollection"}
    )


def test_permissions_and_the_service_account_can_be_managed_elsewhere(helm: Helm) -> None:
    rendered = helm.render(
        "--set=rbac.create=false,rbac.aggregateClusterRoles=false", "--set=serviceAccount.create=false", "--no-hooks"
    )

    kinds = {manifest["kind"] for manifest in rendered}
    assert not {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "ServiceAccount"} & kinds
    assert pods(rendered)[OPERATOR]["spec"]["serviceAccountName"] == "default"
