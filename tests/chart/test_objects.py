"""The objects of the chart, with each of the values files in `ci/`: schemas, names, labels, and the CRD."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from kubernetes_validate import utils

from chart.helm import (
    CHART,
    MONITORING,
    PROJECT,
    RELEASE,
    Helm,
    Manifest,
    one,
    operator_of,
    pods,
)
from chart.workers import all_pods, worker_jobs


CRD = PROJECT / "crds" / "pdfjobs.pdfjob.dev.yaml"
OLDEST = (1, 33)
VERSIONS = sorted(version for version in set(utils.all_versions()) if tuple(map(int, version.split(".")[:2])) >= OLDEST)
FOREIGN = {"ServiceMonitor", "PodMonitor", "PrometheusRule", "CustomResourceDefinition"}
"""Kinds without a schema in `kubernetes-validate`, or whose schema there lacks the extensions of Kubernetes."""

LABELS = {
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/version",
    "app.kubernetes.io/component",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/managed-by",
    "helm.sh/chart",
}


@pytest.fixture(autouse=True, scope="module")
def _schemas() -> Iterator[None]:
    """Read each schema only once: they have megabytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "schema_contents", functools.cache(utils.schema_contents))
        yield


def test_the_chart_passes_helm_lint(helm: Helm, example: Path) -> None:
    done = helm.run("lint", "--strict", CHART, "--kube-version=1.34.0", f"--values={example}")

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_every_field_is_in_the_api_schema_of_kubernetes(rendered: list[Manifest], version: str) -> None:
    jobs = worker_jobs(rendered, operator_of(rendered)).values()

    for manifest in (*rendered, *jobs):
        if manifest["kind"] not in FOREIGN:
            kubernetes_validate.validate(manifest, version, strict=True)


def test_every_object_has_the_recommended_labels(rendered: list[Manifest]) -> None:
    extra = f"{RELEASE}-as-map"  # of which the user writes all

    for manifest in (found for found in rendered if found["metadata"]["name"] != extra):
        assert manifest["metadata"]["labels"].keys() >= LABELS, manifest["metadata"]["name"]
    for name, pod in pods(rendered).items():
        assert pod["metadata"]["labels"].keys() >= LABELS, name


def test_selectors_of_the_operator_match_no_other_pod(rendered: list[Manifest]) -> None:
    operator = operator_of(rendered)
    selector = one(rendered, "Deployment", operator)["spec"]["selector"]["matchLabels"]

    selected = [
        name for name, pod in all_pods(rendered).items() if selector.items() <= pod["metadata"]["labels"].items()
    ]

    assert selected == [operator]


def test_only_the_test_has_hooks(rendered: list[Manifest]) -> None:
    hooks = {
        (
            manifest["metadata"]["annotations"]["helm.sh/hook"],
            manifest["metadata"]["labels"]["app.kubernetes.io/component"],
        )
        for manifest in rendered
        if "helm.sh/hook" in manifest["metadata"].get("annotations", {})
    }

    assert hooks == {("test", "test")}


