import json
from dataclasses import replace
from typing import Any

import pytest

from builders import SETTINGS, make_gemini, make_pdfjob
from pdfjob_operator.configuration.environment import SettingsError, load_settings
from pdfjob_operator.configuration.pod_policy import PodPolicy
from pdfjob_operator.configuration.queueing import Queueing
from pdfjob_operator.configuration.runner_pod import VOLUME_NAMES, RunnerPod
from pdfjob_operator.garbage_collection.sweep_job import Claim, sweep_job
from pdfjob_operator.objects.manifests.jobs import prepare_job


def load(variable: str, value: object) -> Any:
    return load_settings({"PDFJOB_RUNNER_IMAGE": "runner:1", variable: json.dumps(value)})


def test_additions_policy_and_queues_are_read_from_json() -> None:
    assert load("PDFJOB_RUNNER_POD", {"nodeSelector": {"a": "b"}}).runner_pod == RunnerPod(node_selector={"a": "b"})
    assert load("PDFJOB_POD_POLICY", {"taints": ["spot"]}).pod_policy == PodPolicy(taints=("spot",))
    assert load("PDFJOB_KUEUE", {"queueName": "books"}).queueing == Queueing("books")
    assert load("PDFJOB_KUEUE", {}) == load_settings({"PDFJOB_RUNNER_IMAGE": "runner:1"})


def test_ids_are_ours_unless_the_administrator_sets_or_removes_them() -> None:
    assert load("PDFJOB_RUNNER_POD", {}).runner_pod.security_context["fsGroup"] == 65532
    assert load("PDFJOB_RUNNER_POD", {"securityContext": {}}).runner_pod.security_context == {}


@pytest.mark.parametrize(
    ("additions", "said"),
    [
        ({"hostNetwork": True}, "hostNetwork is not one of labels, annotations"),
        ({"tolerations": {}}, "tolerations must be a list of objects"),
        ({"securityContext": {"runAsUser": 0}}, "runAsUser must not be 0"),
        ({"securityContext": {"runAsNonRoot": False}}, "securityContext.runAsNonRoot is not one of runAsUser"),
        ({"securityContext": {"seccompProfile": {"type": "Unconfined"}}}, "seccompProfile is not one of"),
        (
            {"volumes": [{"name": "root", "hostPath": {"path": "/"}}]},
            "volumes.root is a hostPath, which the restricted",
        ),
        ({"volumes": [{"name": "workspace", "emptyDir": {}}]}, "volumes has the name workspace"),
        ({"volumeMounts": [{"name": "tmp", "mountPath": "/x"}]}, "volumeMounts names tmp, which is not in volumes"),
        ({"env": [{"name": "PDFJOB_GEMINI_BASE_URL", "value": "x"}]}, "env sets PDFJOB_GEMINI_BASE_URL"),
        ({"env": [{"name": "JOB_COMPLETION_INDEX", "value": "0"}]}, "env sets JOB_COMPLETION_INDEX"),
    ],
    ids=str,
)
def test_additions_that_would_break_the_pods_or_their_restrictions_are_refused(
    additions: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError, match=r"^PDFJOB_RUNNER_POD is not valid: .*") as raised:
        load("PDFJOB_RUNNER_POD", additions)

    assert said in str(raised.value)


@pytest.mark.parametrize(
    "path",
    ["/", "/workspace/x", "/source", "/workspaces", "/gemini", "/password/password", "/redis", "/app/bin", "/proc"],
)
def test_no_mount_hides_what_the_operator_mounts(path: str) -> None:
    additions = {"volumes": [{"name": "ca", "configMap": {}}], "volumeMounts": [{"name": "ca", "mountPath": path}]}

    with pytest.raises(SettingsError, match="which would hide or change"):
        load("PDFJOB_RUNNER_POD", additions)


def test_a_mount_elsewhere_is_accepted() -> None:
    mount = {"name": "ca", "mountPath": "/etc/ssl/certs/ca.crt", "subPath": "ca.crt"}
    additions = {"volumes": [{"name": "ca", "configMap": {"name": "ca"}}], "volumeMounts": [mount]}

    assert load("PDFJOB_RUNNER_POD", additions).runner_pod.volume_mounts == (mount,)


def test_all_names_of_volumes_that_the_operator_uses_are_reserved() -> None:
    source = {"volume": {"path": "a.pdf", "claimName": "other"}, "passwordSecretRef": {"name": "p", "key": "k"}}
    settings = replace(SETTINGS, redis_secret=("redis", "url"))
    jobs = [
        prepare_job(make_pdfjob(source=source, processor=make_gemini()), settings, seconds=60),
        prepare_job(make_pdfjob(), settings, seconds=60),
        sweep_job(Claim("books", "shelf"), settings, 1),
    ]

    used = {volume["name"] for job in jobs for volume in job["spec"]["template"]["spec"]["volumes"]}
    assert used == VOLUME_NAMES


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PDFJOB_POD_POLICY", {"hostPaths": ["/"]}, "hostPaths is not one of maxResources, nodeLabels"),
        ("PDFJOB_POD_POLICY", {"maxResources": {"cpu": "much"}}, "maxResources.cpu is not a quantity"),
        ("PDFJOB_POD_POLICY", {"labels": "team"}, "labels must be a list of strings"),
        ("PDFJOB_KUEUE", {"priorityClassNames": {"process": "x"}}, "priorityClassNames.process is not one of prepare"),
        ("PDFJOB_KUEUE", {"manageJobsWithoutQueueName": "yes"}, "must be true or false"),
    ],
)
def test_an_invalid_policy_or_queue_is_named(variable: str, value: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable} is not valid: ") as raised:
        load(variable, value)

    assert said in str(raised.value)


@pytest.mark.parametrize("variable", ["PDFJOB_RUNNER_POD", "PDFJOB_POD_POLICY", "PDFJOB_KUEUE"])
def test_what_is_no_json_object_is_named(variable: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable} is “.*”: expected a JSON object"):
        load_settings({"PDFJOB_RUNNER_IMAGE": "runner:1", variable: "[]"})
