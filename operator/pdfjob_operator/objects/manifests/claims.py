"""The claim of a single PdfJob as a manifest. Pure.

Knows nothing of limits; whether a PdfJob gets such a claim is the planner's decision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pdfjob_operator.objects.labels import ANNOTATION_JOB, LABEL_UID
from pdfjob_operator.objects.names import own_claim_name, owner_reference


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.kubernetes import Manifest
    from pdfjob_operator.objects.pdfjob import PdfJob


def own_claim(pdfjob: PdfJob, settings: Settings) -> Manifest:
    """Build the claim for the workspace of a single PdfJob, which Kubernetes deletes together with the PdfJob.

    Args:
        pdfjob: The PdfJob. What its `spec.storage` leaves open comes from the configuration.
        settings: The operator's configuration.
    """
    storage_class = pdfjob.storage.storage_class or settings.workspace_storage_class
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": own_claim_name(pdfjob.raw),
            "namespace": pdfjob.key.namespace,
            "labels": {
                **settings.pod_labels,
                "app.kubernetes.io/name": "pdfjob",
                "app.kubernetes.io/component": "workspace",
                "app.kubernetes.io/managed-by": "pdfjob-operator",
                LABEL_UID: pdfjob.uid,
            },
            "annotations": {ANNOTATION_JOB: pdfjob.key.name},
            "ownerReferences": [owner_reference(pdfjob)],
        },
        "spec": {
            "accessModes": [pdfjob.storage.access_mode or settings.workspace_access_mode],
            "resources": {"requests": {"storage": pdfjob.storage.size or settings.workspace_size}},
            # Without a name, the cluster's default class is used; an empty name would ask for none.
            **({"storageClassName": storage_class} if storage_class else {}),
        },
    }
