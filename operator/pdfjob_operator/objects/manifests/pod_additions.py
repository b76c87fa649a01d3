"""What the administrator and the author of a PdfJob add to pods. Pure.

The operator's own labels, annotations, variables, mounts and restrictions take precedence over the administrator's, and
these over the author's. `planning.pod_review` decides what an author may add.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.kubernetes import Manifest


_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def settings_for(settings: Settings, pod: Mapping[str, Any]) -> Settings:
    """Return the settings for the pods of one PdfJob.

    Args:
        settings: The operator's configuration.
        pod: `spec.pod` of the PdfJob.
    """
    own = settings.runner_pod
    return replace(
        settings,
        resources=_resources_with(settings.resources, pod.get("resources", {})),
        runner_pod=replace(
            own,
            labels={**pod.get("labels", {}), **own.labels},
            annotations={**pod.get("annotations", {}), **own.annotations},
            node_selector={**pod.get("nodeSelector", {}), **own.node_selector},
            tolerations=(*own.tolerations, *pod.get("tolerations", ())),
            affinity=_both(own.affinity, pod.get("affinity", {})),
            priority_class_name=pod.get("priorityClassName") or own.priority_class_name,
            service_account_name=pod.get("serviceAccountName") or own.service_account_name,
        ),
    )


def _resources_with(resources: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resources of a pod with the requests and limits for which its author asks."""
    kinds = (kind for kind in ("requests", "limits") if kind in asked)
    return {**resources, **{kind: {**resources.get(kind, {}), **asked[kind]} for kind in kinds}}


def complete(pod: Manifest, settings: Settings) -> None:
    """Add to a pod template what the settings say, without replacing anything in it.

    Args:
        pod: The pod template, with its own labels and variables, and without an affinity.
        settings: The settings, with what the author of a PdfJob adds.
    """
    added, metadata, spec = settings.runner_pod, pod["metadata"], pod["spec"]
    (container,) = spec["containers"]
    metadata["labels"] = {**settings.pod_labels, **added.labels, **metadata["labels"]}
    metadata["annotations"] = {**added.annotations, **metadata.get("annotations", {})}
    spec["securityContext"] = {
        "fsGroupChangePolicy": "OnRootMismatch",
        **added.security_context,
        **spec["securityContext"],
    }
    placement: Manifest = {
        "nodeSelector": dict(added.node_selector),
        "tolerations": list(added.tolerations),
        "affinity": dict(added.affinity),
        "topologySpreadConstraints": list(added.topology_spread_constraints),
        "priorityClassName": added.priority_class_name,
        "serviceAccountName": added.service_account_name,
        "runtimeClassName": added.runtime_class_name,
    }
    spec |= {name: value for name, value in placement.items() if value}
    container["env"] = [*added.env, *container["env"]]
    if added.env_from:
        container["envFrom"] = list(added.env_from)
    spec["volumes"] = [*spec["volumes"], *added.volumes]
    container["volumeMounts"] = [*container["volumeMounts"], *added.volume_mounts]


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return an affinity that requires what each of two requires, and prefers what either prefers."""
    both = {}
    for kind in ("nodeAffinity", "podAffinity", "podAntiAffinity"):
        rules = one.get(kind) or {}, other.get(kind) or {}
        required = _both_terms if kind == "nodeAffinity" else _all_terms
        merged = {
            _REQUIRED: required(*(it.get(_REQUIRED) or None for it in rules)),
            _PREFERRED: _all_terms(*(it.get(_PREFERRED) or None for it in rules)),
        }
        if merged := {name: terms for name, terms in merged.items() if terms}:
            both[kind] = merged
    return both


def _all_terms(one: list[Any] | None, other: list[Any] | None) -> list[Any]:
    return [*(one or ()), *(other or ())]


def _both_terms(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a node selector that matches the nodes that both match. A node matches one if it matches any term."""
    if one is None or other is None:
        return dict(one or other or {})
    pairs = product(one.get("nodeSelectorTerms", ()), other.get("nodeSelectorTerms", ()))
    return {"nodeSelectorTerms": [_both_expressions(*pair) for pair in pairs]}


def _both_expressions(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    lists = {name: [*one.get(name, ()), *other.get(name, ())] for name in ("matchExpressions", "matchFields")}
    return {name: found for name, found in lists.items() if found}
