"""What may happen to a PdfJob: one thing, at once.

An action knows nothing of when it happens, or of what must follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulation.simulator.faults.call import Answer, Call


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
