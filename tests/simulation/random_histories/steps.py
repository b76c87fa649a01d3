"""What may happen to a PdfJob: what its owner does, what others do to its Jobs, and what fails at a write.

Each action knows how to do one thing, at once. Knows nothing of when it happens, or of what must follow.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulation.simulator.controllers import has_ended
from simulation.simulator.faults import Answer, Break, Call, Effect, SpoiltWatch, StaleReads, both, calls, during
from simulation.simulator.kinds import JOBS, PDFJOBS, PODS, Manifest, Ref
from simulation.simulator.store import DELETE, RefusedError


if TYPE_CHECKING:
    from simulation.random_histories.player import Player


class Action:
    """Something that happens."""

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        """Let it happen.

        Args:
            player: Plays the history.
            book: To which PdfJob, by its number.
            call: The write at which it happens; `None` if it happens between two.

        Returns:
            The answer to that write; `None` to let it be answered.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Nothing(Action):
    """Nothing happens: time passes."""

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        return None


@dataclass(frozen=True)
class Suspend(Action):
    """The owner suspends the PdfJob, or resumes it."""

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        if (raw := player.found(book)) is not None:
            player.change(book, suspend=not raw["spec"].get("suspend", False))
        return None


@dataclass(frozen=True)
class Scale(Action):
    """The owner asks for another number of workers."""

    workers: int

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        player.change(book, workers=self.workers)
        return None


@dataclass(frozen=True)
class Retry(Action):
    """The owner asks for one more round."""

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        if (raw := player.found(book)) is not None:
            player.change(book, retryFailed=raw["spec"].get("retryFailed", 0) + 1)
        return None


@dataclass(frozen=True)
class TimeToLive(Action):
    """The owner sets the time to live, or takes it back."""

    seconds: int | None

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        player.change(book, ttlSecondsAfterFinished=self.seconds)
        return None


@dataclass(frozen=True)
class Annotate(Action):
    """The owner changes something that has no effect."""

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        if (raw := player.found(book)) is not None:
            number = int(raw["metadata"].get("annotations", {}).get("edits", 0)) + 1
            ref = Ref(PDFJOBS, raw["metadata"]["namespace"], raw["metadata"]["name"])
            player.sim.store.patch(ref, {"metadata": {"annotations": {"edits": str(number)}}})
        return None


@dataclass(frozen=True)
class Delete(Action):
    """The owner deletes the PdfJob, or creates it once more."""

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        raw = player.found(book)
        if raw is None:
            player.apply(book)
        else:
            player.sim.delete(raw["metadata"]["name"], raw["metadata"]["namespace"])
        return None


@dataclass(frozen=True)
class DeleteJobs(Action):
    """Somebody deletes Jobs of the PdfJob.

    Attributes:
        stages: Of these stages.
    """

    stages: tuple[str, ...]

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        for ref, raw in _owned(player, book, JOBS):
            if _stage(raw) in self.stages:
                player.sim.store.delete(ref, DELETE)
        return None


@dataclass(frozen=True)
class DeletePods(Action):
    """Somebody deletes the pods of the PdfJob that have ended."""

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        for job, _ in _owned(player, book, JOBS):
            for pod in player.sim.store.children(player.sim.store.get(job)["metadata"]["uid"]):
                if pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
                    player.sim.store.delete(Ref(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"]), DELETE)
        return None


@dataclass(frozen=True)
class SuspendJobs(Action):
    """Somebody other than the owner or the operator suspends the unfinished Jobs of the PdfJob."""

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        for ref, raw in _owned(player, book, JOBS):
            if not has_ended(raw):
                player.sim.store.patch(ref, {"spec": {"suspend": True}})
        return None


@dataclass(frozen=True)
class TakeName(Action):
    """Somebody takes the name of the next Job of the PdfJob, until the history is over."""

    stage: str

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        raw = player.found(book)
        if raw is None:
            return None
        labels = {"pdfjob.dev/uid": raw["metadata"]["uid"], "pdfjob.dev/round": "0", "pdfjob.dev/memory-doublings": "0"}
        manifest: Manifest = {
            "metadata": {"labels": {**labels, "pdfjob.dev/stage": self.stage, "foreign": "true"}},
            "spec": {"suspend": True, "template": {"metadata": {}, "spec": {"containers": [{"name": "x", "env": []}]}}},
        }
        with suppress(RefusedError):  # it is taken already
            player.sim.store.create(Ref(JOBS, raw["metadata"]["namespace"], player.job_name(raw, self.stage)), manifest)
        return None


@dataclass(frozen=True)
class Admit(Action):
    """Kueue admits Jobs after so many seconds from now on.

    Attributes:
        seconds: `None` for never.
    """

    seconds: float | None

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        player.sim.kueue.wait = self.seconds
        return None


@dataclass(frozen=True)
class Evict(Action):
    """Kueue takes back what it admitted."""

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        player.sim.kueue.evict()
        return None


@dataclass(frozen=True)
class Kill(Action):
    """The operator is killed: at a write, the one that writes."""

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        operators = player.sim.operators
        writer = (it for it in operators if call is not None and call.client.startswith(f"{it.name}-"))
        next(writer, operators[book % len(operators)]).crash()
        return None if call is None else Break.RESET


@dataclass(frozen=True)
class Spoil(Action):
    """The write fails, or its answer is lost; or so is the next one's.

    Attributes:
        answer: What the operator gets for an answer.
    """

    answer: Answer

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        if call is None:
            player.spoil(self.answer)
        return self.answer


@dataclass(frozen=True)
class LoseEvents(Action):
    """The next events on watches are lost.

    Attributes:
        number: How many.
        plural: Of which kind; empty for all.
    """

    number: int
    plural: str = ""

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        watches = calls("watch", plural=self.plural)
        player.sim.faults.add(SpoiltWatch(watches, Effect.DROP, frozenset(range(self.number))))
        return None


@dataclass(frozen=True)
class ReadThePast(Action):
    """Reads are answered from the past for a while.

    Attributes:
        behind: By so many revisions.
        seconds: For so long.
    """

    behind: int
    seconds: float

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        reads = both(_reads, during(0, self.seconds))
        player.sim.faults.add(StaleReads(reads, behind=self.behind))
        return None


def _reads(call: Call) -> bool:
    """Reads of anything but namespaces and Leases, of which older ones would be a lie."""
    return call.verb in ("get", "list") and call.ref.kind in (PDFJOBS, JOBS, PODS)


def _owned(player: Player, book: int, kind: Any) -> list[tuple[Ref, Manifest]]:
    """Return the objects of a kind that the PdfJob owns."""
    raw = player.found(book)
    children = [] if raw is None else player.sim.store.children(raw["metadata"]["uid"])
    mine = [it for it in children if it["kind"] == kind.name]
    return [(Ref(kind, it["metadata"]["namespace"], it["metadata"]["name"]), it) for it in mine]


def _stage(job: Manifest) -> str:
    return str(job["metadata"].get("labels", {}).get("pdfjob.dev/stage", ""))
