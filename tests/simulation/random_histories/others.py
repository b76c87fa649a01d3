"""What other people and controllers do to the Jobs and pods of a PdfJob."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulation.random_histories.action import Action
from simulation.simulator.controllers.job_status import has_ended
from simulation.simulator.controllers.kueue import LABEL_QUEUE
from simulation.simulator.faults.call import Answer, Call
from simulation.simulator.journal import DELETE, RefusedError
from simulation.simulator.kinds import JOBS, PODS, Manifest, Ref


if TYPE_CHECKING:
    from simulation.random_histories.player import Player


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
class ResumeJobs(Action):
    """Somebody other than the owner or the operator resumes the suspended Jobs of the PdfJob that are in no queue."""

    def act(self, player: Player, book: int, call: Call | None) -> Answer | None:
        for ref, raw in _owned(player, book, JOBS):
            if raw["spec"].get("suspend") and not has_ended(raw) and LABEL_QUEUE not in raw["metadata"]["labels"]:
                player.sim.store.patch(ref, {"spec": {"suspend": False}})
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


def _owned(player: Player, book: int, kind: Any) -> list[tuple[Ref, Manifest]]:
    """Return the objects of a kind that the PdfJob owns."""
    raw = player.found(book)
    children = [] if raw is None else player.sim.store.children(raw["metadata"]["uid"])
    mine = [it for it in children if it["kind"] == kind.name]
    return [(Ref(kind, it["metadata"]["namespace"], it["metadata"]["name"]), it) for it in mine]


def _stage(job: Manifest) -> str:
    return str(job["metadata"].get("labels", {}).get("pdfjob.dev/stage", ""))
