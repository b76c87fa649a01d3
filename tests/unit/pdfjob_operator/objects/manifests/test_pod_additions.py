from dataclasses import replace
from typing import Any

import pytest

from builders import SETTINGS, decide, make_gemini, make_job, make_pdfjob, make_pod, make_started, prepared
from pdfjob_operator.configuration.runner_pod import RunnerPod
from pdfjob_operator.garbage_collection.sweep_job import Claim, sweep_job
from pdfjob_operator.objects.kubernetes import JobOutcome, Manifest
from pdfjob_operator.objects.manifests.jobs import chunks_job, merge_job, prepare_job
from pdfjob_operator.objects.manifests.pod_additions import settings_for
from pdfjob_operator.objects.phases import Stage


REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
ARM = {"key": "kubernetes.io/arch", "operator": "In", "values": ["arm64"]}
EAST = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["east"]}
WEST = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["west"]}
SPOT = {"key": "spot", "operator": "Exists"}

EVERYTHING = RunnerPod(
    labels={"team": "library", "pdfjob.dev/stage": "none", "app.kubernetes.io/managed-by": "me"},
    annotations={"example.com/note": "a", "pdfjob.dev/job": "other", "karpenter.sh/do-not-disrupt": "false"},
    node_selector={"disk": "ssd"},
    tolerations=(SPOT,),
    affinity={"podAntiAffinity": {REQUIRED: [{"topologyKey": "zone"}]}},
    topology_spread_constraints=({"maxSkew": 1},),
    priority_class_name="low",
    service_account_name="reader",
    runtime_class_name="gvisor",
    security_context={"runAsUser": 1000},
    env=({"name": "HTTPS_PROXY", "value": "http://proxy:3128"},),
    env_from=({"configMapRef": {"name": "proxy"}},),
    volumes=({"name": "ca", "configMap": {"name": "ca"}},),
    volume_mounts=({"name": "ca", "mountPath": "/etc/ca"},),
)


def pods(runner_pod: RunnerPod, **spec: Any) -> dict[str, Manifest]:
    """The pod of every stage, and of a sweep."""
    settings, pdfjob = replace(SETTINGS, runner_pod=runner_pod), make_pdfjob(**spec)
    settings = settings_for(settings, pdfjob.pod)
    jobs = {
        "prepare": prepare_job(pdfjob, settings, seconds=60),
        "chunks": chunks_job(pdfjob, settings, total=4, pages=120, seconds=60),
        "merge": merge_job(pdfjob, settings, unfinished=None, seconds=60),
        "sweep": sweep_job(Claim("books", "shelf"), settings, 1),
    }
    return {stage: job["spec"]["template"] for stage, job in jobs.items()}


STAGES = ("prepare", "chunks", "merge", "sweep")


@pytest.mark.parametrize("stage", STAGES)
def test_what_the_administrator_adds_reaches_every_pod(stage: str) -> None:
    pod = pods(EVERYTHING)[stage]
    spec = pod["spec"]
    (container,) = spec["containers"]

    assert (pod["metadata"]["labels"]["team"], pod["metadata"]["annotations"]["example.com/note"]) == ("library", "a")
    assert {key: spec[key] for key in ("nodeSelector", "tolerations", "affinity", "topologySpreadConstraints")} == {
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [SPOT],
        "affinity": {"podAntiAffinity": {REQUIRED: [{"topologyKey": "zone"}]}},
        "topologySpreadConstraints": [{"maxSkew": 1}],
    }
    assert (spec["priorityClassName"], spec["serviceAccountName"], spec["runtimeClassName"]) == (
        "low",
        "reader",
        "gvisor",
    )
    assert container["env"][0] == {"name": "HTTPS_PROXY", "value": "http://proxy:3128"}
    assert container["envFrom"] == [{"configMapRef": {"name": "proxy"}}]
    assert {"name": "ca", "configMap": {"name": "ca"}} in spec["volumes"]
    assert {"name": "ca", "mountPath": "/etc/ca"} in container["volumeMounts"]


@pytest.mark.parametrize("stage", STAGES)
def test_what_the_operator_sets_itself_stays(stage: str) -> None:
    plain, added = pods(RunnerPod())[stage], pods(EVERYTHING)[stage]
    own, labels = plain["metadata"]["labels"], added["metadata"]["labels"]

    assert labels == {**labels, **own}
    assert added["metadata"]["annotations"].items() >= plain["metadata"]["annotations"].items()
    for key in ("restartPolicy", "automountServiceAccountToken", "enableServiceLinks"):
        assert added["spec"][key] == plain["spec"][key]
    assert added["spec"]["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
        "fsGroupChangePolicy": "OnRootMismatch",
        "runAsUser": 1000,
    }
    (was,), (container,) = plain["spec"]["containers"], added["spec"]["containers"]
    assert container["securityContext"] == was["securityContext"]
    assert container["env"][-len(was["env"]) :] == was["env"]
    assert [mount for mount in container["volumeMounts"] if mount["name"] != "ca"] == was["volumeMounts"]