def test_the_crd_is_the_canonical_one_and_kept_on_uninstallation(helm: Helm) -> None:
    crd = one(helm.render(), "CustomResourceDefinition")

    assert crd["spec"] == yaml.safe_load(CRD.read_text())["spec"]
    assert crd["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert (CHART / "files" / "crd.yaml").read_bytes() == CRD.read_bytes()


def test_common_labels_apply_to_every_object_and_pod_but_override_none(everything: list[Manifest]) -> None:
    ours = [manifest for manifest in everything if manifest["metadata"]["name"] != f"{RELEASE}-as-map"]

    for metadata in (manifest["metadata"] for manifest in (*ours, *all_pods(everything).values())):
        assert metadata["labels"]["team"] == "books"
        assert metadata["labels"]["app.kubernetes.io/part-of"] == "pdfjob" or "pdfjob.dev/stage" in metadata["labels"]


def test_common_annotations_apply_to_every_object(everything: list[Manifest]) -> None:
    ours = [manifest for manifest in everything if not manifest["metadata"]["name"].startswith(f"{RELEASE}-as-")]

    assert all(manifest["metadata"]["annotations"]["example.com/contact"] == "books@example.com" for manifest in ours)


def test_extra_objects_are_templates(everything: list[Manifest]) -> None:
    assert one(everything, "ConfigMap", f"{RELEASE}-as-map")["data"] == {"namespace": "books"}
    assert one(everything, "ConfigMap", f"{RELEASE}-as-text")["metadata"]["labels"]["team"] == "books"


def test_a_disruption_budget_has_either_a_minimum_or_a_maximum(helm: Helm) -> None:
    def budget(*given: str) -> dict[str, Any]:
        spec = one(helm.render("--set=podDisruptionBudget.enabled=true", *given), "PodDisruptionBudget")["spec"]
        return {key: spec[key] for key in spec.keys() - {"selector"}}

    assert budget() == {"maxUnavailable": 1}
    assert budget("--set=podDisruptionBudget.minAvailable=1") == {"minAvailable": 1}


def test_the_chart_fits_into_the_release_secret(helm: Helm, tmp_path: Path) -> None:
    helm.run("package", CHART, f"--destination={tmp_path}")
    (package,) = tmp_path.glob("*.tgz")

    assert package.stat().st_size < 100_000


def test_a_crd_can_be_removed_on_uninstallation(helm: Helm) -> None:
    crd = one(helm.render("--set=crds.keep=false"), "CustomResourceDefinition")

    assert "annotations" not in crd["metadata"]
    assert not [
        manifest
        for manifest in helm.render("--set=crds.enabled=false")
        if manifest["kind"] == "CustomResourceDefinition"
    ]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("nameOverride=pdfs", "x-pdfs"),
        ("fullnameOverride=pdfs", "pdfs"),
        (f"fullnameOverride={'n' * 80}", "n" * 63),
    ],
    ids=["name", "full", "long"],
)
def test_names_can_be_overridden_and_are_never_too_long(helm: Helm, given: str, name: str) -> None:
    rendered = helm.render(f"--set={given},redis.enabled=true,networkPolicy.enabled=true")

    labels = [
        manifest["metadata"]["name"] for manifest in rendered if manifest["kind"] in ("Service", "Deployment", "Pod")
    ]
    assert name in labels
    assert all(len(label) <= 63 for label in labels)
    kubernetes_validate.validate(one(rendered, "Deployment", name), VERSIONS[-1], strict=True)


def test_the_uninstallation_guide_covers_everything_that_the_operator_leaves(rendered: list[Manifest]) -> None:
    page = (PROJECT / "docs" / "install.md").read_text()
    (selector,) = re.findall(r"kubectl delete jobs --all-namespaces --selector (\S+)=(\S+)", page)
    jobs = worker_jobs(rendered, operator_of(rendered))

    # The others go with their PdfJobs.
    selected = [stage for stage, job in jobs.items() if selector in job["metadata"]["labels"].items()]
    assert selected == [stage for stage, job in jobs.items() if "ownerReferences" not in job["metadata"]] == ["sweep"]


def numbers(value: Any) -> Iterator[Any]:
    """Yield every number in an object, including keys of maps."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for inner in value:
            yield from numbers(inner)
    elif isinstance(value, (int, float)):
        yield value


@pytest.mark.parametrize("watched", [["9001"], []], ids=["watched", "all"])
def test_names_of_digits_are_strings(helm: Helm, tmp_path: Path, watched: list[str]) -> None:
    digits = {
        "watchNamespaces": watched,
        "fullnameOverride": "9002" if watched else "",
        "nameOverride": "9003",
        "workspace": {"claimName": "9004", "storageClassName": "9005"},
        "serviceAccount": {"name": "9006"},
        "priorityClassName": "9007",
        "imagePullSecrets": ["9008"],
    }
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(digits))
    on = "redis.enabled=true,networkPolicy.enabled=true,metrics.podMonitor.enabled=true,grafanaDashboard.enabled=true"

    rendered = helm.render(f"--values={file}", f"--set={on}", *MONITORING, "--namespace=9009", release="9009")

    assert len(rendered) > 20
    assert [number for number in numbers(rendered) if 9001 <= number <= 9009] == []
