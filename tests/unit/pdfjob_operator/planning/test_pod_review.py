"""What the author of a PdfJob may ask for in `spec.pod`, as attempts to gain something by it."""

from dataclasses import replace
from typing import Any

import pytest

from builders import SETTINGS, make_observation, make_pdfjob
from pdfjob_operator.configuration.pod_policy import PodPolicy
from pdfjob_operator.objects.manifests.pod_additions import settings_for
from pdfjob_operator.planning.planner import plan
from pdfjob_operator.planning.pod_review import pod_refusal
from unit.pdfjob_operator.planning.pod_attempts import ALLOWED, ATTEMPTS


GENEROUS = PodPolicy(
    max_resources={"cpu": "4", "memory": "8Gi", "nvidia.com/gpu": 1},
    node_labels=("pool",),
    taints=("spot",),
    priority_class_names=("night",),
    service_account_names=("reader",),
    labels=("team", "pdfjob.dev/processor", "kueue.x-k8s.io/queue-name", "job-name"),
    annotations=("example.com/cost", "pdfjob.dev/job"),
)


def refusal(pod: dict[str, Any], policy: PodPolicy | None = None) -> str:
    """Return the sentence with which `spec.pod` is refused; empty if it is allowed."""
    settings = settings_for(replace(SETTINGS, pod_policy=policy or PodPolicy()), pod)
    failure = pod_refusal(pod, settings)
    assert failure is None or (failure.reason, failure.message[-1]) == ("PodNotAllowed", ".")
    return "" if failure is None else failure.message


@pytest.mark.parametrize(("pod", "said"), ATTEMPTS, ids=str)
def test_nobody_gains_anything_by_the_pods_of_a_pdfjob(pod: dict[str, Any], said: str) -> None:
    assert said in refusal(pod)


@pytest.mark.parametrize("pod", ALLOWED, ids=str)
def test_the_default_policy_allows_the_choice_of_kinds_of_nodes_and_moderate_resources(pod: dict[str, Any]) -> None:
    assert refusal(pod) == ""


def test_requests_stay_below_the_limits_of_the_configuration() -> None:
    said = "request 2Gi of memory, above their limit of 1Gi: set both requests.memory and limits.memory"
    assert said in refusal({"resources": {"requests": {"memory": "2Gi"}}})


def test_a_policy_allows_what_it_names_and_nothing_else() -> None:
    allowed = {
        "resources": {"limits": {"nvidia.com/gpu": 1, "memory": "8Gi"}},
        "nodeSelector": {"pool": "books"},
        "tolerations": [{"key": "spot", "operator": "Exists"}],
        "priorityClassName": "night",
        "serviceAccountName": "reader",
        "labels": {"team": "books"},
        "annotations": {"example.com/cost": "7"},
    }

    assert refusal(allowed, GENEROUS) == ""
    assert "kubernetes.io/arch is not allowed: use pool" in refusal(
        {"nodeSelector": {"kubernetes.io/arch": "arm64"}}, GENEROUS
    )
    assert "nvidia.com/gpu is 2, but at most 1" in refusal({"resources": {"limits": {"nvidia.com/gpu": 2}}}, GENEROUS)


@pytest.mark.parametrize("label", ["pdfjob.dev/processor", "kueue.x-k8s.io/queue-name", "job-name"])
def test_no_policy_gives_labels_of_the_operator_or_kubernetes_away(label: str) -> None:
    assert "belongs to Kubernetes or to the operator" in refusal({"labels": {label: "x"}}, GENEROUS)
    assert "belongs to" in refusal({"annotations": {"pdfjob.dev/job": "x"}}, GENEROUS)


def test_a_pdfjob_whose_pods_are_not_allowed_fails_before_anything_is_created() -> None:
    decision = plan(make_observation(pdfjob=make_pdfjob(pod={"priorityClassName": "urgent"})), SETTINGS)

    assert decision.state is not None
    assert (decision.state.phase, decision.state.reason, decision.create) == ("Failed", "PodNotAllowed", ())
    assert decision.state.message == (
        "spec.pod.priorityClassName: urgent is not allowed: remove it, or ask an administrator to add it to"
        " podPolicy.priorityClassNames."
    )
