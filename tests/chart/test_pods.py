"""The chart's pods and those of PdfJobs: security context, resources, images, and what users add."""

from collections.abc import Iterator
from typing import Any

import pytest

from chart.helm import CHART, OPERATOR, Helm, Manifest, environment, pods, values
from chart.workers import all_pods, worker_jobs


VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


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


def test_an_operator_that_answers_late_is_not_restarted(rendered: list[Manifest]) -> None:
    probes = [
        container["livenessProbe"]
        for pod in pods(rendered).values()
        for container in pod["spec"]["containers"]
        if "livenessProbe" in container and container["livenessProbe"].get("httpGet", {}).get("path") == "/healthz"
    ]

    assert [probe["failureThreshold"] * probe["periodSeconds"] >= 120 for probe in probes] == [True]
    assert [probe["timeoutSeconds"] <= probe["periodSeconds"] for probe in probes] == [True]


def test_the_global_registry_applies_to_every_pod(helm: Helm) -> None:
    rendered = helm.render(
        "--set=global.imageRegistry=mirror:5000,redis.enabled=true",
        "--set=image.repository=one.example.com/op,redis.image.repository=localhost/redis",
    )

    images = [container["image"] for pod in all_pods(rendered).values() for container in pod["spec"]["containers"]]
    assert {image.partition("/")[0] for image in images} == {"mirror:5000"}
    assert environment(rendered)["PDFJOB_RUNNER_IMAGE"] == "mirror:5000/pdfjob-chunk-runner:0.1.0"


def test_a_digest_takes_precedence_over_a_tag(helm: Helm) -> None:
    rendered = helm.render(*values(CHART / "ci" / "airgap-values.yaml"), "--set=image.tag=t,runner.image.tag=t")

    images = {name: pod["spec"]["containers"][0]["image"] for name, pod in all_pods(rendered).items()}
    assert images[OPERATOR] == f"mirror.example.com:5000/pdfjob-operator@sha256:{'1' * 64}"
    assert images["chunks"] == f"mirror.example.com:5000/pdfjob-chunk-runner@sha256:{'2' * 64}"


@pytest.mark.parametrize(
    ("repository", "mirrored"),
    [
        ("op", "mirror/op"),
        ("books/op", "mirror/books/op"),
        ("localhost/op", "mirror/op"),
        ("r.example.com/books/op", "mirror/books/op"),
        ("registry:5000/op", "mirror/op"),
    ],
)
def test_the_global_registry_replaces_only_the_registry_of_a_repository(
    helm: Helm, repository: str, mirrored: str
) -> None:
    def image(*given: str) -> str:
        rendered = helm.render(f"--set=image.repository={repository},image.tag=dev", *given)
        found: str = pods(rendered)[OPERATOR]["spec"]["containers"][0]["image"]
        return found

    assert image() == f"{repository}:dev"
    assert image("--set=global.imageRegistry=mirror") == f"{mirrored}:dev"


def test_pull_secrets_apply_to_every_pod(everything: list[Manifest]) -> None:
    for name, pod in all_pods(everything).items():
        secrets = [secret["name"] for secret in pod["spec"]["imagePullSecrets"]]
        assert secrets == ["everybody", "own", "named"], name


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


def test_a_platform_can_choose_the_user_of_the_pods(helm: Helm) -> None:
    rendered = helm.render(
        "--set=podSecurityContext.runAsUser=null,podSecurityContext.runAsGroup=null",
        "--set=runnerPod.securityContext.runAsUser=null,runnerPod.securityContext.runAsGroup=null",
        "--set=runnerPod.securityContext.fsGroup=null",
    )

    restricted = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    contexts = {name: pod["spec"]["securityContext"] for name, pod in all_pods(rendered).items()}
    assert contexts.pop(OPERATOR) == restricted
    assert contexts.keys() == {f"{OPERATOR}-test", "prepare", "chunks", "merge", "sweep"}
    for name, context in contexts.items():
        assert context == {**restricted, "fsGroupChangePolicy": "OnRootMismatch"}, name


def test_the_test_pod_has_the_user_and_groups_of_the_pods_of_pdfjobs(helm: Helm) -> None:
    found = all_pods(helm.render("--set=runnerPod.securityContext.runAsUser=1000,runnerPod.securityContext.fsGroup=7"))

    assert found[f"{OPERATOR}-test"]["spec"]["securityContext"] == found["merge"]["spec"]["securityContext"]
    assert (
        found["merge"]["spec"]["securityContext"]["runAsUser"],
        found["merge"]["spec"]["securityContext"]["fsGroup"],
    ) == (1000, 7)


def test_additions_apply_to_every_pod_of_a_pdfjob(everything: list[Manifest]) -> None:
    for stage in ("prepare", "chunks", "merge", "sweep"):
        pod = all_pods(everything)[stage]
        (container,) = pod["spec"]["containers"]

        assert (pod["metadata"]["labels"]["cost-center"], pod["metadata"]["labels"]["team"]) == ("library", "books")
        assert pod["metadata"]["annotations"]["sidecar.istio.io/inject"] == "false"
        assert (pod["spec"]["nodeSelector"], pod["spec"]["runtimeClassName"]) == ({"pool": "batch"}, "gvisor")
        assert {variable["name"] for variable in container["env"]} >= {"HTTPS_PROXY", "SSL_CERT_FILE"}
        assert {"name": "ca", "mountPath": "/etc/ca", "readOnly": True} in container["volumeMounts"]


def test_every_job_of_a_pdfjob_waits_in_the_queue_if_kueue_manages_all_jobs(everything: list[Manifest]) -> None:
    labels = {stage: job["metadata"]["labels"] for stage, job in worker_jobs(everything, "pdfs").items()}

    assert {it["kueue.x-k8s.io/queue-name"] for it in labels.values()} == {"books"}
    assert [stage for stage, it in labels.items() if "kueue.x-k8s.io/priority-class" in it] == ["merge"]
