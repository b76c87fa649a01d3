"""The names of everything that belongs to a PdfJob (Jobs, selectors, the workspace), and what a name may be. Pure.

Names are deterministic, so that no Job can be created twice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chunk_runner.contract import environment
from pdfjob_operator.objects.labels import API_VERSION, KIND, LABEL_STAGE, LABEL_UID
from pdfjob_operator.objects.phases import Stage


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.pdfjob import PdfJob


CONTAINER = "runner"
"""Name of the chunk runner's container. A pod may have others, which a service mesh or an admission webhook adds."""

_OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
"""A DNS subdomain (RFC 1123)."""

_MAX_OBJECT_NAME = 253
"""Maximum length of the name of an object."""


def is_object_name(text: str) -> bool:
    """Return whether an object may have this name, so that it can be part of a path of the API."""
    return len(text) <= _MAX_OBJECT_NAME and _OBJECT_NAME.fullmatch(text) is not None


def name_prefix(pdfjob: PdfJob) -> str:
    """Return the prefix of the names of all Jobs of a PdfJob.

    At most 31 characters, because names of the pods of Indexed Jobs end at 63. It contains a hash of the uid, because
    a PdfJob of the same name may have existed before.
    """
    return _prefix(pdfjob.key.name, pdfjob.uid)


def stage_job_name(pdfjob: PdfJob, stage: Stage, round_: int, doublings: int) -> str:
    """Return the name of a stage's Job in a round, after its memory limit was doubled so many times.

    At most 51 characters.
    """
    suffix = (f"-r{round_}" if round_ else "") + (f"-m{doublings}" if doublings else "")
    return f"{name_prefix(pdfjob)}-{stage}{suffix}"


def chunk_pod_selector(pdfjob: PdfJob) -> str:
    """Return the label selector of the chunk pods."""
    return f"{LABEL_UID}={pdfjob.uid},{LABEL_STAGE}={Stage.CHUNKS}"


def owner_reference(pdfjob: PdfJob) -> dict[str, Any]:
    """Return the reference that makes a PdfJob an object's controller, so that the object is deleted with it."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": pdfjob.key.name,
        "uid": pdfjob.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def workspace_folder(pdfjob: PdfJob) -> str:
    """Return the path of the workspace, relative to the root of its volume."""
    return f"{environment.WORKSPACES}/{pdfjob.key.namespace}/{pdfjob.uid}"


def workspace_claim(pdfjob: PdfJob, settings: Settings) -> str:
    """Return the name of the PersistentVolumeClaim that holds the workspace."""
    return shared_claim(pdfjob.raw, settings) or own_claim_name(pdfjob.raw)


def shared_claim(raw: Mapping[str, Any], settings: Settings) -> str | None:
    """Return the name of the claim that holds the workspace of a plain PdfJob; `None` if it has a claim of its own.

    Of the claim in a status, only one thing counts: whether it is the PdfJob's own. Otherwise, whoever may write
    statuses could have any claim mounted.
    """
    storage = raw.get("spec", {}).get("storage")
    if storage is not None:
        name: str | None = storage.get("claimName")
        return name
    recorded = raw.get("status", {}).get("output", {}).get("claimName")
    return None if recorded == own_claim_name(raw) else settings.workspace_claim


def own_claim_name(raw: Mapping[str, Any]) -> str:
    """Return the name of the claim that a plain PdfJob has, or would have, for itself. At most 41 characters."""
    return f"{_prefix(raw['metadata']['name'], raw['metadata']['uid'])}-workspace"


def _prefix(name: str, uid: str) -> str:
    readable = re.sub(r"[^a-z0-9]+", "-", name)[:22].strip("-")
    return f"{readable}-{hashlib.sha256(uid.encode()).hexdigest()[:8]}"
