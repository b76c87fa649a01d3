"""The stages, phases and conditions of a PdfJob."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """The stages of a PdfJob, each of which is a Kubernetes Job, and the Job that may come before the last one."""

    PREPARE = "prepare"
    CHUNKS = "chunks"
    MERGE = "merge"
    EARLY_MERGE = "early-merge"
    """Merges as soon as the last result is there. Only its success counts: whatever else happens, `MERGE` follows."""


REPORTING_STAGES = (Stage.PREPARE, Stage.MERGE, Stage.EARLY_MERGE)
"""The stages whose pods report to the operator, and are watched."""


class Phase(StrEnum):
    """The values of `status.phase`."""

    PENDING = "Pending"
    PREPARING = "Preparing"
    PROCESSING = "Processing"
    MERGING = "Merging"
    SUSPENDED = "Suspended"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


PHASES_IN_ORDER = (Phase.PENDING, Phase.PREPARING, Phase.PROCESSING, Phase.MERGING)
"""The phases through which a PdfJob goes; it never goes back within a round."""

TERMINAL_PHASES = frozenset({Phase.SUCCEEDED, Phase.FAILED})
"""The phases of a finished PdfJob."""


class Condition(StrEnum):
    """The types of `status.conditions`, in the order in which the status lists them."""

    COMPLETE = "Complete"
    FAILED = "Failed"
    SUSPENDED = "Suspended"
    PARTIAL = "Partial"
    """The PdfJob completed, but pages are missing from the output."""
    FINISHED = "Finished"
    """The PdfJob completed or failed."""
    RECONCILING = "Reconciling"
    """The PdfJob has not finished (kstatus)."""
    STALLED = "Stalled"
    """The PdfJob failed (kstatus)."""
