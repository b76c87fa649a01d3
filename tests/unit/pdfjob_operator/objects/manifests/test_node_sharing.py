from typing import Any

from pdfjob_operator.objects.manifests.node_sharing import claim_label, share_node


REQUIRED, PREFERRED = (f"{how}DuringSchedulingIgnoredDuringExecution" for how in ("required", "preferred"))


def pod(affinity: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"metadata": {"labels": {"a": "b"}}, "spec": {} if affinity is None else {"affinity": affinity}}


def shared(*claims: str, node: str | None = None, affinity: dict[str, Any] | None = None) -> dict[str, Any]:
    made = pod(affinity)
    share_node(made, claims, node)
    return made


def keys(terms: list[dict[str, Any]]) -> list[str]:
    return [term["labelSelector"]["matchExpressions"][0]["key"] for term in terms]


def test_a_pod_matches_its_own_affinity_so_that_the_first_one_can_be_scheduled() -> None:
    made = shared("books")

    (term,) = made["spec"]["affinity"]["podAffinity"][REQUIRED]
    assert term == {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": {"matchExpressions": [{"key": "claim.pdfjob.dev/books", "operator": "Exists"}]},
    }
    assert made["metadata"]["labels"] == {"a": "b", "claim.pdfjob.dev/books": ""}


def test_of_two_claims_the_first_decides_because_the_scheduler_counts_pods_that_match_all_required_terms() -> None:
    affinity = shared("library", "books")["spec"]["affinity"]["podAffinity"]

    assert keys(affinity[REQUIRED]) == ["claim.pdfjob.dev/library"]
    assert keys([term["podAffinityTerm"] for term in affinity[PREFERRED]]) == ["claim.pdfjob.dev/books"]


def test_the_node_of_the_last_pod_is_preferred() -> None:
    (term,) = shared("books", node="node-2")["spec"]["affinity"]["nodeAffinity"][PREFERRED]

    assert term["preference"] == {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-2"]}]}
    assert "nodeAffinity" not in shared("books")["spec"]["affinity"]


def test_an_affinity_of_the_administrator_is_kept_and_not_changed_for_other_pods() -> None:
    theirs: dict[str, Any] = {"podAffinity": {REQUIRED: [{"topologyKey": "zone"}]}, "podAntiAffinity": {PREFERRED: []}}

    affinity = shared("books", affinity=theirs)["spec"]["affinity"]

    assert [term["topologyKey"] for term in affinity["podAffinity"][REQUIRED]] == ["zone", "kubernetes.io/hostname"]
    assert affinity["podAntiAffinity"] == {PREFERRED: []}
    assert theirs["podAffinity"][REQUIRED] == [{"topologyKey": "zone"}]


def test_without_claims_nothing_changes() -> None:
    assert shared(node="node-2") == pod()


def test_a_label_has_a_hash_if_the_name_of_the_claim_is_too_long() -> None:
    longest = "x" * 63

    assert claim_label(longest) == f"claim.pdfjob.dev/{longest}"
    assert len(claim_label("x" * 64)) < len(claim_label(longest))
    assert claim_label("x" * 64) != claim_label("x" * 65)
