from typing import Any

import pytest

from builders import SETTINGS, make_pdfjob
from pdfjob_operator.objects.manifests.jobs import prepare_job
from pdfjob_operator.objects.volume_claim import VolumeClaim, mounted_claims


def parse(spec: dict[str, Any], status: dict[str, Any], **meta: Any) -> VolumeClaim:
    return VolumeClaim.parse({"metadata": {"name": "books", "uid": "u", **meta}, "spec": spec, "status": status})


def test_a_bound_claim_has_the_access_modes_of_its_volume() -> None:
    claim = parse({"accessModes": ["ReadWriteOnce"]}, {"phase": "Bound", "accessModes": ["ReadWriteMany"]})

    assert (claim.bound, claim.allows_several_nodes(read_only=False)) == (True, True)


def test_a_claim_without_a_volume_has_those_that_it_asks_for() -> None:
    claim = parse({"accessModes": ["ReadWriteMany"]}, {"phase": "Pending"})

    assert (claim.bound, claim.allows_several_nodes(read_only=False)) == (False, True)


@pytest.mark.parametrize(
    ("mode", "reads", "writes"),
    [
        ("ReadWriteMany", True, True),
        ("ReadOnlyMany", True, False),
        ("ReadWriteOnce", False, False),
        ("ReadWriteOncePod", False, False),
    ],
)
def test_access_modes_say_whether_several_nodes_can_mount_a_claim(mode: str, *, reads: bool, writes: bool) -> None:
    claim = parse({"accessModes": [mode]}, {})

    assert claim.allows_several_nodes(read_only=True) is reads
    assert claim.allows_several_nodes(read_only=False) is writes
    assert claim.allows_one_pod_only is (mode == "ReadWriteOncePod")


def test_a_claim_has_an_owner_if_kubernetes_deletes_it_with_another_object() -> None:
    assert parse({}, {}, ownerReferences=[{"controller": True, "uid": "pod"}]).has_owner
    assert not parse({}, {}, ownerReferences=[{"uid": "pod"}]).has_owner
    assert not parse({}, {}).has_owner


def test_the_claims_of_a_pod_are_those_of_its_volumes() -> None:
    elsewhere = make_pdfjob(source={"volume": {"claimName": "library", "path": "a.pdf"}})
    template = prepare_job(elsewhere, SETTINGS, seconds=60)["spec"]["template"]

    assert mounted_claims(template) == [("pdfjob-workspace", False), ("library", True)]
    assert mounted_claims({"metadata": {}}) == []
