"""The objects of the chart, with each of the values files in `ci/`, and the Jobs that its operator creates."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from kubernetes_validate import utils

from chart.helm import CHART, MONITORING, RELEASE, Helm, Manifest, environment, one, pods, values
from chart.workers import worker_jobs


PROJECT = Path(__file__).parents[2]
CRD = PROJECT / "crds" / "pdfjobs.pdfjob.dev.yaml"
OPERATOR = f"{RELEASE}-pdfjob-operator"
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
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


@pytest.fixture(autouse=True, scope="module")
def _schemas() -> Iterator[None]:
    """Read each schema only once: they have megabytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "schema_contents", functools.cache(utils.schema_contents))
        yield


def operator_of(manifests: list[Manifest]) -> str:
    return next(name for name in pods(manifests) if name in (OPERATOR, "pdfs"))


def all_pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Return the pods of the chart and those that its operator creates."""
    jobs = worker_jobs(manifests, operator_of(manifests))
    return pods(manifests) | {stage: job["spec"]["template"] for stage, job in jobs.items()}


def breaches(pod: dict[str, Any]) -> Iterator[str]:
    """Yield the violations of the restricted Pod Security Standard in a pod."""
    own = pod.get("securityContext", {})
    yield from (key for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key))
    yield from (
        f"volume {volume['name']}" for volume in pod.get("volumes", ()) if not volume.keys() - {"name"} <= VOLUMES
    )
    for container in (*pod["containers"], *pod.get("initContainers", ())):
        both = own | container.get("securityContext", {})
        capabilities = both.get("capabilities", {})
        if both.get("runAsNonRoot") is not True or both.get("runAsUser") == 0:
            yield "may be root"
        if both.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
            yield "no seccomp profile"
        if both.get("allowPrivilegeEscalation") is not False or both.get("privileged"):
            yield "may gain privileges"
        if capabilities.get("drop") != ["ALL"] or capabilities.get("add", []) not in ([], ["NET_BIND_SERVICE"]):
            yield "capabilities"
        if any("hostPort" in port for port in container.get("ports", ())):
            yield "a port of its host"


def test_the_chart_passes_helm_lint(helm: Helm, example: Path) -> None:
    done = helm.run("lint", "--strict", CHART, "--kube-version=1.34.0", f"--values={example}")

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_every_field_is_in_the_api_schema_of_kubernetes(rendered: list[Manifest], version: str) -> None:
    jobs = worker_jobs(rendered, operator_of(rendered)).values()

    for manifest in (*rendered, *jobs):
        if manifest["kind"] not in FOREIGN:
            kubernetes_validate.validate(manifest, version, strict=True)


def test_every_pod_is_restricted_and_has_a_read_only_root(rendered: list[Manifest]) -> None:
    for name, pod in all_pods(rendered).items():
        containers = pod["spec"]["containers"]

        assert list(breaches(pod["spec"])) == [], name
        assert all(container["securityContext"]["readOnlyRootFilesystem"] for container in containers), name


def test_every_container_has_requests_and_a_memory_limit_but_no_cpu_limit(rendered: list[Manifest]) -> None:
    for name, pod in all_pods(rendered).items():
        for container in pod["spec"]["containers"]:
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys(), name
            assert container["resources"]["limits"].keys() == {"memory"}, name


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


def test_no_role_has_wildcards_or_access_to_secrets(rendered: list[Manifest]) -> None:
    rules = [rule for manifest in rendered if manifest["kind"] in ("Role", "ClusterRole") for rule in manifest["rules"]]

    assert rules
    for rule in rules:
        assert "*" not in (*rule["apiGroups"], *rule["resources"], *rule["verbs"])
        assert not any("secrets" in resource for resource in rule["resources"])
        assert not {"escalate", "bind", "impersonate"} & set(rule["verbs"])


def test_only_the_operator_and_the_test_pod_have_a_token(rendered: list[Manifest]) -> None:
    with_token = {name for name, pod in all_pods(rendered).items() if pod["spec"]["automountServiceAccountToken"]}

    assert with_token == {operator_of(rendered), next(name for name in pods(rendered) if name.endswith("-test"))}


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


def test_the_global_registry_applies_to_every_pod(helm: Helm) -> None:
    rendered = helm.render(
        "--set=global.imageRegistry=mirror:5000,redis.enabled=true",
        "--set=image.registry=one,runner.image.registry=two,redis.image.registry=three",
    )

    images = [container["image"] for pod in all_pods(rendered).values() for container in pod["spec"]["containers"]]
    assert {image.partition("/")[0] for image in images} == {"mirror:5000"}
    assert environment(rendered)["PDFJOB_RUNNER_IMAGE"] == "mirror:5000/pdfjob-chunk-runner:0.1.0"


def test_a_digest_takes_precedence_over_a_tag(helm: Helm) -> None:
    rendered = helm.render(*values(CHART / "ci" / "airgap-values.yaml"), "--set=image.tag=t,runner.image.tag=t")

    images = {name: pod["spec"]["containers"][0]["image"] for name, pod in all_pods(rendered).items()}
    assert images[OPERATOR] == f"mirror.example.com:5000/pdfjob-operator@sha256:{'1' * 64}"
    assert images["chunks"] == f"mirror.example.com:5000/pdfjob-chunk-runner@sha256:{'2' * 64}"


def test_an_image_without_a_registry_is_its_repository_and_tag(helm: Helm) -> None:
    rendered = helm.render("--set=image.repository=localhost/op,image.tag=dev,runner.image.registry=r.example.com")

    images = {name: pod["spec"]["containers"][0]["image"] for name, pod in all_pods(rendered).items()}
    assert (images[OPERATOR], images["merge"]) == ("localhost/op:dev", "r.example.com/pdfjob-chunk-runner:0.1.0")


def test_pull_secrets_apply_to_every_pod(everything: list[Manifest]) -> None:
    for name, pod in all_pods(everything).items():
        secrets = [secret["name"] for secret in pod["spec"]["imagePullSecrets"]]
        assert secrets == ["everybody", "own", "named"], name


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


def test_extra_environment_and_volumes_apply_to_the_operator(everything: list[Manifest]) -> None:
    pod = pods(everything)["pdfs"]
    (container,) = pod["spec"]["containers"]

    assert {"name": "HTTPS_PROXY", "value": "http://proxy.example.com:3128"} in container["env"]
    assert container["envFrom"] == [{"configMapRef": {"name": "proxy"}}]
    assert [mount["name"] for mount in container["volumeMounts"]] == [
        volume["name"] for volume in pod["spec"]["volumes"]
    ]
    assert (pod["metadata"]["labels"]["tier"], pod["metadata"]["annotations"]["example.com/scrape"]) == (
        "control",
        "false",
    )


@pytest.mark.parametrize(
    ("path", "kind"),
    [("serviceMonitor", "ServiceMonitor"), ("podMonitor", "PodMonitor"), ("prometheusRule", "PrometheusRule")],
)
def test_the_render_mode_decides_about_resources_of_a_missing_crd(helm: Helm, path: str, kind: str) -> None:
    def kinds(mode: str, *known: str) -> set[str]:
        settings = f"--set=metrics.{path}.enabled=true,metrics.{path}.renderMode={mode}"
        return {manifest["kind"] for manifest in helm.render(settings, *known)}

    assert kind not in kinds("skipIfMissing")
    assert all(kind in kinds(mode, *MONITORING) for mode in ("skipIfMissing", "failIfMissing"))
    assert kind in kinds("alwaysRender")
    refusal = helm.refusal(f"--set=metrics.{path}.enabled=true,metrics.{path}.renderMode=failIfMissing")
    assert f"the cluster has no {kind} CRD: install the Prometheus Operator first" in refusal


def test_monitors_select_the_port_of_the_operator(helm: Helm, everything: list[Manifest]) -> None:
    service = one(everything, "Service", "pdfs-metrics")
    monitor = one(everything, "ServiceMonitor")
    (port,) = service["spec"]["ports"]
    pod = pods(everything)["pdfs"]
    rendered = helm.render(*values(CHART / "ci" / "monitoring-values.yaml"))
    pod_monitor = one(rendered, "PodMonitor")["spec"]

    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] == port["name"]
    assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert [named["name"] for named in pod["spec"]["containers"][0]["ports"]] == [port["targetPort"]]
    assert pod_monitor["podMetricsEndpoints"][0]["port"] == port["targetPort"]
    assert pod_monitor["selector"]["matchLabels"].items() <= pods(rendered)[OPERATOR]["metadata"]["labels"].items()


def test_two_monitors_at_once_are_refused(helm: Helm) -> None:
    both = "--set=metrics.serviceMonitor.enabled=true,metrics.podMonitor.enabled=true"

    assert "enable only one of them" in helm.refusal(both)


def test_rules_and_dashboard_are_rendered_unchanged(everything: list[Manifest]) -> None:
    dashboard = one(everything, "ConfigMap", "pdfs-dashboard")

    assert one(everything, "PrometheusRule")["spec"] == yaml.safe_load((CHART / "files" / "rules.yaml").read_text())
    assert dashboard["data"]["pdfjob.json"].strip() == (CHART / "files" / "dashboard.json").read_text().strip()
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_a_disruption_budget_has_either_a_minimum_or_a_maximum(helm: Helm) -> None:
    def budget(*given: str) -> dict[str, Any]:
        spec = one(helm.render("--set=podDisruptionBudget.enabled=true", *given), "PodDisruptionBudget")["spec"]
        return {key: spec[key] for key in spec.keys() - {"selector"}}

    assert budget() == {"maxUnavailable": 1}
    assert budget("--set=podDisruptionBudget.minAvailable=1") == {"minAvailable": 1}


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


def test_permissions_and_the_service_account_can_be_managed_elsewhere(helm: Helm) -> None:
    rendered = helm.render(
        "--set=rbac.create=false,rbac.aggregateClusterRoles=false", "--set=serviceAccount.create=false", "--no-hooks"
    )

    kinds = {manifest["kind"] for manifest in rendered}
    assert not {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "ServiceAccount"} & kinds
    assert pods(rendered)[OPERATOR]["spec"]["serviceAccountName"] == "default"


def test_a_platform_can_choose_the_user_of_the_pods(helm: Helm) -> None:
    rendered = helm.render("--set=podSecurityContext.runAsUser=null,podSecurityContext.runAsGroup=null")

    pod = pods(rendered)[OPERATOR]["spec"]
    assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


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
