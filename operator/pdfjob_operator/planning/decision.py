"""The planner's output: the state of a PdfJob, and what to do about it. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chunk_runner.contract.report import Failure
from pdfjob_operator.objects.kubernetes import Manifest
from pdfjob_operator.objects.phases import TERMINAL_PHASES, Phase
from pdfjob_operator.planning.progress import Progress


@dataclass(frozen=True)
class JobState:
    """The state of a PdfJob, from which its status is rendered.

    Attributes:
        phase: Its phase.
        reason: One CamelCase word for programs: the phase, a `Reason` or an `OperatorReason`.
        message: One sentence for people.
        progress: Its progress.
        warning: True if something keeps it from making progress.
    """

    phase: Phase
    reason: str
    message: str
    progress: Progress = field(default_factory=Progress)
    warning: bool = False

    @property
    def is_terminal(self) -> bool:
        """True if the PdfJob has finished."""
        return self.phase in TERMINAL_PHASES

    def blocked(self, diagnosis: Failure) -> JobState:
        """Return the state in the same phase, with the reason why it makes no progress."""
        return replace(self, reason=diagnosis.reason, message=diagnosis.message, warning=True)


def in_phase(phase: Phase, message: str, progress: Progress | None = None) -> JobState:
    """Return the state of a PdfJob in a phase in which nothing out of the ordinary happens: its reason is its phase."""
    return JobState(phase, phase.value, message, progress or Progress())


@dataclass(frozen=True)
class Decision:
    """The outcome of planning: one reconciliation carries it out and reports it.

    Attributes:
        state: State of the PdfJob; `None` if its status stays what it is, because it has finished or is being restored.
        claim: Name of the claim of the workspace, if it is chosen now.
        create_claim: Claim to create before the Jobs; `None` for none.
        create: Jobs to create.
        delete: Names of Jobs to delete: their stages run again, or nobody waits for them any more.
        patch: Changes to Jobs by name, as merge patches.
        new_round: Number of the round that begins now; `None` for none.
        delete_pdfjob: True to delete the PdfJob.
        requeue_after: Seconds after which to reconcile again; `None` to wait for an event.
    """

    state: JobState | None
    claim: str | None = None
    create_claim: Manifest | None = None
    create: tuple[Manifest, ...] = ()
    delete: tuple[str, ...] = ()
    patch: Mapping[str, Manifest] = field(default_factory=dict)
    new_round: int | None = None
    delete_pdfjob: bool = False
    requeue_after: float | None = None
