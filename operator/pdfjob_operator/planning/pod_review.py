"""Judges whether the author of a PdfJob may ask for what stands in `spec.pod`. Pure.

What the operator does not know is refused, whatever the API server admits. Where it is installed, the chart's admission
policy applies the same rules when a PdfJob is created.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.report import Failure
from pdfjob_operator.configuration.pod_policy import is_reserved_annotation, is_reserved_label
from pdfjob_operator.configuration.settings import QuantityError, parse_amount
from pdfjob_operator.objects.reasons import OperatorReason


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings


_FIELDS = (
    "resources",
    "nodeSelector",
    "tolerations",
    "affinity",
    "priorityClassName",
    "serviceAccountName",
    "labels",
    "annotations",
)
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def pod_refusal(pod: Mapping[str, Any], settings: Settings) -> Failure | None:
    """Return why a PdfJob may not run its pods as it asks; `None` if it may.

    Args:
        pod: `spec.pod` of the PdfJob.
        settings: The settings for its pods.
    """
    try:
        sentence = next(_objections(pod, settings), None)
    except QuantityError as error:
        sentence = f"spec.pod.resources: {error}: use a quantity such as 500m or 2Gi."
    return None if sentence is None else Failure(OperatorReason.POD_NOT_ALLOWED, shorten(sentence))


def _objections(pod: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """Yield a sentence for each thing that is not allowed."""
    policy = settings.pod_policy
    yield from _unknown(pod, _FIELDS, "spec.pod")
    yield from _resources(pod.get("resources", {}), settings)
    yield from _affinity(pod.get("affinity", {}), policy.node_labels)
    yield from _not_listed("nodeSelector", pod.get("nodeSelector", {}), policy.node_labels, "nodeLabels")
    taints = [toleration.get("key", "") for toleration in pod.get("tolerations", ())]
    if "" in taints:
        yield "spec.pod.tolerations: a toleration without a key tolerates every taint: name the key of one taint."
    yield from _not_listed("tolerations", taints, policy.taints, "taints")
    for field, allowed, listing in (
        ("priorityClassName", policy.priority_class_names, "priorityClassNames"),
        ("serviceAccountName", policy.service_account_names, "serviceAccountNames"),
    ):
        yield from _not_listed(field, [pod[field]] if field in pod else [], allowed, listing)
    for field, is_reserved, allowed in (
        ("labels", is_reserved_label, policy.labels),
        ("annotations", is_reserved_annotation, policy.annotations),
    ):
        for name in filter(is_reserved, pod.get(field, {})):
            yield f"spec.pod.{field}: {name} belongs to Kubernetes or to the operator: remove it."
        yield from _not_listed(field, pod.get(field, {}), allowed, field)


def _unknown(given: Collection[str], known: Collection[str], path: str) -> Iterator[str]:
    for name in given:
        if name not in known:
            yield f"{path}.{name} cannot be set in a PdfJob: remove it."


def _not_listed(field: str, names: Collection[str], allowed: Collection[str], listing: str) -> Iterator[str]:
    for name in names:
        if name not in allowed:
            remedy = f"use {' or '.join(allowed)}" if allowed else "remove it"
            yield (
                f"spec.pod.{field}: {name} is not allowed: {remedy}, or ask an administrator to add it to"
                f" podPolicy.{listing}."
            )


def _affinity(affinity: Mapping[str, Any], node_labels: Collection[str]) -> Iterator[str]:
    yield from _unknown(affinity, ("nodeAffinity",), "spec.pod.affinity")
    rules = affinity.get("nodeAffinity", {})
    yield from _unknown(rules, (_REQUIRED, _PREFERRED), "spec.pod.affinity.nodeAffinity")
    terms = [
        *rules.get(_REQUIRED, {}).get("nodeSelectorTerms", ()),
        *(it["preference"] for it in rules.get(_PREFERRED, ())),
    ]
    for term in terms:
        yield from _unknown(term, ("matchExpressions",), "spec.pod.affinity")
        keys = [expression["key"] for expression in term.get("matchExpressions", ())]
        yield from _not_listed("affinity", keys, node_labels, "nodeLabels")


def _resources(asked: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    kinds, most = ("requests", "limits"), settings.pod_policy.max_resources
    yield from _unknown(asked, kinds, "spec.pod.resources")
    for kind in kinds:
        yield from _not_listed(f"resources.{kind}", asked.get(kind, {}), list(most), "maxResources")
        for name, quantity in asked.get(kind, {}).items():
            if parse_amount(quantity) > parse_amount(most[name]):
                yield (
                    f"spec.pod.resources.{kind}.{name} is {quantity}, but at most {most[name]} is allowed: lower it, or"
                    " ask an administrator to raise podPolicy.maxResources."
                )
    requests, limits = (settings.resources.get(kind, {}) for kind in kinds)
    for name in {*requests} & {*limits} if asked else ():
        if parse_amount(requests[name]) > parse_amount(limits[name]):
            yield (
                f"spec.pod.resources: the pods would request {requests[name]} of {name}, above their limit of"
                f" {limits[name]}: set both requests.{name} and limits.{name}."
            )
