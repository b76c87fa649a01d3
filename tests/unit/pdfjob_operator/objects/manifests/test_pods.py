from dataclasses import replace

import pytest

from builders import SETTINGS, make_pdfjob
from pdfjob_operator.objects.kubernetes import Manifest
from pdfjob_operator.objects.manifests.jobs import chunks_job, merge_job, prepare_job


ALL = [
    prepare_job(make_pdfjob(), SETTINGS, seconds=60),
    chunks_job(make_pdfjob(), SETTINGS, total=4, pages=120, seconds=60),
    merge_job(make_pdfjob(), SETTINGS, unfinished=None, seconds=60),
]


ids = ["prepare", "chunks", "merge"]


@pytest.mark.parametrize("manifest", ALL, ids=ids)
def test_every_pod_meets_the_restricted_standard_and_has_no_token(manifest: Manifest) -> None:
    pod = manifest["spec"]["template"]["spec"]
    container = pod["containers"][0]["securityContext"]

    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["allowPrivilegeEscalation"] is False
    assert container["capabilities"] == {"drop": ["ALL"]}
    assert container["readOnlyRootFilesystem"] is True


def test_configured_labels_reach_jobs_and_pods_but_override_none() -> None:
    labels = {"team": "books", "app.kubernetes.io/name": "other", "pdfjob.dev/stage": "other"}
    manifest = prepare_job(make_pdfjob(), replace(SETTINGS, pod_labels=labels), seconds=60)

    for metadata in (manifest["metadata"], manifest["spec"]["template"]["metadata"]):
        assert (
            metadata["labels"]
            | {
                "team": "books",
                "app.kubernetes.io/name": "pdfjob",
                "pdfjob.dev/stage": "prepare",
            }
            == metadata["labels"]
        )
