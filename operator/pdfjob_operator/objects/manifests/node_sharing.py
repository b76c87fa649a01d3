"""The part of a pod template that brings all pods that mount a claim to one node. Pure.

A volume that is not ReadWriteMany can be mounted on one node at a time. Knows nothing of how claims are read.
"""

from __future__ import annotations

import copy
import hashlib
from typing import TYPE_CHECKING, Any

from pdfjob_operator.objects.labels import CLAIM_LABELS


if TYPE_CHECKING:
    from collections.abc import Sequence

    from pdfjob_operator.objects.kubernetes import Manifest


_HOSTNAME = "kubernetes.io/hostname"

_MAX_LABEL_NAME = 63
"""Maximum length of the name of a label, without its prefix."""


def claim_label(claim: str) -> str:
    """Return the key of the label by which the pods that mount a claim find each other."""
    name = claim if len(claim) <= _MAX_LABEL_NAME else hashlib.sha256(claim.encode()).hexdigest()[:16]
    return f"{CLAIM_LABELS}{name}"


def share_node(pod: Manifest, claims: Sequence[str], last_node: str | None = None) -> None:
    """Run a pod on the node of the pods that mount the same claims.

    The first of them may run anywhere, because it matches its own affinity. Finished pods attract no others, but a
    volume that is still attached to their node is mounted there at once.

    Args:
        pod: The pod template.
        claims: The claims. The pod must share its node with pods that mount the first one, and should with the others:
            the scheduler would only count pods that match all required terms at once.
        last_node: Node of the last pod that mounted them; `None` if unknown.
    """
    if not claims:
        return
    affinity = copy.deepcopy(pod["spec"].get("affinity", {}))
    first, *others = [_same_claim(claim) for claim in claims]
    _terms(affinity, "podAffinity", "required").append(first)
    _terms(affinity, "podAffinity", "preferred").extend({"weight": 100, "podAffinityTerm": it} for it in others)
    if last_node is not None:
        name = {"key": "metadata.name", "operator": "In", "values": [last_node]}
        _terms(affinity, "nodeAffinity", "preferred").append({"weight": 100, "preference": {"matchFields": [name]}})
    pod["spec"]["affinity"] = affinity
    pod["metadata"]["labels"] = {**pod["metadata"]["labels"], **{claim_label(claim): "" for claim in claims}}


def _same_claim(claim: str) -> dict[str, Any]:
    selector = {"matchExpressions": [{"key": claim_label(claim), "operator": "Exists"}]}
    return {"labelSelector": selector, "topologyKey": _HOSTNAME}


def _terms(affinity: dict[str, Any], kind: str, how: str) -> list[dict[str, Any]]:
    """Return the list of an affinity's terms, which may have some of the administrator's already."""
    terms: list[dict[str, Any]] = affinity.setdefault(kind, {}).setdefault(
        f"{how}DuringSchedulingIgnoredDuringExecution", []
    )
    return terms
