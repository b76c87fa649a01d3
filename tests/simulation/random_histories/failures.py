"""What fails: operators, writes, watches and reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulation.random_histories.action import Action
from simulation.simulator.faults.call import Answer, Break, Call, Effect
from simulation.simulator.faults.faults import SpoiltWatch, StaleReads
from simulation.simulator.faults.matches import both, calls, during
from simulation.simulator.kinds import JOBS, PDFJOBS, PODS


if TYPE_CHECKING:
    from simulation.random_histories.player import Player


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
