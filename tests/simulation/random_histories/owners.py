"""What the owner of a PdfJob does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulation.random_histories.action import Action
from simulation.simulator.faults.call import Answer, Call
from simulation.simulator.kinds import PDFJOBS, Ref


if TYPE_CHECKING:
    from simulation.random_histories.player import Player


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
