from dataclasses import replace

from builders import SETTINGS, make_pdfjob
from pdfjob_operator.objects.kubernetes import is_controlled_by
from pdfjob_operator.objects.manifests.claims import own_claim


def test_a_claim_of_its_own_is_deleted_with_its_pdfjob() -> None:
    pdfjob = make_pdfjob(storage={"size": "5Gi"})

    claim = own_claim(pdfjob, SETTINGS)

    assert is_controlled_by(claim, pdfjob.uid)
    assert claim["metadata"]["namespace"] == pdfjob.key.namespace
    assert claim["metadata"]["labels"]["pdfjob.dev/uid"] == pdfjob.uid


def test_a_pdfjob_can_choose_size_class_and_access_mode() -> None:
    storage = {"size": "5Gi", "storageClassName": "nfs", "accessMode": "ReadWriteMany"}

    assert own_claim(make_pdfjob(storage=storage), SETTINGS)["spec"] == {
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": "5Gi"}},
        "storageClassName": "nfs",
    }


def test_what_it_leaves_open_comes_from_the_configuration() -> None:
    settings = replace(
        SETTINGS, workspace_size="7Gi", workspace_storage_class="fast", workspace_access_mode="ReadWriteMany"
    )

    assert own_claim(make_pdfjob(), settings)["spec"] == {
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": "7Gi"}},
        "storageClassName": "fast",
    }


def test_without_a_class_the_default_class_of_the_cluster_is_used() -> None:
    assert own_claim(make_pdfjob(), SETTINGS)["spec"].keys() == {"accessModes", "resources"}
