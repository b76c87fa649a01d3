"""What the planner decides: the state of a PdfJob, and what to do about it. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chunk_runner.contract.report import Merged
from pdfjob_operator.objects.kubernetes import Manifest
from pdfjob_operator.objects.phases import TERMINAL_PHASES


@dataclass(frozen=True)
class Progress:
    """What is known of a job's work.

    Attributes:
        pages: Of the source, once known.
        total: Chunks, once known.
        active: Chunks whose pods are there.
        succeeded: Chunks with a result.
        failed: Chunks that failed for good.
        merged: What merge reported.
        warnings: What prepare found odd about the source; empty where its report is gone.
        pages_done: Pages that pods say are done; `None` where nobody knows.
    """

    pages: int | None = None
    total: int | None = None
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    merged: Merged | None = None
    warnings: tuple[str, ...] = ()
    pages_done: int | None = None

    @property
    def has_gaps(self) -> bool:
        """Whether pages are missing from what was merged."""
        return self.merged is not None and bool(self.merged.failed or self.merged.failed_pages)


@dataclass(frozen=True)
class JobState:
    """Where a job is, as one pass sees it.

    Attributes:
        phase: One of the phases of the CRD.
        reason: One word for programs.
        message: One sentence for people.
        facts: What is known of its work.
        warning: People should know at once.
    """

    phase: str
    reason: str
    message: str
    facts: Progress = Progress()
    warning: bool = False

    def troubled(self, reason: str, message: str) -> JobState:
        """The same phase, held up by something."""
        return replace(self, reason=reason, message=message, warning=True)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.phase in TERMINAL_PHASES


@dataclass(frozen=True)
class Decision:
    """What one pass decides.

    Attributes:
        situation: Where the job is.
        create: Jobs to make.
        delete: Names of Jobs to delete; their stage runs again.
        patch: What to change in the spec of Jobs, by name.
    """

    situation: JobState
    create: tuple[Manifest, ...] = ()
    delete: tuple[str, ...] = ()
    patch: Mapping[str, Manifest] = field(default_factory=dict)


@dataclass(frozen=True)
class Afterwards:
    """What a job that has ended still needs.

    Attributes:
        retry: Its failed chunks are to be run again.
        delete_in: Seconds until it is to be deleted, 0 for now; `None` for never.
    """

    retry: bool
    delete_in: float | None
