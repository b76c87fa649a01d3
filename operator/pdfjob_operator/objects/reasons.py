"""The reasons that the operator itself gives in conditions and Events.

Beside these, a reason is one that a pod reports (`chunk_runner.contract.reasons`), or the phase itself while nothing
out of the ordinary happens. docs/troubleshooting.md explains every one of them.
"""

from __future__ import annotations

from enum import StrEnum


class OperatorReason(StrEnum):
    """Reasons that only the operator gives; the other reasons come from the chunk runner."""

    ALL_PAGES_PROCESSED = "AllPagesProcessed"
    PAGES_MISSING = "PagesMissing"
    """The PdfJob completed, but pages are missing from the output."""

    POD_NOT_ALLOWED = "PodNotAllowed"
    """`spec.pod` asks for more than the operator's configuration allows."""

    QUEUED = "Queued"
    """Kueue has not admitted a Job yet."""
    NAMESPACE_LIMIT_REACHED = "NamespaceLimitReached"
    """As many PdfJobs of the namespace are worked on as the administrator allows, so this one waits."""
    WORKERS_LIMITED = "WorkersLimited"
    """The PdfJob asks for more workers than the administrator allows, and runs with as many as that."""
    JOB_SUSPENDED = "JobSuspended"
    """Somebody else has suspended a Job of the PdfJob."""
    NAMESPACE_TERMINATING = "NamespaceTerminating"
    JOB_REFUSED = "JobRefused"
    """The API server refuses to create a Job."""
    CLAIM_REFUSED = "ClaimRefused"
    """The API server refuses to create the claim of a PdfJob."""
    STORAGE_REFUSED = "StorageRefused"
    """The administrator allows no such claim, or the PdfJob cannot work on it."""
    POD_REFUSED = "PodRefused"
    """The API server refuses to create the pods of a Job."""

    UNSCHEDULABLE = "Unschedulable"
    CLAIM_NOT_FOUND = "ClaimNotFound"
    CLAIM_NOT_BOUND = "ClaimNotBound"
    VOLUME_UNAVAILABLE = "VolumeUnavailable"
    """A volume cannot be attached or mounted."""
    SECRET_NOT_FOUND = "SecretNotFound"
    """A Secret, or a key in it, does not exist."""
    IMAGE_UNAVAILABLE = "ImageUnavailable"
    CONTAINER_NOT_STARTED = "ContainerNotStarted"
    POD_NOT_STARTED = "PodNotStarted"
    """The node cannot create the pod's sandbox."""
    POD_NOT_ENDING = "PodNotEnding"
    """Another container keeps a pod running whose work is done."""


LIMITS = frozenset({OperatorReason.QUEUED, OperatorReason.NAMESPACE_LIMIT_REACHED, OperatorReason.WORKERS_LIMITED})
"""The reasons of a PdfJob that is not stuck, but makes less progress than it could, because somebody limits it."""