def test_without_additions_a_pod_has_no_empty_fields() -> None:
    for pod in pods(RunnerPod()).values():
        assert not {"nodeSelector", "affinity", "tolerations", "priorityClassName", "runtimeClassName"} & {*pod["spec"]}
        assert "envFrom" not in pod["spec"]["containers"][0]


def test_ids_that_are_taken_away_leave_mounted_secrets_readable() -> None:
    gemini = make_gemini()
    modes = [
        volume["secret"]["defaultMode"]
        for runner_pod in (RunnerPod(), RunnerPod(security_context={}))
        for volume in pods(runner_pod, processor=gemini)["chunks"]["spec"]["volumes"]
        if "secret" in volume
    ]

    assert modes == [0o440, 0o444]
    context = pods(RunnerPod(security_context={}))["merge"]["spec"]["securityContext"]
    assert not {"runAsUser", "runAsGroup", "fsGroup"} & {*context}


def test_autoscalers_keep_the_node_of_a_pod_that_sends_requests_to_gemini() -> None:
    def kept(runner_pod: RunnerPod, processor: dict[str, Any]) -> dict[str, str | None]:
        return {
            stage: pod["metadata"]["annotations"].get("karpenter.sh/do-not-disrupt")
            for stage, pod in pods(runner_pod, processor=processor).items()
        }

    nothing = dict.fromkeys(STAGES)
    assert kept(RunnerPod(), make_gemini()) == nothing | {"prepare": "true", "chunks": "true"}
    assert kept(RunnerPod(), {"text": {}}) == nothing
    assert kept(EVERYTHING, make_gemini())["chunks"] == "false"
    annotations = pods(RunnerPod(), processor=make_gemini())["chunks"]["metadata"]["annotations"]
    assert annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"


def test_what_the_author_adds_comes_after_what_the_administrator_adds() -> None:
    pod = {
        "labels": {"team": "authors", "cost": "7"},
        "nodeSelector": {"disk": "hdd", "gpu": "none"},
        "tolerations": [{"key": "night"}],
        "priorityClassName": "high",
        "serviceAccountName": "writer",
    }

    made = pods(EVERYTHING, pod=pod)["chunks"]

    assert (made["metadata"]["labels"]["team"], made["metadata"]["labels"]["cost"]) == ("library", "7")
    assert made["spec"]["nodeSelector"] == {"disk": "ssd", "gpu": "none"}
    assert made["spec"]["tolerations"] == [SPOT, {"key": "night"}]
    assert (made["spec"]["priorityClassName"], made["spec"]["serviceAccountName"]) == ("high", "writer")


def test_a_node_must_match_the_affinity_of_both_and_affinity_to_pods_stays() -> None:
    together = [{"topologyKey": "kubernetes.io/hostname"}]
    administrator: dict[str, Any] = {
        "nodeAffinity": {
            REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [EAST]}, {"matchExpressions": [WEST]}]},
            PREFERRED: [{"weight": 1, "preference": {"matchExpressions": [EAST]}}],
        },
        "podAffinity": {REQUIRED: together},
    }
    author: dict[str, Any] = {
        "nodeAffinity": {
            REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [ARM]}]},
            PREFERRED: [{"weight": 9, "preference": {"matchExpressions": [ARM]}}],
        }
    }

    affinity = pods(RunnerPod(affinity=administrator), pod={"affinity": author})["chunks"]["spec"]["affinity"]

    assert affinity == {
        "nodeAffinity": {
            REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [EAST, ARM]}, {"matchExpressions": [WEST, ARM]}]},
            PREFERRED: [
                {"weight": 1, "preference": {"matchExpressions": [EAST]}},
                {"weight": 9, "preference": {"matchExpressions": [ARM]}},
            ],
        },
        "podAffinity": {REQUIRED: together},
    }
    assert pods(RunnerPod(), pod={"affinity": author})["merge"]["spec"]["affinity"] == author


def test_pods_have_the_resources_of_their_pdfjob_and_twice_the_memory_after_an_oom_kill() -> None:
    pdfjob = make_started(pod={"resources": {"limits": {"memory": "2Gi"}, "requests": {"cpu": 1}}})

    (first,) = decide(make_job(Stage.PREPARE), pods=(prepared(120, 4),), pdfjob=pdfjob).create
    killed = replace(make_pod(Stage.PREPARE, exit_code=137), out_of_memory=True)
    failed = make_job(Stage.PREPARE, outcome=JobOutcome.FAILED)
    (again,) = decide(failed, pods=(killed,), pdfjob=pdfjob).create

    assert [job["spec"]["template"]["spec"]["containers"][0]["resources"] for job in (first, again)] == [
        {"requests": {"cpu": 1, "memory": "128Mi"}, "limits": {"memory": "2Gi"}},
        {"requests": {"cpu": 1, "memory": "256Mi"}, "limits": {"memory": "4096Mi"}},
    ]
