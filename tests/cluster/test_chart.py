"""The chart as Helm renders it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.kubectl import Kubectl


PROJECT = Path(__file__).parents[2]
CHART = PROJECT / "charts" / "pdfjob-operator"
CRD = PROJECT / "crds" / "pdfjobs.pdfjob.dev.yaml"


KUBERNETES = "--kube-version=1.34.0"
"""Without it, helm assumes a version of its own."""


@pytest.fixture
def rendered(cluster: Any) -> list[dict[str, Any]]:
    return [it for it in yaml.safe_load_all(cluster.run_helm("template", "x", str(CHART), KUBERNETES)) if it]


def test_the_chart_has_no_lint(cluster: Any) -> None:
    assert "0 chart(s) failed" in cluster.run_helm("lint", "--strict", str(CHART))


def test_the_charts_crd_is_the_canonical_one_and_is_kept(rendered: list[dict[str, Any]]) -> None:
    (crd,) = [it for it in rendered if it["kind"] == "CustomResourceDefinition"]

    assert crd["spec"] == yaml.safe_load(CRD.read_text())["spec"]
    assert crd["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert (CHART / "files" / "crd.yaml").read_bytes() == CRD.read_bytes()


def test_the_operator_may_not_read_secrets_and_has_no_wildcard(operator: Kubectl) -> None:
    account = f"--as=system:serviceaccount:{operator.namespace}:pdfjob-pdfjob-operator"

    allowed = operator.run("auth", "can-i", "--list", account, "--no-headers")

    ours = [line for line in allowed.splitlines() if line and not line.startswith((" ", "selfsubject"))]
    assert "secrets" not in allowed
    assert not any("*" in line for line in ours)


def test_namespaces_narrow_the_rights(cluster: Any) -> None:
    text = cluster.run_helm("template", "x", str(CHART), KUBERNETES, "--set=watchNamespaces={a,b}")
    kinds = [(it["kind"], it["metadata"].get("namespace")) for it in yaml.safe_load_all(text) if it]

    # The third is for the operator's own Lease.
    assert [namespace for kind, namespace in kinds if kind == "Role"] == ["a", "b", "default"]
    assert not any(kind.startswith("ClusterRole") for kind, _ in kinds)
